"""The manifest of training clips: one line of JSON a video."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MultiTalkError, quoted
from ..files.given import read_text
from ..limits import LARGEST_SIDE, LONGEST_TEXT, MOST_SPEAKERS
from ..persons.masks import Box

LONGEST_MANIFEST = 200_000_000  # bytes
KEYS = ("video", "voices", "masks", "boxes", "caption")


@dataclass(frozen=True)
class Entry:
    """A video to train on.

    Attributes
    ----------
    line : int
        In the manifest, from 1.
    text : str
        The line itself.
    video : Path
    voices : tuple of Path
        One a person; none for the I2V task.
    masks : tuple of Path
        One a person, in the order of the voices; none where the persons are boxes or still to be found.
    boxes : tuple of Box
        Likewise, in pixels of the video.
    caption : str
    """

    line: int
    text: str
    video: Path
    voices: tuple[Path, ...]
    masks: tuple[Path, ...]
    boxes: tuple[Box, ...]
    caption: str


def read_lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a manifest that are not empty, with their numbers from 1.

    Raises
    ------
    MultiTalkError
        When the file cannot be read or says nothing.
    """
    text = read_text(path, "manifest", LONGEST_MANIFEST)
    # A caption may hold other line separators than the line feed.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        raise MultiTalkError(f"The manifest {path} is empty: give one line of JSON for each video.")
    return lines


def read_entry(number: int, text: str, folder: Path) -> Entry:
    """What a line says; its paths are seen from `folder`.

    Raises
    ------
    MultiTalkError
        When it is no JSON, or says something else than it should.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MultiTalkError(f"The line is no JSON ({quoted(error)}).") from error
    if not isinstance(found, dict):
        raise MultiTalkError('The line is no JSON object: write {"video": "talk.mp4", …}.')
    if strange := [key for key in found if key not in KEYS]:
        raise MultiTalkError(f"The line has an unknown key {quoted(strange[0])}: use {', '.join(KEYS)}.")
    if not isinstance(found.get("video"), str) or not isinstance(found.get("caption"), str):
        raise MultiTalkError("The line lacks its video or its caption, both texts.")
    if len(found["caption"]) > LONGEST_TEXT:
        raise MultiTalkError(f"The line's caption is longer than {LONGEST_TEXT:,} characters: shorten it.")
    voices, masks = (tuple(folder / name for name in _texts(found, key)) for key in ("voices", "masks"))
    boxes = _boxes(found.get("boxes", []))
    if len(voices) > MOST_SPEAKERS:
        raise MultiTalkError(f"The line has {len(voices)} voices: give at most {MOST_SPEAKERS}.")
    marked = len(masks) + len(boxes)
    if masks and boxes:
        raise MultiTalkError("The line has masks and boxes: give one of them.")
    if marked and marked != len(voices):
        raise MultiTalkError(
            f"The line has {marked} masks or boxes but {len(voices)} voices: as many of each."
        )
    return Entry(number, text, folder / found["video"], voices, masks, boxes, found["caption"])


def _texts(found: dict[str, Any], key: str) -> list[str]:
    value = found.get(key, [])
    if not (isinstance(value, list) and all(isinstance(text, str) for text in value)):
        raise MultiTalkError(f"The line's {key} are no list of file names.")
    return value


def _boxes(value: object) -> tuple[Box, ...]:
    if not (isinstance(value, list) and all(map(_is_box, value))):
        raise MultiTalkError("The line's boxes are not all [left, top, right, bottom] in pixels.")
    return tuple(Box(*edges) for edges in value)


def _is_box(value: object) -> bool:
    """Whether a value of JSON is four numbers, which may be NaN or of any number of digits there."""
    return (
        isinstance(value, list)
        and len(value) == 4
        and all(type(edge) in (int, float) and abs(edge) <= LARGEST_SIDE for edge in value)
    )
