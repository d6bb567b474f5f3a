"""The demo, made small: everything that it makes and says."""

import contextlib
import io

import numpy as np
import pytest
import torch
from PIL import Image

from multitalk_core.cli import demo_command as demo
from multitalk_core.cli.generate import generate
from multitalk_core.cli.generate_command import read_inputs
from multitalk_core.cli.main import main, make_parser
from multitalk_core.cli.options.film_files import FilmFiles
from multitalk_core.cli.options.types import box_text
from multitalk_core.media.video_writer import read_video

QUICK = ("--size", "64x48", "--frames", "9", "--clip-frames", "5", "--motion-frames", "1", "--steps", "1")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The demo's folder, and what was printed."""
    folder, printed = tmp_path_factory.mktemp("demo") / "new", io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(demo, "SETTINGS", QUICK)
        assert main(["demo", "--folder", str(folder)]) == 0
    return folder, printed.getvalue()


def test_the_demo_makes_a_film_with_sound_and_its_drawings(made):
    drawings = {"persons.png", "localization.png", "timeline.png", "drift.png", "mouths.png"}
    folder, _ = made
    films = {"film.mp4", "film.json", "film_with_mouths.mp4"}
    assert {file.name for file in folder.iterdir()} == {*films, *drawings}
    frames, _, sound = read_video(folder / "film.mp4")
    assert frames.shape == (9, 48, 64, 3) and abs(sound.samples).max() > 0.05


def test_the_drawings_show_two_persons_in_two_colours(made):
    folder, _ = made
    with Image.open(folder / "persons.png") as drawing:
        left, right = drawing.getpixel((182, 380)), drawing.getpixel((458, 380))
    assert left[2] > left[1] and right != left


def test_the_film_is_shown_again_above_its_mouths_with_its_sound(made):
    folder, said = made
    film, _, sound = read_video(folder / "film.mp4")
    shown, _, written = read_video(folder / "film_with_mouths.mp4")
    enlarged = shown.shape[2] / film.shape[2]
    assert len(shown) == len(film) and enlarged >= 4 and shown.shape[1] > film.shape[1] * enlarged + 200
    above = shown[:, : round(film.shape[1] * enlarged)].mean((1, 2))
    torch.testing.assert_close(above, film.mean((1, 2)), atol=0.05, rtol=0)
    np.testing.assert_allclose(written.samples, sound.samples, atol=0.02)
    assert str(folder / "mouths.png") in said and "own voice" in said


def test_the_demo_as_it_ships_asks_for_what_is_there():
    arguments = make_parser().parse_args(["generate", *demo.demo_arguments()])
    assert arguments.picture.is_file() and all(voice.path.is_file() for voice in arguments.voices)
    assert arguments.order == "together" and arguments.frames is None and len(arguments.boxes) == 2


def test_the_demo_says_the_command_that_makes_its_film(made):
    _, said = made
    assert "python -m multitalk_core generate --picture" in said


@pytest.mark.parametrize("voices", [(1, 2), pytest.param((2, 1), marks=pytest.mark.soak)])
def test_each_mouth_follows_its_own_voice_also_with_the_voices_swapped(tmp_path, voices):
    """The demo as it ships: the trained model binds, and swapping the voices swaps the mouths."""
    command = ["generate", "--picture", str(demo.EMBEDDED / "picture.png")]
    command += ["--boxes", *map(box_text, demo.BOXES), *demo.SETTINGS, "--output", str(tmp_path / "film.mp4")]
    for number in voices:
        command += ["--voice", str(demo.EMBEDDED / f"voice_{number}.flac")]
    film = read_inputs(make_parser().parse_args(command), FilmFiles.beside(tmp_path / "film.mp4"))
    generate(film)
    score = demo.draw_mouths(film, tmp_path / "mouths.png", tmp_path / "mouths.mp4")
    assert score.own.value > 0.5, score
    assert score.difference.low > 0.1, score


def test_a_folder_that_cannot_be_created(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["demo", "--folder", str(tmp_path / "file" / "demo")]) == 2
    assert "cannot be created" in capsys.readouterr().err
