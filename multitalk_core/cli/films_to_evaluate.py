"""The films that `evaluate` is given, with what is known of their voices and persons."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from torch import Tensor

from ..audio.sound_file import read_audio
from ..audio.timeline import Timeline
from ..errors import MultiTalkError
from ..evaluation.evaluated_film import EvaluatedFilm, box_in_film
from ..evaluation.video_at_rate import RATE
from ..files.given import read_text
from ..film.multitalk_input import VIDEO_ENDINGS, MultiTalkInput, find_file, parse_inputs
from ..media.picture import read_picture
from ..media.video_file import VideoFile
from ..media.video_source import film_frames
from ..media.video_writer import growing
from ..persons.box import Box
from .options.input_options import LONGEST_FILE
from .options.person_voices import arranged, order_of


def video_files(given: Sequence[Path]) -> list[Path]:
    """The files, and those in the folders, each once.

    Raises
    ------
    MultiTalkError
        When a folder has no films.
    """
    found: dict[Path, None] = {}
    for path in given:
        inside = sorted(_films_in(path)) if path.is_dir() else [path]
        if not inside:
            raise MultiTalkError(f"The folder {path} contains no films: name another one.")
        found |= dict.fromkeys(inside)
    return [*found]


def _films_in(folder: Path) -> list[Path]:
    files = [path for path in folder.iterdir() if path.suffix.lower() in VIDEO_ENDINGS and path.is_file()]
    unfinished = {growing(path) for path in files}
    return [path for path in files if path not in unfinished]


def all_frames(paths: Sequence[Path]) -> int:
    """How many frames all films have that can be opened."""
    frames = 0
    for path in paths:
        with suppress(MultiTalkError):
            frames += film_frames(VideoFile.open(path), RATE)
    return frames


def evaluated_film(path: Path, arguments: argparse.Namespace) -> EvaluatedFilm:
    """A film with its voices and persons: from the arguments, which win, and from the JSON beside it.

    Raises
    ------
    MultiTalkError
        When a file cannot be used, or two of them or an argument differ in the number of persons.
    """
    beside = path.with_suffix(".json")
    entry = _entry(beside) if beside.is_file() else None
    folders = _folders(beside)
    timeline = _timeline(arguments, entry, folders)
    if timeline is None and arguments.persons == 1:
        timeline = _own_sound(path)
    boxes = None if arguments.boxes is None else tuple(arguments.boxes)
    picture = None
    if entry is not None:
        picture = _picture(entry, folders, needed=boxes is None)
        if picture is not None and boxes is None and entry.boxes is not None:
            boxes = _in_film(entry.boxes, picture, path)
            if timeline is not None and timeline.speakers != len(boxes):
                raise MultiTalkError(
                    f"{beside} describes {len(boxes)} persons, and the voices are those of "
                    f"{timeline.speakers}: give a --voice or none to each person, or all their --boxes."
                )
    film = EvaluatedFilm(
        path=path, timeline=timeline, boxes=boxes, picture=picture, persons=arguments.persons
    )
    if arguments.persons not in (None, film.count):
        raise MultiTalkError(
            f"The voices or boxes of {path} are those of {film.count} persons, and --persons says "
            f"{arguments.persons}: leave --persons out."
        )
    return film


def files_read(films: Sequence[Path], arguments: argparse.Namespace) -> Iterator[Path]:
    """Every file of an evaluation: the films, their JSON files and what these name, voices, references."""
    references = video_files(arguments.references or ())
    yield from films
    yield from references
    yield from (reference.with_suffix(".json") for reference in references)
    yield from (file.path for file in arguments.voices or () if file is not None)
    if arguments.weights is not None:
        yield arguments.weights
    for beside in (film.with_suffix(".json") for film in films):
        yield beside
        yield from _files_named(beside)


def _files_named(beside: Path) -> Iterator[Path]:
    """The files that a JSON names; what cannot be found or read is reported where the film is read."""
    with suppress(MultiTalkError):
        entry = _entry(beside)
        for name in filter(None, (entry.source, *entry.voices)):
            with suppress(MultiTalkError):
                yield find_file(name, _folders(beside), "file")


def _folders(beside: Path) -> list[Path]:
    """Where the files that a JSON names are looked for."""
    return [beside.absolute().parent, beside.absolute().parent.parent, Path.cwd()]


def _entry(beside: Path) -> MultiTalkInput:
    """What a JSON says of its film."""
    (entry, *others) = parse_inputs(read_text(beside, "input JSON", LONGEST_FILE), str(beside))
    if others:
        raise MultiTalkError(f"{beside} describes several films: write one for each.")
    return entry


def _timeline(
    arguments: argparse.Namespace, entry: MultiTalkInput | None, folders: Sequence[Path]
) -> Timeline | None:
    """The voices of the arguments, else those of the JSON; None where nobody's is known."""
    order = arguments.order
    if arguments.voices is not None:
        return arranged([None if voice is None else voice.read() for voice in arguments.voices], order)
    if entry is None or not any(entry.voices):
        return None
    if "order" not in arguments.given:
        order = order_of(entry.timing)
    names = [None if name is None else find_file(name, folders, "voice") for name in entry.voices]
    return arranged([None if name is None else read_audio(name) for name in names], order)


def _picture(entry: MultiTalkInput, folders: Sequence[Path], *, needed: bool) -> Tensor | None:
    """What a JSON's film was made from; None where it names nothing or an unneeded file is missing."""
    if entry.source is None:
        return None
    try:
        source = find_file(entry.source, folders, "picture or video")
    except MultiTalkError:
        if needed:
            raise
        return None
    return VideoFile.open(source).picture() if entry.moving else read_picture(source)


def _own_sound(path: Path) -> Timeline | None:
    """The film's sound as the voice of its only person; None where it has none."""
    try:
        return Timeline.together([read_audio(path)])
    except MultiTalkError:
        return None


def _in_film(boxes: Sequence[Box], picture: Tensor, path: Path) -> tuple[Box, ...]:
    """Boxes in pixels of the picture that a film was made from, in pixels of the film."""
    film = VideoFile.open(path).picture()
    sizes = [(image.shape[0], image.shape[1]) for image in (picture, film)]
    return tuple(box_in_film(box, *sizes) for box in boxes)
