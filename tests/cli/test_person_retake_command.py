"""Retakes of one person from the command line: `--retake "2 person 1:7"`."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.film.store.lossless import unpack_frames
from multitalk_core.media.picture import read_picture, resize_and_crop, write_picture
from multitalk_core.media.video_writer import read_video

COMMAND = ["generate", "--picture", f"{EMBEDDED}/picture.png", "--size", "48x32", "--frames", "17"]
COMMAND += ["--clip-frames", "9", "--motion-frames", "1", "--steps", "2", "--text-scale", "1"]
COMMAND += ["--boxes", "64,56,300,400", "340,50,576,400"]
COMMAND += [part for number in (1, 2) for part in ("--voice", f"{EMBEDDED}/voice_{number}.flac")]
ALL_OF_PERSON_2 = ["--retake", "all person 2:7"]


@pytest.fixture(scope="module")
def mouths(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The demo's people are drawn: a region that is white over both mouths."""
    mask = torch.zeros(400, 640, 3)
    mask[200:260, 140:230] = mask[200:260, 410:500] = 1
    path = tmp_path_factory.mktemp("region") / "mouths.png"
    write_picture(path, mask)
    return ["--region", str(path)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, one_thread) -> Path:
    """The folder of a finished film and its store."""
    folder = tmp_path_factory.mktemp("film")
    assert main(on(folder)) == 0
    return folder


@pytest.fixture
def again(film: Path, capsys) -> Callable[..., str]:
    """Make the same film with more arguments; what was printed."""

    def said(*arguments: str, folder: Path = film, code: int = 0) -> str:
        assert main([*on(folder), *arguments]) == code
        printed = capsys.readouterr()
        return printed.out + printed.err

    return said


def on(folder: Path) -> list[str]:
    """The command that makes the film in a folder."""
    return [*COMMAND, "--store", str(folder / "store"), "--output", str(folder / "film.mp4")]


def stored(folder: Path, clip: int) -> list[Tensor]:
    """Frames of all that is stored of a clip, the first one first."""
    files = sorted(folder.glob(f"store/*/clip-{clip:04}-*"), key=lambda path: path.stat().st_mtime_ns)
    return [unpack_frames(load_file(file)["frames"]) for file in files]


def test_one_mouth_in_one_clip_and_the_film_of_before(film, again, mouths):
    before, _, sound = read_video(film / "film.mp4")
    said = again("--retake", "2 person 2", *mouths)  # in the film's own file
    seed = re.search(r"--retake '2 person 2:(\d+)'", said)[1]
    assert "resumes after clip 2 of 2" in said and len(stored(film, 1)) == 1
    old, new = stored(film, 2)
    moved = (old != new).any(dim=-1).any(dim=0)
    region = resize_and_crop(read_picture(Path(mouths[1])).movedim(-1, 0), 32, 48)[0]
    region[:, :24] = 0  # person 1's
    assert moved[region == 1].all() and not moved[region == 0].any()
    retaken, _, same_sound = read_video(film / "film.mp4")
    assert not torch.equal(retaken, before) and (same_sound.samples == sound.samples).all()
    again("--retake", f"2 person 2:{seed}", *mouths)
    assert len(stored(film, 2)) == 2 and torch.equal(read_video(film / "film.mp4")[0], retaken)
    again()
    assert torch.equal(read_video(film / "film.mp4")[0], before)


@pytest.mark.soak
def test_killed_it_goes_on(film, again, mouths, tmp_path):
    whole, broken = (Path(shutil.copytree(film, tmp_path / name)) for name in ("whole", "broken"))
    again(*ALL_OF_PERSON_2, *mouths, "--overwrite", folder=whole)
    program = [sys.executable, "-m", "multitalk_core", *on(broken), *ALL_OF_PERSON_2, *mouths, "--overwrite"]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # as here: sums differ by their order
    with subprocess.Popen(program, stderr=subprocess.PIPE, env=alone) as made:
        while len(list(broken.glob("store/*/clip-0001-*.safetensors"))) < 2:
            time.sleep(0.005)
            assert made.poll() is None, made.stderr.read()
        made.kill()
    again(*ALL_OF_PERSON_2, *mouths, "--overwrite", folder=broken)
    for clip in (1, 2):
        old, *_, new = stored(broken, clip)
        assert torch.equal(new, stored(whole, clip)[-1]) and not torch.equal(new, old)
    assert torch.equal(read_video(broken / "film.mp4")[0], read_video(whole / "film.mp4")[0])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--retake", "2 person 1:7"], "no face of person 1 is seen where the clip begins; give a region"),
        (["--retake", "2 person 3:7"], "There is no person 3: the film has 2"),
        (["--retake", "3 person 1:7"], "There is no clip 3: the film has 2"),
        (["--retake", "all:7"], "all retakes one person in every clip, as in all person 2"),
        (["--retake", "2 1:7"], '2 1" is not a clip: write a clip as in 3, one person in it as in 3 person'),
        (["--retake", "2 person 1:x"], "x is not a whole number"),
        (
            ["--retake", "2:7", "--region", f"{EMBEDDED}/picture.png"],
            "to retakes of one person: give a --vid",
        ),
        (["--retake", "2 person 1:7", "--region", "square.png"], "with the picture's aspect ratio"),
        (
            ["--retake", "2 person 1:7", "--region", "right.png"],
            "Clip 2: the region holds nothing of person 1",
        ),
    ],
)
def test_what_cannot_be(film, again, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    write_picture("square.png", torch.ones(40, 40, 3))
    write_picture("right.png", torch.cat([torch.zeros(400, 360, 3), torch.ones(400, 280, 3)], dim=1))
    before = (film / "film.mp4").read_bytes()
    assert sentence in again(*arguments, code=2) and (film / "film.mp4").read_bytes() == before
