"""Kill a run at random moments and go on with it, many times over.

    python -m tests.soak.kills FOLDER --kills 5 --clips 5 --seed 0

Runs are forked from one process, so that the models are loaded once; one thread, because OpenMP's do not
survive a fork. Each run resumes after the last whole clip, and the film's decoded frames and sound are those
of a run that nobody disturbed.
"""

import argparse
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from multitalk_core.film.store import clear_films
from multitalk_core.media.video_writer import read_video

from ..helpers.tiny_film import TinyFilm


def forked(work: Callable[[], None], seconds: float | None = None) -> tuple[bool, float]:
    """Run in a process of its own and kill it after some seconds; whether it finished, and its seconds."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    finished = 0
    while finished == 0 and (seconds is None or time.monotonic() - started < seconds):
        time.sleep(0.002)
        finished, status = os.waitpid(child, os.WNOHANG)
    if finished == 0:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    elif status:
        raise RuntimeError("a run failed")
    return finished != 0, time.monotonic() - started


def same_video(one: Path, other: Path) -> bool:
    """Whether decoded frames and sound are equal."""
    frames, _, sound = read_video(one)
    other_frames, _, other_sound = read_video(other)
    return torch.equal(frames, other_frames) and np.array_equal(sound.samples, other_sound.samples)


def main() -> None:
    """Kill, go on, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--clips", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    chance = random.Random(options.seed)
    film = TinyFilm(options.clips)
    whole, broken = options.folder / "whole.mp4", options.folder / "broken.mp4"
    store, counted = options.folder / "store", options.folder / "stored.txt"

    def run(store: Path = store, video: Path = broken) -> None:
        _, listener = film.write(store, video)
        stored = sum(clip.from_store for clip in listener.clips)
        counted.write_text(str([stored, len(listener.notes)]))

    _, seconds = forked(lambda: run(options.folder / "undisturbed", whole))

    kills = films = 0
    while kills < options.kills:
        there = len(list(store.glob("*/clip-*.safetensors")))
        finished, _ = forked(run, chance.uniform(0.02, 0.6) * seconds)
        kills += not finished
        now = len(list(store.glob("*/clip-*.safetensors")))
        print(f"kill {kills}: {there} clips were stored, {now} are", flush=True)
        assert now >= there, "a stored clip was lost"
        if finished or kills == options.kills:
            forked(run)
            # One note: where clips are stored, and after which the film resumes.
            assert finished or counted.read_text() == str([now, 1]), f"{counted.read_text()} of {now}"
            assert same_video(whole, broken), "the film is not that of an undisturbed run"
            assert not list(options.folder.glob("*growing*")) + list(store.glob("*/*.part"))
            films += 1
            clear_films(store)
            broken.unlink()
    print(f"{kills} kills, {films} films, all equal to the undisturbed one ({seconds:.1f} s)")


if __name__ == "__main__":
    main()
