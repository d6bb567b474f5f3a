"""A real photograph and recorded human speech, through the command line to the end."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.picture import read_picture, resize_and_crop
from multitalk_core.media.video_file import VideoFile
from multitalk_core.media.video_source import FittedVideo
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.persons.detection import find_persons
from multitalk_core.persons.face_detector import FaceDetector
from multitalk_core.persons.following import follow_video
from multitalk_core.persons.mouth_region import mouth_mask

PICTURES = Path(__file__).parent / "pictures"
VOICE = EMBEDDED / "voice_1.flac"
SPOKEN = Path("/usr/share/sounds/alsa")  # Debian's alsa-utils; GPL, so never copied here


@pytest.fixture(scope="module")
def two_astronauts(tmp_path_factory) -> Path:
    """scikit-image's portrait of Eileen Collins (NASA, public domain), twice side by side."""
    from skimage.data import astronaut

    path = tmp_path_factory.mktemp("photograph") / "two.png"
    Image.fromarray(astronaut()).save(path)
    with Image.open(path) as one:
        two = Image.new("RGB", (2 * one.width, one.height))
        two.paste(one, (0, 0))
        two.paste(one, (one.width, 0))
    two.save(path)
    return path


def test_the_faces_of_a_photograph_are_found(two_astronauts, tmp_path, capsys):
    drawing = tmp_path / "persons.png"
    assert main(["localize", "--picture", str(two_astronauts), "--output", str(drawing)]) == 0
    first, second, _ = capsys.readouterr().out.splitlines()
    edges = [[int(edge) for edge in line.split()[2].rstrip(",").split(",")] for line in (first, second)]
    # Her face is at columns 175 to 275 and rows 70 to 195 of each half.
    for (left, top, right, bottom), shift in zip(edges, (0, 512), strict=True):
        assert left < 175 + shift and right > 275 + shift and top < 80 and bottom > 195
    assert edges[0][2] <= 512 + 60 and edges[1][0] >= 512 - 60
    with Image.open(drawing) as drawn:
        assert drawn.size == (1024, 512)


def test_a_photograph_speaks_with_recorded_voices(two_astronauts, tmp_path):
    voices = [SPOKEN / "Front_Left.wav", SPOKEN / "Front_Right.wav"]
    if not all(voice.is_file() for voice in voices):
        pytest.skip("no recorded speech: install Debian's alsa-utils")
    said = [argument for voice in voices for argument in ("--voice", str(voice))]
    small = [
        "--size",
        "96x48",
        "--frames",
        "17",
        "--clip-frames",
        "9",
        "--motion-frames",
        "1",
        "--steps",
        "2",
    ]
    film = tmp_path / "film.mp4"
    command = ["generate", "--picture", str(two_astronauts), *said, "--order", "in-turn", *small]
    assert main([*command, "--output", str(film)]) == 0
    frames, fps, sound = read_video(film)
    assert frames.shape == (17, 48, 96, 3) and fps == 25
    assert sound.rate == 48000 and abs(sound.samples[:, : 17 * 48000 // 25]).max() > 0.05
    assert not torch.equal(frames[0], frames[-1])


def test_only_the_mouths_of_a_moving_photograph_are_dubbed(tmp_path, capsys):
    """Two people who move right by two pixels a picture; the second's sound is silence."""
    picture = read_picture(PICTURES / "s13.jpg")
    with VideoWriter(tmp_path / "talk.mp4", 512, 288, fps=25) as writer:
        still = resize_and_crop(picture.movedim(-1, 0), 288, 512).movedim(0, -1)
        writer.append(torch.stack([still.roll(2 * index, dims=1) for index in range(9)]))
    video = VideoFile.open(tmp_path / "talk.mp4")
    source = FittedVideo(video, 144, 256, 25.0).frames(0, 9)
    faces = follow_video(FaceDetector(), video).faces
    command = ["generate", "--video", str(tmp_path / "talk.mp4"), "--voice", str(VOICE), "--voice", "none"]
    command += ["--region", "mouths", "--denoise", "1", "--steps", "1", "--size", "256x144", "--no-store"]
    assert main([*command, "--output", str(tmp_path / "film.mp4")]) == 0
    assert "only where the region is white" in capsys.readouterr().out
    changed = (read_video(tmp_path / "film.mp4")[0] - source).abs().mean(dim=-1)
    for frame, persons in zip(changed, faces, strict=True):
        mask = mouth_mask(persons, 288, 512)[::2, ::2]
        assert frame[mask == 0].mean() < 0.02 < frame[mask == 1].mean()


@pytest.mark.parametrize("name", ["s01.jpg", "s05.jpg", "s08.jpg"])
def test_a_film_of_two_profiles_has_each_face_in_its_own_mask_after_the_crop(name, tmp_path, capsys):
    command = ["generate", "--picture", str(PICTURES / name), "--voice", str(VOICE), "--voice", str(VOICE)]
    command += ["--frames", "5", "--clip-frames", "5", "--motion-frames", "1", "--steps", "1", "--no-store"]
    command += ["--size", "96x64"]
    assert main([*command, "--output", str(tmp_path / "film.mp4")]) == 0
    assert "uncertain" not in capsys.readouterr().out and (tmp_path / "film.persons.png").exists()
    picture = read_picture(PICTURES / name)
    truth = next(each for each in json.loads((PICTURES / "truth.json").read_text()) if each["file"] == name)
    masks = find_persons(picture).fitted(64, 96).masks
    for person, (left, top, width, height) in enumerate(truth["faces"]):
        face = torch.zeros(1, *picture.shape[:2])
        row, column = top + height // 2, left + width // 2
        face[0, row - 9 : row + 9, column - 9 : column + 9] = 1
        centre = resize_and_crop(face, 64, 96, nearest=True)[0] > 0
        assert centre.any()
        assert [bool(mask[centre].all()) for mask in masks] == [person == 0, person == 1]
        assert not masks[1 - person][centre].any()
