"""Arguments for the store of finished clips, for retakes and for prompts of single clips."""

import argparse
import os
import secrets
import sys
from dataclasses import replace
from pathlib import Path

from ...files.home import home_folder
from ...film.clips import ClipPlan
from ...film.retakes import Retake, check_clip, plan_overrides, whole_clips
from ...film.spec import ClipOverride, StoreOptions
from ...film.store import check_store, stored_clip_bytes
from ...guards.memory import GIGABYTE
from ...limits import CLIPS, STORE_GIGABYTES, USUAL_STORE_GIGABYTES
from .film_files import FilmFiles
from .limited_number import within
from .paths import folder_path
from .types import prompt_at, retake

RANDOM_SEEDS = 2**31
STORE = "multitalk/films"  # in the user's cache


def default_store() -> Path | None:
    """The folder in the user's cache; None for a user without a home folder."""
    cache = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    if cache:
        return Path(cache, STORE)
    if (home := home_folder()) is None:
        return None
    caches = {"nt": "AppData/Local", "darwin": "Library/Caches"}
    return home / caches.get(os.name, caches.get(sys.platform, ".cache")) / STORE


def store(arguments: argparse.Namespace) -> Path | None:
    """The folder of stored films; None to store nothing."""
    return (arguments.store or default_store()) if arguments.keep else None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The store, retakes and prompts of single clips."""
    group = parser.add_argument_group(
        "clips and store",
        "Every finished clip is stored. After a crash, an interruption or --stop-after, run the same\n"
        "command again to continue after the last stored clip.",
    )
    stores = group.add_mutually_exclusive_group()
    stores.add_argument(
        "--store",
        type=folder_path,
        metavar="FOLDER",
        help="where to store clips (default: multitalk/films in your cache; the command `films` prints the "
        "path and the stored films)",
    )
    stores.add_argument("--no-store", action="store_false", dest="keep", help="do not store clips")
    group.add_argument(
        "--store-limit",
        type=within(STORE_GIGABYTES),
        default=USUAL_STORE_GIGABYTES,
        metavar="GB",
        help="maximum size of the store; the least recently used films are deleted first "
        f"(default: {USUAL_STORE_GIGABYTES:g})",
    )
    group.add_argument(
        "--stop-after",
        type=within(CLIPS),
        metavar="CLIP",
        help="stop after this clip to review the film so far; clips count from 1",
    )
    group.add_argument(
        "--retake",
        type=retake,
        action="append",
        default=[],
        metavar="CLIP[:SEED]",
        help="regenerate this clip and all later ones, with their own seed (default: random, and printed); "
        '"3 person 2:42" regenerates only the mouth of person 2 in clip 3, "all person 2:42" in every clip: '
        "everything else stays as it is; where no face is found, --region says where the mouth is; repeat "
        "the option to keep earlier retakes",
    )
    group.add_argument(
        "--prompt-at",
        type=prompt_at,
        action="append",
        default=[],
        metavar="SECONDS:TEXT",
        help="a new prompt, starting with the clip that contains this second of the film; repeatable",
    )


def check(arguments: argparse.Namespace, height: int, width: int) -> None:
    """Raise a MultiTalkError if the store cannot hold a clip of this size."""
    folder = store(arguments)
    if folder is not None:
        clip_bytes = stored_clip_bytes(
            arguments.clip_frames, arguments.motion_frames, height=height, width=width
        )
        check_store(folder, clip_bytes)


def film_store(arguments: argparse.Namespace, files: FilmFiles) -> StoreOptions | None:
    """Where the clips of a film are stored; None where they are not."""
    folder = store(arguments)
    if folder is None:
        return None
    limit = round(arguments.store_limit * GIGABYTE)
    return StoreOptions(folder=folder, title=files.film.name, limit=limit, request=files.request)


def retakes_person(arguments: argparse.Namespace) -> bool:
    """Whether the arguments ask for a retake of one person."""
    return any(retake.person is not None for retake in arguments.retake)


def read_retakes(arguments: argparse.Namespace) -> list[Retake]:
    """The retakes that the arguments ask for, each with a seed."""
    seeds = [
        secrets.randbelow(RANDOM_SEEDS) if each.override.seed is None else each.override.seed
        for each in arguments.retake
    ]
    return [
        replace(each, override=ClipOverride(seed=seed))
        for each, seed in zip(arguments.retake, seeds, strict=True)
    ]


def read_overrides(
    arguments: argparse.Namespace, retakes: list[Retake], plan: ClipPlan
) -> dict[int, ClipOverride]:
    """Retakes of whole clips and timed prompts, by clip.

    Raises
    ------
    MultiTalkError
        For a clip or a second outside the film.
    """
    if arguments.stop_after is not None:
        check_clip(arguments.stop_after - 1, plan)
    return plan_overrides(plan, arguments.fps, whole_clips(retakes), prompts=arguments.prompt_at)
