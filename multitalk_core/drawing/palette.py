"""One colour per speaker, the same in all drawings."""

Colour = tuple[int, int, int]  # red, green, blue in 0..255

# Okabe and Ito (2008), "Color Universal Design": distinct for colour-blind viewers; highest contrast first.
SPEAKERS: tuple[Colour, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (240, 228, 66),
    (213, 94, 0),
    (0, 114, 178),
)
DARKER = 0.6  # for each repetition of the seven

BACKGROUND: Colour = (92, 92, 92)  # to some viewers a middle grey looks like bluish green
CANVAS: Colour = (24, 26, 31)
LANE: Colour = (36, 39, 46)
LINE: Colour = (66, 71, 82)
TEXT: Colour = (222, 225, 230)
FAINT_TEXT: Colour = (146, 152, 163)


def speaker_colour(index: int) -> Colour:
    """Colour of a speaker, counted from 0, as red, green and blue in 0..255."""
    turn, place = divmod(index, len(SPEAKERS))
    red, green, blue = (round(level * DARKER**turn) for level in SPEAKERS[place])
    return red, green, blue


def class_names(persons: int) -> list[str]:
    """Names of the persons, counted from 1, and of the background last."""
    return [*(f"person {number}" for number in range(1, persons + 1)), "background"]


def class_colours(persons: int) -> list[Colour]:
    """Colours of the persons, and of the background last."""
    return [*(speaker_colour(index) for index in range(persons)), BACKGROUND]
