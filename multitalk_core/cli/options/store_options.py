"""Arguments that say where finished clips are kept and which are taken again, and the command `films`."""

import argparse
import os
import secrets
import sys
from pathlib import Path

from ...errors import LONGEST_MESSAGE, MultiTalkError, printable, quoted
from ...film.clips import ClipPlan
from ...film.film import Take
from ...film.retakes import check_clip, plan_takes
from ...film.store import StoredFilm, check_store, clear_films, stored_clip_bytes, survey
from ...limits import CLIPS, STORE_GIGABYTES
from .paths import folder_path
from .types import prompt_at, retake, within

GIGABYTE = 10**9
RANDOM_SEEDS = 2**31
STORE = "multitalk/films"  # in the user's cache


def default_store() -> Path | None:
    """A folder of the user's cache; None where the user has no home."""
    cache = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    if cache:
        return Path(cache, STORE)
    try:
        home = Path.home()
    except RuntimeError:  # neither HOME nor an entry among the system's users
        return None
    caches = {"nt": "AppData/Local", "darwin": "Library/Caches"}
    return home / caches.get(os.name, caches.get(sys.platform, ".cache")) / STORE


def store(arguments: argparse.Namespace) -> Path | None:
    """Where clips are kept; None keeps none."""
    return (arguments.store or default_store()) if arguments.keep else None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, and what is made differently in some clips."""
    group = parser.add_argument_group(
        "clips",
        "Every finished clip is kept, and the same command goes on after the last one: after a crash,\n"
        "  an interruption or --stop-after.",
    )
    stores = group.add_mutually_exclusive_group()
    stores.add_argument(
        "--store",
        type=folder_path,
        metavar="FOLDER",
        help="where clips are kept (default: multitalk/films in your cache; `films` says where that is, and "
        "what is there)",
    )
    stores.add_argument("--no-store", action="store_false", dest="keep", help="keep no clips on disk")
    group.add_argument(
        "--store-limit",
        type=within(STORE_GIGABYTES),
        default=50.0,
        metavar="GB",
        help="the films used least recently are cleared until the store is no larger (default: 50)",
    )
    group.add_argument(
        "--stop-after",
        type=within(CLIPS),
        metavar="CLIP",
        help="stop after this clip, from 1, to look at what is there",
    )
    group.add_argument(
        "--retake",
        type=retake,
        action="append",
        default=[],
        metavar="CLIP[:SEED]",
        help="make a clip and what follows it again, with a seed of its own (default: one by chance, which "
        "is printed); repeat it to keep earlier retakes",
    )
    group.add_argument(
        "--prompt-at",
        type=prompt_at,
        action="append",
        default=[],
        metavar="SECONDS:TEXT",
        help="another prompt from the clip on that brings this second of the film; repeat it",
    )


def check(arguments: argparse.Namespace, height: int, width: int) -> None:
    """Raise a MultiTalkError unless the store, if there is one, takes a clip of this size."""
    folder = store(arguments)
    if folder is not None:
        check_store(
            folder,
            stored_clip_bytes(arguments.clip_frames, arguments.motion_frames, height=height, width=width),
        )


def read_takes(arguments: argparse.Namespace, plan: ClipPlan, fps: float) -> dict[int, Take]:
    """What some clips have of their own.

    Raises
    ------
    MultiTalkError
        For a clip or a second that the film does not have.
    """
    if arguments.stop_after is not None:
        check_clip(arguments.stop_after - 1, plan)
    retakes = {
        clip: Take(secrets.randbelow(RANDOM_SEEDS) if seed is None else seed)
        for clip, seed in arguments.retake
    }
    return plan_takes(plan, fps, retakes, arguments.prompt_at)


def add_films_command(commands: argparse._SubParsersAction) -> None:
    """Add the command `films` to the parser."""
    parser = commands.add_parser(
        "films",
        help="list the films whose clips are kept, or clear them",
        description="List the films whose clips are kept, the last used first.",
        allow_abbrev=False,
    )
    parser.add_argument("--store", type=folder_path, metavar="FOLDER", help="(default: in your cache)")
    parser.add_argument(
        "--clear", action="store_true", help="remove all of them but those that are being made"
    )
    parser.set_defaults(command=list_films)


def list_films(arguments: argparse.Namespace) -> None:
    """Print what is kept, or clear it."""
    store = arguments.store or default_store()
    if store is None:
        raise MultiTalkError("There is no home folder in which films could be kept: name one with --store.")
    if arguments.clear:
        cleared = clear_films(store)
        _print(*(f"cleared {_line(film)}" for film in cleared.films), *cleared.stay)
        _print(f"{len(cleared.films)} films cleared, {_gigabytes(cleared.films)}")
    found = survey(store)
    _print(*map(_line, found.films), *found.ignored)
    _print(f"{_gigabytes(found.films)} in {len(found.films)} films in {store}")


def _print(*lines: str) -> None:
    """Titles and folders may hold what no terminal shows."""
    for line in lines:
        print(printable(line, LONGEST_MESSAGE))


def _line(film: StoredFilm) -> str:
    clips = f"{film.clips} of {film.planned} clips"
    return f"{_gigabytes([film])} {clips:>18}  {quoted(film.title)}  {film.folder}"


def _gigabytes(films: list[StoredFilm]) -> str:
    return f"{sum(film.size for film in films) / GIGABYTE:8.3f} GB"
