"""Whole films by two processes of torchrun: the frames of one process, resumed, and with a process killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

from multitalk_core.demo.files import EMBEDDED
from multitalk_core.hosts.diffusers.processes import LOST
from multitalk_core.media.video_writer import read_video
from multitalk_core.method.schemes import SCHEMES

pytestmark = pytest.mark.soak

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node"]
GENERATE = ["-m", "multitalk_core", "generate", "--picture", EMBEDDED / "picture.png", "--persons", "parts"]
CLIPS = ["--frames", "25", "--clip-frames", "13", "--ending", "silence", "--steps", "3"]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}  # more of them round otherwise


def line(folder, processes, *options, voices=2):
    """The command of a film in a folder."""
    start = [sys.executable] if processes == 1 else [*TORCHRUN, str(processes)]
    parallel = [] if processes == 1 else ["--context-parallel", str(processes)]
    spoken = [
        part for number in (1, 2, 1)[:voices] for part in ("--voice", EMBEDDED / f"voice_{number}.flac")
    ]
    kept = ["--store", folder / "store", "--output", folder / "film.mp4"]
    return [*map(str, [*start, *GENERATE, *CLIPS, *spoken, *kept, *parallel, *options])]


def make(folder, processes, *options, voices=2):
    folder.mkdir(exist_ok=True)
    made = subprocess.run(
        line(folder, processes, *options, voices=voices), env=ONE_THREAD, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout + made.stderr


def latents(folder):
    return [load_file(path)["latent"] for path in sorted(folder.glob("store/*/clip-*"))]


def same_film(ours, theirs):
    clips = zip(latents(ours), latents(theirs), strict=True)
    assert max(float((a - b).abs().max()) for a, b in clips) < 1e-4
    frames = [read_video(folder / "film.mp4")[0].float() for folder in (ours, theirs)]
    assert (255 * (frames[0] - frames[1])).abs().mean() < 0.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("voices", [1, 2, 3])
def test_a_film_is_that_of_one_process(tmp_path, scheme, voices):
    for processes in (1, 2):
        said = make(tmp_path / str(processes), processes, "--scheme", scheme, voices=voices)
        assert said.count("clips are stored in") == 1  # the first process alone reports
    same_film(tmp_path / "1", tmp_path / "2")


def test_a_film_with_divided_weights_is_that_of_one_process(tmp_path):
    make(tmp_path / "1", 1)
    make(tmp_path / "2", 2, "--offload", "shard")
    same_film(tmp_path / "1", tmp_path / "2")


@pytest.mark.parametrize("options", [[], ["--offload", "shard"]])
def test_a_film_in_bfloat16_is_that_of_one_process(tmp_path, options):
    make(tmp_path / "1", 1, "--dtype", "bfloat16")
    make(tmp_path / "2", 2, "--dtype", "bfloat16", *options)
    same_film(tmp_path / "1", tmp_path / "2")


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_a_film_goes_on_with_another_number_of_processes(tmp_path, before, after):
    make(tmp_path / "whole", 1)
    make(tmp_path / "resumed", before, "--stop-after", "1")
    assert "resumes" in make(tmp_path / "resumed", after)
    same_film(tmp_path / "whole", tmp_path / "resumed")


@pytest.mark.parametrize(("rank", "after"), [(0, 1), (1, 2)])
def test_a_killed_process_ends_all_with_a_sentence_and_the_film_goes_on(tmp_path, rank, after):
    film = tmp_path / "film"
    film.mkdir()
    running = subprocess.Popen(
        line(film, 2, "--steps", "60"), env=ONE_THREAD, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 300
    while not list(film.glob("store/*/clip-*")):
        assert time.monotonic() < deadline and running.poll() is None
        time.sleep(0.2)
    time.sleep(1)  # into the next clip's steps
    os.kill(process_of_rank(running.pid, rank), signal.SIGKILL)
    said = running.communicate(timeout=120)[1]
    assert running.returncode != 0
    # Between two passes, torchrun's SIGTERM is the first to say it.
    assert said.count(f"Error: {LOST}") + said.count("Stopped: ") == 1
    assert "resumes" in make(film, after, "--steps", "60")
    make(tmp_path / "whole", 1, "--steps", "60")
    same_film(tmp_path / "whole", film)


def process_of_rank(torchrun, rank):
    """The child of torchrun that has this rank."""
    for process in map(int, Path(f"/proc/{torchrun}/task/{torchrun}/children").read_text().split()):
        if f"\0RANK={rank}\0" in f"\0{Path(f'/proc/{process}/environ').read_text()}":
            return process
    raise AssertionError(f"torchrun has no process of rank {rank}")
