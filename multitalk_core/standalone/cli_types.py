"""Arguments that are more than a word: sizes, boxes, places, label ranges."""

import math
from argparse import ArgumentTypeError
from pathlib import Path

from ..clips import check_frames
from ..errors import MultiTalkError
from ..labels import LabelRanges, spread_ranges
from ..persons import Box
from ..picture import check_size

LISTENER = "none"
LARGEST_SEED = 2**63 - 1


def whole_number(text: str) -> int:
    """1 and more."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise ArgumentTypeError(f"{text} is not a whole number from 1 on")
    return number


def count(text: str) -> int:
    """0 and more."""
    return 0 if text == "0" else whole_number(text)


def positive(text: str) -> float:
    """A number above 0."""
    number = finite(text)
    if number <= 0:
        raise ArgumentTypeError(f"{text} is not above 0")
    return number


def fraction(text: str) -> float:
    """0..1."""
    number = finite(text)
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def finite(text: str) -> float:
    """Any number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentTypeError(f"{text} is not a number")
    return number


def seed(text: str) -> int:
    """What torch takes as a seed."""
    if not (text.isascii() and text.isdigit() and int(text) <= LARGEST_SEED):
        raise ArgumentTypeError(f"{text} is not a whole number from 0 to {LARGEST_SEED}")
    return int(text)


def frame_count(text: str) -> int:
    """4n + 1."""
    count = whole_number(text)
    try:
        check_frames(count)
    except MultiTalkError as error:
        raise ArgumentTypeError(str(error)) from error
    return count


def size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels, to (height, width)."""
    width, _, height = text.lower().replace("×", "x").partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ArgumentTypeError(f"{text} is no size: write width and height as in 832x448")
    try:
        check_size(int(height), int(width))
    except MultiTalkError as error:
        raise ArgumentTypeError(str(error)) from error
    return int(height), int(width)


def box(text: str) -> Box:
    """left,top,right,bottom in pixels of the picture."""
    try:
        return Box(*(finite(edge) for edge in text.split(",")))
    except (TypeError, ArgumentTypeError) as error:
        raise ArgumentTypeError(f"{text} is no box: write left,top,right,bottom in pixels") from error


def voice(text: str) -> Path | None:
    """A file, or None for a listener."""
    return None if text == LISTENER else Path(text)


def place(text: str) -> tuple[int, float, Path | None]:
    """SPEAKER:SECONDS:FILE, to (speaker from 0, seconds, file)."""
    try:
        speaker, seconds, file = text.split(":", 2)
        return whole_number(speaker) - 1, finite(seconds), voice(file)
    except (ValueError, ArgumentTypeError) as error:
        raise ArgumentTypeError(
            f"{text} is no place: write SPEAKER:SECONDS:FILE as in 1:0.5:a.wav"
        ) from error


def retake(text: str) -> tuple[int, int | None]:
    """CLIP or CLIP:SEED, to (clip from 0, seed)."""
    clip, colon, of_its_own = text.partition(":")
    return whole_number(clip) - 1, seed(of_its_own) if colon else None


def prompt_at(text: str) -> tuple[float, str]:
    """SECONDS:TEXT."""
    seconds, colon, prompt = text.partition(":")
    if not colon or finite(seconds) < 0:
        raise ArgumentTypeError(f"{text} is no prompt at a second: write SECONDS:TEXT as in 12.5:They laugh.")
    return finite(seconds), prompt


def label_ranges(text: str, speakers: int) -> LabelRanges:
    """Labels by name or as LOW:HIGH,LOW:HIGH/BACKGROUND/VOICE,VOICE.

    Raises
    ------
    MultiTalkError
        For another form, or labels of another number of speakers.
    """
    if text == "paper":
        return spread_ranges(speakers)
    if text == "narrow":
        return spread_ranges(speakers, width=2.0, step=2.0)
    try:
        persons, background, audio = text.split("/")
        bounds = [tuple(map(finite, bound.split(":"))) for bound in persons.split(",")]
        ranges = LabelRanges(
            tuple((low, high) for low, high in bounds),
            finite(background),
            tuple(map(finite, audio.split(","))),
        )
    except (ValueError, ArgumentTypeError) as error:
        raise MultiTalkError(
            f"The label ranges {text} cannot be read: write paper, narrow, or for example 0:4,20:24/12/2,22 "
            "(each person's range, the background, each voice)."
        ) from error
    if not len(ranges.persons) == len(ranges.audio) == speakers:
        raise MultiTalkError(
            f"The label ranges {text} are for {len(ranges.persons)} persons and {len(ranges.audio)} voices, "
            f"but there are {speakers} speakers: give one range and one voice's label for each."
        )
    return ranges
