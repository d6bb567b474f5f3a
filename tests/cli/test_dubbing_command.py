"""Dubbing a cartoon video from the command line: its motion stays, its mouths change."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import Tensor

from helpers.drifting_scene import drifting_scene, moving_mouths
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.evaluation.mouth_openness import find_faces, follow_faces, mouth_openness
from multitalk_core.media.picture import resize_and_crop, write_picture
from multitalk_core.media.video_file import VideoFile
from multitalk_core.media.video_source import FittedVideo
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.toy_world.scene import Scene

VOICES = [part for number in (1, 2) for part in ("--voice", f"{EMBEDDED}/voice_{number}.flac")]
DEMO = ["--size", "96x64", "--clip-frames", "13", "--steps", "4", "--shift", "3"]
DEMO += ["--text-scale", "1", "--audio-scale", "2"]
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def scene() -> Scene:
    return drifting_scene()


@pytest.fixture(scope="module")
def talk(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """35 pictures of the scene as an mp4 of 30 a second: 29 frames of a film."""
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    with VideoWriter(path, 288, 192, fps=30) as writer:
        writer.append(scene.frames(moving_mouths(35), 192))
    return path


@pytest.fixture(scope="module")
def dub(scene: Scene, talk: Path):
    """The command that dubs the talk, without its output."""
    boxes = [",".join(str(round(edge * 192)) for edge in box) for box in scene.boxes()]
    return ["generate", "--video", str(talk), "--boxes", *boxes, *VOICES, *DEMO, "--overwrite"]


@pytest.fixture(scope="module")
def dubbed(dub: list[str], talk: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    """The video at the film's size, and films of it by strength."""
    film = tmp_path_factory.mktemp("dubbed") / "film.mp4"
    films = {"video": FittedVideo(VideoFile.open(talk), 64, 96, 25.0).frames(0, 29)}
    for denoise in ("0.1", "0.6", "1"):
        assert main([*dub, "--no-store", "--denoise", denoise, "--output", str(film)]) == 0
        films[denoise] = read_video(film)[0]
    return films


def test_the_film_lasts_as_long_as_the_video(dubbed):
    assert {len(film) for film in dubbed.values()} == {29}


def test_the_motion_is_kept(dubbed, scene):
    faces = find_faces(scene.frames(moving_mouths(1), 400)[0])
    paths = {name: follow_faces(film, faces) for name, film in dubbed.items()}
    strayed = {name: (path - paths["video"]).norm(dim=-1).mean() for name, path in paths.items()}
    assert strayed["0.1"] < 0.6 * strayed["1"], strayed


def test_stronger_denoise_changes_the_mouths(dubbed, scene):
    faces = find_faces(scene.frames(moving_mouths(1), 400)[0])
    before = mouth_openness(dubbed["video"], faces)
    likeness = {
        name: torch.corrcoef(torch.cat([before, mouth_openness(film, faces)]))[[0, 1], [2, 3]].mean()
        for name, film in dubbed.items()
    }
    assert likeness["video"] > 0.99 and likeness["0.1"] > likeness["0.6"] + 0.1, likeness


def test_killed_it_goes_on(dub, dubbed, tmp_path, capsys):
    command = [*dub, "--denoise", "0.6", "--store", str(tmp_path), "--output", str(tmp_path / "film.mp4")]
    # As many threads as here: sums differ by their order.
    alone = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    program = [sys.executable, "-m", "multitalk_core", *command]
    with subprocess.Popen(program, stderr=subprocess.PIPE, env=alone) as made:
        while not list(tmp_path.glob("*/clip-0001-*.safetensors")):
            time.sleep(0.02)
            assert made.poll() is None, made.stderr.read()
        made.kill()
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "resumes after clip" in said
    assert torch.equal(read_video(tmp_path / "film.mp4")[0], dubbed["0.6"])
    assert (
        "1.17 s at 30 pictures/s, resampled by their times to 25; the voices replace its sound; their last"
        in said
    )
    assert "denoise 0.6: the steps begin at 82% noise" in said


def test_another_strength_or_video_is_another_film(dub, talk, tmp_path, capsys):
    command = [*dub, "--steps", "1", "--stop-after", "1", "--store", str(tmp_path)]
    command += ["--output", str(tmp_path / "film.mp4")]
    assert main(command) == 0
    capsys.readouterr()
    assert main([*command, "--denoise", "0.3"]) == 0
    assert "every clip differs from the last film.mp4: denoise changed" in "".join(capsys.readouterr())
    os.utime(talk, (1e9, 1e9))
    assert main([*command, "--denoise", "0.3"]) == 0
    assert "every clip differs from the last film.mp4: video changed" in "".join(capsys.readouterr())
    assert main([*command, "--frames", "33"]) == 0
    assert "its last picture stays to the film's end" in capsys.readouterr().out


def test_with_a_mask_only_the_mouths_are_regenerated(dub, talk, scene, tmp_path, capsys):
    """A still mask over the faces, at twice the video's size, and the same as a video: elsewhere the picture
    stays, but for H.264."""
    mask = torch.zeros(384, 576, 3)
    for left, top, right, bottom in scene.boxes():
        mask[round(top * 384) : round(bottom * 384), round(left * 384) : round(right * 384)] = 1.0
    write_picture(tmp_path / "mask.png", mask)
    with VideoWriter(tmp_path / "mask.mp4", 576, 384, fps=30) as writer:
        writer.append(mask.expand(35, -1, -1, -1))
    inside = resize_and_crop(mask.movedim(-1, 0), 64, 96)[0] > 0.02
    seen = FittedVideo(VideoFile.open(talk), 64, 96, 25.0).frames(0, 29)
    store = ["--store", str(tmp_path / "store"), "--output", str(tmp_path / "film.mp4")]
    for name in ("mask.png", "mask.mp4"):
        assert main([*dub, "--denoise", "1", "--region", str(tmp_path / name), *store]) == 0
        changed = (read_video(tmp_path / "film.mp4")[0] - seen).abs().mean((0, -1))
        assert changed[~inside].mean() < 0.015 and changed[inside].mean() > 0.04, changed[inside].mean()
    said = "".join(capsys.readouterr())
    assert "region changed" in said and "only where the region is white" in said


def test_persons_are_located_in_the_first_picture(talk, tmp_path, capsys):
    command = ["localize", "--video", str(talk), "--persons", "parts", "--count", "2"]
    assert main([*command, "--output", str(tmp_path / "persons.png")]) == 0
    assert "person 1: 7,9,136,182" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--denoise", "0"], "0 is not a number from 0.01 to 1.0"),
        (["--denoise", "2"], "2 is not a number from 0.01 to 1.0"),
        (["--ending", "mirror"], "A dubbed film ends with its video"),
        (["--picture", f"{EMBEDDED}/picture.png"], "not allowed with argument"),
        (["--video", "nowhere.mp4"], "--video: There is no file at nowhere.mp4"),
        (["--region", "nowhere.png"], "--region: There is no file at nowhere.png"),
        (["--region", "short.mp4"], "The region ends after 0.33 s and the video after 1.17 s"),
        (
            ["--region", f"{EMBEDDED}/picture.png", "--size", "96x48"],
            "with the video's aspect ratio",
        ),
        (["--region", "black.png"], "The region is black everywhere"),
    ],
)
def test_what_cannot_be(dub, tmp_path, capsys, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    write_picture("black.png", torch.zeros(64, 96, 3))
    with VideoWriter("short.mp4", 288, 192, fps=30) as writer:
        writer.append(torch.zeros(10, 192, 288, 3))
    assert main([*dub, *arguments, "--output", "film.mp4"]) == 2
    assert sentence in capsys.readouterr().err and sorted(os.listdir()) == ["black.png", "short.mp4"]


def test_denoise_and_region_need_a_video(capsys):
    of_picture = ["generate", "--picture", f"{EMBEDDED}/picture.png", *VOICES]
    assert main([*of_picture, "--denoise", "0.5"]) == 2
    assert "--denoise applies to dubbing" in capsys.readouterr().err
    assert main([*of_picture, "--region", f"{EMBEDDED}/picture.png"]) == 2
    assert "--region applies to dubbing" in capsys.readouterr().err
