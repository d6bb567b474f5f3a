"""How cartoon people look, and how one is drawn."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .cartoon_canvas import Canvas

Pair = tuple[float, float]

# Colours lie anywhere between these: of a few fixed ones, the model learns to paint the nearest.
# skin and its shade (cheeks, nose, neck)
SKINS = (
    ("#f3c9a5", "#eea58e"),
    ("#f7dcc4", "#f0b3a2"),
    ("#e0ac7e", "#cf8a62"),
    ("#b97f56", "#a6623f"),
    ("#8d5a3b", "#7a4529"),
)
HAIRS = ("#6b3a2a", "#2b2328", "#a8642f", "#d9b25f", "#8a8f98", "#3c2f5c")
IRISES = ("#4b7a5a", "#4a2f22", "#3f6fa0", "#6a6a6a")
COLLARS = ("#f6efe6", "#f2e3b3")
WHITE, DARK, MOUTH = "#ffffff", "#2f2a33", "#7c1f2b"

# Mouth of a face with half width 1: offset below the centre, and half axes.
MOUTH_BELOW = 0.62
MOUTH_ACROSS = 0.42
CLOSED, WIDEST = 0.06, 0.40


@dataclass(frozen=True)
class Look:
    """Colours as #rrggbb, and the length of the hair."""

    skin: str
    shade: str
    hair: str
    shirt: str
    collar: str
    iris: str
    long_hair: bool


def random_look(generator: torch.Generator) -> Look:
    """A random combination of colours and hair."""
    skin, shade = random_blend(SKINS, generator)
    hair, collar, iris = (
        random_blend([(code,) for code in codes], generator)[0] for codes in (HAIRS, COLLARS, IRISES)
    )
    long_hair = float(torch.rand((), generator=generator)) < 0.5
    return Look(skin, shade, hair, random_shirt(generator), collar, iris, long_hair)


def random_shirt(generator: torch.Generator) -> str:
    """Any hue, neither pale nor dark."""
    hue, saturation, value = torch.rand(3, generator=generator).tolist()
    return code_of(torch.tensor(colorsys.hsv_to_rgb(hue, 0.3 + 0.4 * saturation, 0.4 + 0.55 * value)))


def random_blend(options: Sequence[tuple[str, ...]], generator: torch.Generator) -> tuple[str, ...]:
    """Colours between those of two random options."""
    one, other = torch.randint(len(options), (2,), generator=generator).tolist()
    share = float(torch.rand((), generator=generator))
    pairs = zip(options[one], options[other], strict=True)
    return tuple(code_of(torch.lerp(colour(first), colour(second), share)) for first, second in pairs)


def colour(code: str) -> Tensor:
    """#rrggbb to [3] in 0..1."""
    return torch.tensor([int(code[start : start + 2], 16) / 255 for start in (1, 3, 5)])


def code_of(rgb: Tensor) -> str:
    """[3] in 0..1 to #rrggbb."""
    return "#" + "".join(f"{round(level * 255):02x}" for level in rgb.tolist())


def draw_person(
    canvas: Canvas,
    look: Look,
    *,
    x: Tensor,
    body: Tensor,
    head: Tensor,
    size: float,
    shirt: Tensor,
    openness: Tensor,
) -> None:
    """Draw head and shoulders.

    Parameters
    ----------
    canvas : Canvas
    look : Look
    x, head : Tensor [frames]
        Centre of the face.
    body : Tensor [frames]
        Height of the body; equals `head` while the head is upright.
    size : float
        Half width of the face.
    shirt : Tensor [frames, 3]
        Colour of the shirt.
    openness : Tensor [frames]
        Openness of the mouth, in 0..1.
    """

    # Offsets from the face's centre and half axes, in half widths of the face.
    def ellipse(offset: Pair, axes: tuple[float, float | Tensor], code: str, *, y: Tensor = head) -> None:
        place = x + offset[0] * size, y + offset[1] * size
        canvas.paint(canvas.ellipse(*place, across=axes[0] * size, down=axes[1] * size), colour(code))

    def box(offset: Pair, sides: Pair, paint: Tensor, *, corner: float = 0.0, y: Tensor = head) -> None:
        place = x + offset[0] * size, y + offset[1] * size
        coverage = canvas.box(*place, across=sides[0] * size, down=sides[1] * size, corner=corner * size)
        canvas.paint(coverage, paint)

    if look.long_hair:
        ellipse((0, -0.16), (1.23, 1.31), look.hair)
        box((0, 0.7), (1.23, 0.88), colour(look.hair), corner=0.45)
    else:
        ellipse((0, -0.42), (1.1, 1.12), look.hair)
    box((0, 3.6), (1.55, 2.01), shirt, corner=0.9, y=body)
    ellipse((0, 1.7), (0.59, 0.4), look.collar, y=body)
    box((0, 1.33), (0.36, 0.37), colour(look.shade), y=body)
    ellipse((0, 1.7), (0.36, 0.19), look.shade, y=body)
    for side in (-1, 1):
        ellipse((side, 0.08), (0.17, 0.25), look.skin)
    canvas.paint(canvas.ellipse(x, head, across=size, down=1.2 * size), colour(look.skin))
    fringe = canvas.ellipse(x, head, across=1.04 * size, down=1.24 * size) * canvas.above(head - 0.55 * size)
    canvas.paint(fringe, colour(look.hair))
    for side in (-1, 1):
        ellipse((0.39 * side, -0.08), (0.22, 0.25), WHITE)
        ellipse((0.39 * side, -0.05), (0.13, 0.16), look.iris)
        ellipse((0.39 * side, -0.05), (0.075, 0.09), DARK)
        box((0.39 * side, -0.42), (0.22, 0.045), colour(look.hair), corner=0.045)
        ellipse((0.66 * side, 0.34), (0.15, 0.1), look.shade)
    ellipse((0, 0.22), (0.1, 0.06), look.shade)
    ellipse((0, MOUTH_BELOW), (MOUTH_ACROSS, CLOSED + (WIDEST - CLOSED) * openness), MOUTH)
