"""The command `films`: the films in the store, listed or cleared."""

import argparse

from ..errors import LONGEST_MESSAGE, MultiTalkError, printable, quoted
from ..film.store import StoredFilm, clear_films, survey
from ..guards.memory import GIGABYTE
from .options.paths import folder_path
from .options.store_options import default_store


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "films",
        help="list or clear the films in the store",
        description="List the films whose clips are stored, most recently used first.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--store",
        type=folder_path,
        metavar="FOLDER",
        help="folder of the stored films (default: multitalk/films in your cache)",
    )
    parser.add_argument(
        "--clear", action="store_true", help="delete all stored films, except those in progress"
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """List the stored films, after clearing them if asked.

    Raises
    ------
    MultiTalkError
        When there is neither a home folder nor `--store`.
    """
    store = arguments.store or default_store()
    if store is None:
        raise MultiTalkError("There is no home folder to store films in: name a folder with --store.")
    if arguments.clear:
        cleared = clear_films(store)
        _print(*(f"cleared {_line(film)}" for film in cleared.films), *cleared.stay)
        _print(f"{_counted(cleared.films)} cleared, {_gigabytes(cleared.films)}")
    found = survey(store)
    _print(*map(_line, found.films), *found.ignored)
    _print(f"{_gigabytes(found.films)} in {_counted(found.films)} in {store}")


def _print(*lines: str) -> None:
    """Print lines whose titles and folders may hold characters that no terminal shows."""
    for line in lines:
        print(printable(line, LONGEST_MESSAGE))


def _line(film: StoredFilm) -> str:
    clips = f"{film.clips} of {film.planned} clips"
    return f"{_gigabytes([film])} {clips:>18}  {quoted(film.title)}  {film.folder}"


def _counted(films: list[StoredFilm]) -> str:
    return f"{len(films)} film{'' if len(films) == 1 else 's'}"


def _gigabytes(films: list[StoredFilm]) -> str:
    return f"{sum(film.size for film in films) / GIGABYTE:8.3f} GB"
