"""The argument for an input JSON of MultiTalk's or InfiniteTalk's scripts."""

import argparse
from pathlib import Path

from ...errors import MultiTalkError
from ...files.given import read_text
from ...files.whole import numbered
from ...film.multitalk_input import MultiTalkInput, find_file, parse_inputs
from ...film.spec import Continuation
from ...persons.marking import PersonOrder
from .paths import input_file
from .person_voices import order_of
from .types import LISTENER, voice

LONGEST_FILE = 1_000_000  # bytes
INFINITETALK_MOTION_FRAMES = 9
SOURCES = {"picture", "video"}
VOICES = {"voices", "recording", "table", "places", "script"}
PERSONS = {"persons", "boxes", "masks", "segmentation_model", "face_model"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The input JSON."""
    group = parser.add_argument_group("input of the reference scripts")
    group.add_argument(
        "--input",
        type=input_file,
        metavar="FILE",
        help="an input JSON of MultiTalk or InfiniteTalk (prompt, cond_image or cond_video, cond_audio, "
        "audio_type, bbox), or a list of several, which make a film each; its files are looked for beside "
        "it, in the folder above and in the working directory; other options win over it",
    )


def films(arguments: argparse.Namespace) -> list[argparse.Namespace]:
    """The arguments of each film: one without --input, else one for each of the file's.

    Raises
    ------
    MultiTalkError
        When the file cannot be read, or names a file that is missing.
    """
    path: Path | None = arguments.input
    if path is None:
        return [arguments]
    entries = parse_inputs(read_text(path, "input JSON", LONGEST_FILE), str(path))
    folders = list(dict.fromkeys([path.absolute().parent, path.absolute().parent.parent, Path.cwd()]))
    made = [_filled(arguments, entry, folders) for entry in entries]
    for number, film in enumerate(made, start=1):
        if number > 1 and film.output is not None:
            film.output = numbered(film.output, number)
    for number, (entry, film) in enumerate(zip(entries, made, strict=True), start=1):
        name = f"{path}, film {number}" if len(made) > 1 else str(path)
        print(_sentence(name, film, entry, folders=folders), *entry.remarks, sep="\n")
    return made


def _filled(arguments: argparse.Namespace, entry: MultiTalkInput, folders: list[Path]) -> argparse.Namespace:
    """The arguments, with an entry's values where the line gives none."""
    film, given = argparse.Namespace(**vars(arguments)), set(arguments.given)
    if not SOURCES & given and entry.source is not None:
        setattr(
            film, "video" if entry.moving else "picture", find_file(entry.source, folders, "picture or video")
        )
    if not VOICES & given and entry.voices:
        film.voices = [voice(file) for file in _voice_files(entry, folders)]
        if "order" not in given:
            film.order = order_of(entry.timing)
    if not PERSONS & given:
        film.boxes = entry.boxes
        film.persons = "parts"
        if "speakers_order" not in given:
            film.speakers_order = PersonOrder.GIVEN
    if "prompt" not in given:
        film.prompt = entry.prompt
    if entry.infinitetalk and "continuation" not in given:
        film.continuation = Continuation.INFINITETALK
        if "motion_frames" not in given:
            film.motion_frames = INFINITETALK_MOTION_FRAMES
    return film


def _voice_files(entry: MultiTalkInput, folders: list[Path]) -> list[str]:
    """As `--voice` takes them."""
    return [LISTENER if name is None else str(find_file(name, folders, "voice")) for name in entry.voices]


def _sentence(name: str, film: argparse.Namespace, entry: MultiTalkInput, *, folders: list[Path]) -> str:
    """What is read from where."""
    persons = "as boxes" if film.boxes else "as masks" if film.masks else f"by {film.persons}"
    voices = "as the options say"
    if not VOICES & set(film.given) and entry.voices:
        voices = f"{', '.join(_voice_files(entry, folders))} ({film.order})"
    return f"{name}: {film.picture or film.video}; voices {voices}; persons {persons}."


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError unless there is a picture or a video."""
    if arguments.picture is None and arguments.video is None:
        raise MultiTalkError("Name a --picture, a --video, or an --input that has one.")
