"""The manifest of training clips: one line of JSON per video."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MultiTalkError, quoted
from ..files.given import read_text
from ..limits import LARGEST_SIDE, LONGEST_TEXT, MOST_SPEAKERS
from ..persons.box import Box

LONGEST_MANIFEST = 200_000_000  # bytes
KEYS = ("video", "voices", "masks", "boxes", "caption")


@dataclass(frozen=True)
class Entry:
    """A video to train on.

    Attributes
    ----------
    line : int
        Line number in the manifest, from 1.
    text : str
        The line itself.
    video : Path
    voices : tuple of Path
        One per person; none for the I2V task.
    masks : tuple of Path
        One per person, in the order of the voices; empty if boxes mark the persons, or nothing does.
    boxes : tuple of Box
        One per person, in pixels of the video; empty if masks mark the persons, or nothing does.
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
    """The non-empty lines of a manifest, with their numbers from 1.

    Raises
    ------
    MultiTalkError
        When the file cannot be read, or is empty.
    """
    text = read_text(path, "manifest", LONGEST_MANIFEST)
    # A caption may contain line separators other than the line feed.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        raise MultiTalkError(f"The manifest {path} is empty: write one line of JSON per video.")
    return lines


def read_entry(number: int, text: str, folder: Path) -> Entry:
    """Read a line; its paths are relative to `folder`.

    Raises
    ------
    MultiTalkError
        When it is not JSON, or has wrong keys or values.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MultiTalkError(f"The line is not valid JSON ({quoted(error)}).") from error
    if not isinstance(found, dict):
        raise MultiTalkError('The line is not a JSON object: write {"video": "talk.mp4", …}.')
    if unknown := [key for key in found if key not in KEYS]:
        raise MultiTalkError(f"The line has an unknown key {quoted(unknown[0])}: use {', '.join(KEYS)}.")
    if not isinstance(found.get("video"), str) or not isinstance(found.get("caption"), str):
        raise MultiTalkError("The line needs a video and a caption, both as text.")
    if len(found["caption"]) > LONGEST_TEXT:
        raise MultiTalkError(f"The line's caption is longer than {LONGEST_TEXT:,} characters: shorten it.")
    voices, masks = (tuple(folder / name for name in _texts(found, key)) for key in ("voices", "masks"))
    boxes = _boxes(found.get("boxes", []))
    if len(voices) > MOST_SPEAKERS:
        raise MultiTalkError(f"The line has {len(voices)} voices: give at most {MOST_SPEAKERS}.")
    marked = len(masks) + len(boxes)
    if masks and boxes:
        raise MultiTalkError("The line has both masks and boxes: give only one kind.")
    if marked and marked != len(voices):
        raise MultiTalkError(
            f"The line has {marked} masks or boxes but {len(voices)} voices: give one per voice."
        )
    return Entry(number, text, folder / found["video"], voices, masks, boxes, found["caption"])


def _texts(found: dict[str, Any], key: str) -> list[str]:
    value = found.get(key, [])
    if not (isinstance(value, list) and all(isinstance(text, str) for text in value)):
        raise MultiTalkError(f"The line's {key} are not a list of file names.")
    return value


def _boxes(value: object) -> tuple[Box, ...]:
    if not (isinstance(value, list) and all(map(_is_box, value))):
        raise MultiTalkError("The line's boxes are not all [left, top, right, bottom] in pixels.")
    return tuple(Box(*edges) for edges in value)


def _is_box(value: object) -> bool:
    """Whether a JSON value is four numbers in range; JSON allows NaN and numbers of any length."""
    return (
        isinstance(value, list)
        and len(value) == 4
        and all(type(edge) in (int, float) and abs(edge) <= LARGEST_SIDE for edge in value)
    )
