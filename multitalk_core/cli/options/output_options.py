"""Arguments for the film's file, and whether it may replace another one."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from ...demo.files import EMBEDDED, EMBEDDED_FILES
from ...errors import MultiTalkError, quoted
from ...files.outputs import check_folder, check_inputs_stay, check_replaced
from ...files.whole import numbered
from ...film.store import Json, digest, stored_films
from ...film.store.stored_film import own_files
from ...media.video_writer import growing
from .film_files import FilmFiles
from .model_options import file_signature
from .paths import output_file

DEFAULT = Path("film.mp4")
# Arguments that may change while a film continues, or gets a retake, under the same name.
NOT_THE_FILM = {
    "command", "given", "output", "overwrite", "ignore_memory", "store", "keep", "store_limit", "stop_after",
    "retake", "prompt_at", "rows_at_once", "offload", "recorded_step", "sign_key", "sign_cert",
    "timestamp_authority", "watermark", "context_parallel", "parallel_attention",
}  # fmt: skip
IDENTITY = {"sign_key", "sign_cert"}  # files, though not the film's


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The film's file."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--output",
        type=output_file,
        metavar="FILE",
        help=f"file for the film, .mp4; drawings are named after it (default: {DEFAULT}, numbered if that "
        "exists)",
    )
    add_overwrite(group)


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError unless the film is an .mp4 file."""
    if arguments.output is not None and arguments.output.suffix.lower() != ".mp4":
        raise MultiTalkError(f"The film {quoted(arguments.output)} must be an .mp4 file: change its name.")


def add_overwrite(group: argparse._ActionsContainer) -> None:
    """Add the option that allows files to be replaced."""
    group.add_argument(
        "--overwrite",
        action="store_true",
        help="replace existing files (default: ask on a terminal, else refuse)",
    )


def film_files(arguments: argparse.Namespace, store: Path | None) -> FilmFiles:
    """The files of the film and its drawings; a film that continues or gets a retake replaces itself.

    Raises
    ------
    MultiTalkError
        For a folder that cannot be written to, and an output that is an input or exists already.
    """
    request = film_request(arguments)
    films = [] if store is None else stored_films(store)
    own = [film.output for film in films]

    def files(film: Path) -> FilmFiles:
        chosen = FilmFiles.beside(film, request=request)
        return replace(chosen, replaces=arguments.overwrite or chosen.claim() in own)

    names = chain([DEFAULT], (numbered(DEFAULT, number) for number in count(2)))
    chosen = files(arguments.output) if arguments.output else next(filter(FilmFiles.free, map(files, names)))
    check_folder(chosen.film.parent)
    stored = (film.folder / name for film in films for name in own_files(film.folder)[0])
    shipped = (EMBEDDED / name for name in EMBEDDED_FILES.values())
    outputs = [*chosen.all(), growing(chosen.film)]
    check_inputs_stay(outputs, chain(inputs(arguments), stored, shipped), "--output")
    granted = check_replaced(chosen.all(), chosen.replaces)
    return replace(chosen, replaces=chosen.replaces or granted)


def inputs(arguments: argparse.Namespace) -> Iterator[Path]:
    """Every file and folder that the arguments name as an input."""
    for name, value in vars(arguments).items():
        if name not in NOT_THE_FILM - IDENTITY:
            yield from _paths(value)
    if arguments.segmentation_model:
        yield Path(arguments.segmentation_model)


def _paths(value: object) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _paths(part)


def film_request(arguments: argparse.Namespace) -> str:
    """A digest of all arguments that shape the film; files by name, size and modification time."""
    asked = {name: value for name, value in vars(arguments).items() if name not in NOT_THE_FILM}
    if arguments.video is None:
        del asked["region"]  # only retakes of persons have one then
    return digest({name: _plain(value) for name, value in asked.items()})


def _plain(value: object) -> Json:
    if isinstance(value, Path):
        return file_signature(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value)
