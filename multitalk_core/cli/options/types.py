"""Types of arguments: numbers in a range, sizes, colours, boxes, placed voices, retakes and prompts."""

from argparse import ArgumentTypeError
from collections.abc import Callable

from ...errors import quoted
from ...film.retakes import Retake, parse_retake
from ...film.spec import ClipOverride
from ...limits import LONGEST_TEXT, MOST_SPEAKERS, SEED, SIZE, VOICE_START, Limit
from ...media.picture import check_colour, check_size
from ...method.wan import check_frames
from ...persons.box import Box
from .limited_number import within
from .paths import with_reason
from .voice_file import VoiceFile, voice_file

LISTENER = "none"
SPEAKERS = Limit(1, MOST_SPEAKERS)
BOX_EDGE = Limit(-1e6, 1e6)


def frame_count(limit: Limit) -> Callable[[str], int]:
    """The type of a number of frames, 4n + 1."""

    def frames(text: str) -> int:
        count = int(within(limit)(text))
        with_reason(check_frames, count)
        return count

    return frames


def text(argument: str) -> str:
    """A prompt or a name: valid Unicode, and not too long."""
    if len(argument) > LONGEST_TEXT:
        raise ArgumentTypeError(
            f"a text of {len(argument)} characters is too long: use at most {LONGEST_TEXT}"
        )
    if any("\ud800" <= character <= "\udfff" for character in argument):
        raise ArgumentTypeError(f"{quoted(argument)} is not valid UTF-8: type it again")
    return argument


def colour(text: str) -> str:
    """A colour by its name or as #rrggbb."""
    with_reason(check_colour, text)
    return text


def size(text: str) -> tuple[int, int]:
    """Parse WIDTHxHEIGHT in pixels to (height, width)."""
    sides = text.lower().replace("×", "x").split("x")
    if len(sides) != 2 or not all(side.isascii() and side.isdigit() for side in sides):
        raise ArgumentTypeError(f"{quoted(text)} is not a size: write width and height as in 832x448")
    width, height = (int(within(SIZE)(side)) for side in sides)
    with_reason(check_size, height, width)
    return height, width


def size_or_picture(text: str) -> tuple[int, int]:
    """As `size`; (0, 0) is as the picture."""
    return (0, 0) if text.lower().replace("×", "x") == "0x0" else size(text)


def box(text: str) -> Box:
    """Parse left,top,right,bottom in pixels of the picture."""
    try:
        return Box(*(within(BOX_EDGE)(edge) for edge in text.split(",")))
    except (TypeError, ArgumentTypeError) as error:
        raise ArgumentTypeError(
            f"{quoted(text)} is not a box: write left,top,right,bottom in pixels"
        ) from error


def box_text(box: Box) -> str:
    """A box as `--boxes` takes it."""
    return ",".join(f"{edge:g}" for edge in (box.left, box.top, box.right, box.bottom))


def voice(text: str) -> VoiceFile | None:
    """FILE or FILE:CHANNEL, or None for a listener."""
    return None if text == LISTENER else voice_file(text)


def place(text: str) -> tuple[int, float, VoiceFile | None]:
    """Parse SPEAKER:SECONDS:FILE to (speaker from 0, seconds, file)."""
    parts = text.split(":", 2)
    if len(parts) != 3:
        raise ArgumentTypeError(
            f"{quoted(text)} is not a placed voice: write SPEAKER:SECONDS:FILE as in 1:0.5:a.wav"
        )
    speaker, seconds, file = parts
    return int(within(SPEAKERS)(speaker)) - 1, within(VOICE_START)(seconds), voice(file)


def retake(argument: str) -> Retake:
    """Parse CLIP, CLIP:SEED, or the same with a person as in "3 person 2:42"."""
    place, colon, seed = argument.partition(":")
    override = ClipOverride(seed=int(within(SEED)(seed)) if colon else None)
    return with_reason(parse_retake, place, override)


def prompt_at(argument: str) -> tuple[float, str]:
    """Parse SECONDS:TEXT."""
    seconds, colon, prompt = argument.partition(":")
    if not colon:
        raise ArgumentTypeError(f"{quoted(argument)} has no time: write SECONDS:TEXT as in 12.5:They laugh.")
    return within(VOICE_START)(seconds), text(prompt)
