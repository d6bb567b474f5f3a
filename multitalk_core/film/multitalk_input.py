"""The input JSON of MultiTalk's and InfiniteTalk's own scripts: one film, or a list of several."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..audio.timing import Timing
from ..errors import MultiTalkError, quoted
from ..files.given import check_file
from ..guards.words import Word
from ..limits import LONGEST_TEXT, MOST_SPEAKERS, python_number
from ..persons.box import Box

MOST_FILMS = 100
LISTENERS = ("", "none")  # in any case: a person without a voice
VIDEO_ENDINGS = {".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".flv", ".wmv", ".mpg", ".mpeg", ".ts"}
KEYS = {"prompt", "cond_image", "cond_video", "cond_audio", "audio_type", "bbox", "tts_audio"}


class AudioType(Word):
    """How the reference scripts place the voices: para is together, add is one after the other."""

    PARA = "para"
    ADD = "add"

    @property
    def timing(self) -> Timing:
        """The same in this project's words."""
        return Timing.TOGETHER if self is AudioType.PARA else Timing.IN_TURN


@dataclass(frozen=True, kw_only=True)
class MultiTalkInput:
    """What a film is made of.

    Attributes
    ----------
    prompt : str
    source : str or None
        The name of the picture's or video's file.
    voices : tuple of str or None
        The names of the voices' files in speaker order; None is a listener.
    timing : Timing
        Together or in turn.
    boxes : tuple of Box or None
        One a person, in speaker order; None leaves persons to equal parts of the picture, as the scripts do.
    infinitetalk : bool
        Whether it is written for InfiniteTalk, which calls the picture or video `cond_video`.
    remarks : tuple of str
        Sentences about what is not used.
    """

    prompt: str
    source: str | None
    voices: tuple[str | None, ...]
    timing: Timing
    boxes: tuple[Box, ...] | None
    infinitetalk: bool
    remarks: tuple[str, ...] = ()

    @property
    def moving(self) -> bool:
        """Whether the source is a video."""
        return self.source is not None and PurePosixPath(self.source).suffix.lower() in VIDEO_ENDINGS


def parse_inputs(text: str, name: str = "the input JSON") -> tuple[MultiTalkInput, ...]:
    """Read the films of an input JSON.

    Parameters
    ----------
    text : str
        An object with `prompt`, `cond_image` or `cond_video`, `cond_audio` {"person1": FILE, ...},
        `audio_type` "para" or "add", and `bbox` {"person1": [top, left, bottom, right], ...}; or a list of
        such objects.
    name : str
        What error messages call it.

    Raises
    ------
    MultiTalkError
        When it is something else, or one of its values cannot be used.
    """
    try:
        content = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise MultiTalkError(
            f"{name} is not valid JSON ({error.msg} in line {error.lineno}): correct that line."
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or brackets
        raise MultiTalkError(f"{name} cannot be read as JSON: write it again.") from error
    films = content if isinstance(content, list) else [content]
    if not 1 <= len(films) <= MOST_FILMS:
        raise MultiTalkError(f"{name} lists {len(films)} films: list 1 to {MOST_FILMS}.")
    if len(films) == 1:
        return (_input(films[0], name),)
    return tuple(_input(film, f"Film {number} of {name}") for number, film in enumerate(films, start=1))


def find_file(name: str, folders: Sequence[Path], kind: str) -> Path:
    """The file of a name in the first folder that has it.

    Parameters
    ----------
    name : str
        As the JSON gives it: absolute, or relative to one of the folders; with / or \\.
    folders : sequence of Path
    kind : str
        What the error message calls the file.

    Raises
    ------
    MultiTalkError
        When no folder has it, or it is not a readable file.
    """
    places = [folder / name.replace("\\", "/") for folder in folders]
    found = next((place for place in places if os.path.exists(place)), None)
    if found is None:
        looked = ", ".join(quoted(folder) for folder in dict.fromkeys(map(Path.absolute, folders)))
        raise MultiTalkError(f"There is no {kind} {quoted(name)} in {looked}: correct its path.")
    check_file(found, kind)
    return found


def _input(film: Any, name: str) -> MultiTalkInput:
    if not isinstance(film, dict) or not KEYS & film.keys():
        raise MultiTalkError(
            f"{name} is no input of MultiTalk: write an object with prompt, cond_image or cond_video, "
            "cond_audio and, for two persons, audio_type and bbox."
        )
    voices = _voices(film, name)
    boxes, remarks = _boxes(film, len(voices), name)
    if unknown := sorted(map(str, film.keys() - KEYS)):
        remarks.append(f"{name}: {quoted(', '.join(unknown))} is not used.")
    return MultiTalkInput(
        prompt=_text(film, "prompt", name, longest=LONGEST_TEXT) or "",
        source=_source(film, name),
        voices=voices,
        timing=_timing(film, len(voices), name),
        boxes=boxes,
        infinitetalk="cond_video" in film,
        remarks=tuple(remarks),
    )


def _text(film: dict[str, Any], key: str, name: str, *, longest: int = 4096) -> str | None:
    value = film.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise MultiTalkError(
            f"{name}: {key} is {quoted(value)}: write a text of at most {longest:,} characters."
        )
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise MultiTalkError(f"{name}: {key} contains half a character: type it again.")
    return value


def _source(film: dict[str, Any], name: str) -> str | None:
    given = {key: file for key in ("cond_image", "cond_video") if (file := _text(film, key, name))}
    if len(set(given.values())) > 1:
        raise MultiTalkError(f"{name} has a cond_image and a cond_video: leave one out.")
    return next(iter(given.values()), None)


def _by_person(film: dict[str, Any], key: str, name: str) -> dict[int, Any]:
    """What an object holds for person1, person2 and so on, from 0."""
    given = film.get(key)
    if given is not None and not isinstance(given, dict):
        raise MultiTalkError(
            f'{name}: {key} is {quoted(given)}: write an object such as {{"person1": …, "person2": …}}.'
        )
    persons = {f"person{number + 1}": number for number in range(MOST_SPEAKERS)}
    if unknown := [person for person in given or {} if person not in persons]:
        raise MultiTalkError(
            f"{name}: {key} names {quoted(unknown[0])}: name person1 to person{MOST_SPEAKERS}."
        )
    return {persons[person]: value for person, value in (given or {}).items()}


def _voices(film: dict[str, Any], name: str) -> tuple[str | None, ...]:
    given = _by_person(film, "cond_audio", name)
    files = {person: _text({f"cond_audio.person{person + 1}": file}, f"cond_audio.person{person + 1}", name)
             for person, file in given.items()}  # fmt: skip
    if film.get("tts_audio") and not any(files.values()):
        raise MultiTalkError(
            f"{name} asks for spoken text (tts_audio), which is not part of this project: make the sound "
            "files with a text-to-speech program and name them in cond_audio."
        )
    voices = tuple(files.get(person) for person in range(1 + max(files, default=-1)))
    return tuple(None if voice is None or voice.strip().lower() in LISTENERS else voice for voice in voices)


def _timing(film: dict[str, Any], voices: int, name: str) -> Timing:
    word = film.get("audio_type")
    if word is None:
        if voices > 1:
            raise MultiTalkError(
                f'{name} has several voices and no audio_type: write "para" (together) or "add" (in turn).'
            )
        return Timing.TOGETHER
    try:
        return AudioType(word).timing
    except MultiTalkError as error:
        raise MultiTalkError(f"{name}: {error}") from error


def _boxes(film: dict[str, Any], voices: int, name: str) -> tuple[tuple[Box, ...] | None, list[str]]:
    """The boxes, and a sentence if they are not used."""
    given = _by_person(film, "bbox", name)
    boxes = {person: _box(edges, f"{name}: bbox.person{person + 1}") for person, edges in given.items()}
    if not boxes:
        return None, []
    if voices < 2:
        return None, [
            f"{name}: with one voice the bbox is not used, as in the reference implementation; mark persons "
            "with an option or a node of this project."
        ]
    if sorted(boxes) != list(range(voices)):
        raise MultiTalkError(
            f"{name} has {voices} voices and boxes of {len(boxes)} persons: give one bbox for each voice."
        )
    return tuple(boxes[person] for person in range(voices)), []


def _box(edges: Any, name: str) -> Box:
    numbers = [python_number(edge) for edge in edges] if isinstance(edges, list) else []
    usable = [number for number in numbers if number is not None and abs(number) < 1e6]
    if not len(numbers) == len(usable) == 4:
        raise MultiTalkError(f"{name} is {quoted(edges)}: write [top, left, bottom, right] in pixels.")
    top, left, bottom, right = usable
    if not (top < bottom and left < right):
        raise MultiTalkError(
            f"{name} is {quoted(edges)}: the order is [top, left, bottom, right], with top above bottom and "
            "left before right."
        )
    return Box(left, top, right, bottom)
