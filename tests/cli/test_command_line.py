"""The command line, as its users meet it: what it makes and says."""

import math
import subprocess
import sys

import pytest
import torch
from PIL import Image

from helpers.demo_size import DEMO_HEIGHT, DEMO_WIDTH
from helpers.film_command import (
    ADAPTER,
    BOXES,
    PICTURE,
    SMALL,
    TWO_VOICES,
    VOICES,
    generate,
    run,
    tone,
    write_mask,
    write_wave,
)
from multitalk_core.cli.main import main, make_parser
from multitalk_core.cli.options.film_options import film_size
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.media.picture import read_picture
from multitalk_core.media.video_writer import read_video


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film of two clips, and what was printed about it."""
    folder = tmp_path_factory.mktemp("film")
    process = run(folder)
    printed = process.communicate()
    assert process.returncode == 0, printed[1]
    return folder, *printed


def test_generate_makes_a_film_with_sound(film):
    folder, *_ = film
    frames, fps, sound = read_video(folder / "film.mp4")
    assert frames.shape == (9, 32, 48, 3) and fps == 25
    assert math.isclose(sound.seconds, 9 / 25, abs_tol=0.01) and abs(sound.samples).max() > 0.05


def test_generate_draws_beside_the_film(film):
    folder, *_ = film
    names = {"film.mp4", "film.persons.png", "film.localization.png", "film.timeline.png", "film.drift.png"}
    assert {file.name for file in folder.iterdir()} == names
    with Image.open(folder / "film.persons.png") as drawing:
        assert drawing.size == (640, 400)


def test_generate_says_what_it_does_and_did(film):
    _, said, shown = film
    before, after = said.split("\n\n")
    assert "9 frames, 0.36 s at 25 frames/s, 48×32" in before
    assert "2 of 5 frames, 12 tokens each" in before and "2 steps of 3 passes each, shift 7" in before
    assert "film.localization.png" in after and "s a step" in after and "GB at most" in after
    shares = [int(part.split("%")[0].split()[-1]) for part in after.split("located")[1].split(",")[:3]]
    assert 98 <= sum(shares) <= 102
    assert "clip 2 of 2" in shown and "4/4" in shown


def test_the_same_seed_gives_the_same_film(film, tmp_path):
    folder, *_ = film
    assert generate(tmp_path, *TWO_VOICES, *BOXES, *SMALL) == 0
    assert torch.equal(read_video(folder / "film.mp4")[0], read_video(tmp_path / "film.mp4")[0])


def test_until_the_voices_end_and_places(tmp_path):
    voice = write_wave(tmp_path / "short.wav", tone(0.24))
    places = ["--place", f"1:0:{voice}", "--place", f"2:0.12:{voice}", "--place", "3:0:none"]
    options = ["--persons", "parts", "--size", "96x32", "--steps", "1", "--scheme", "routed"]
    assert generate(tmp_path, *places, *options, "--audio-scale", "1") == 0
    assert len(read_video(tmp_path / "film.mp4")[0]) == 9


def test_a_recording_and_its_table(tmp_path, capsys):
    recording = write_wave(tmp_path / "talk.wav", tone(0.4))
    (tmp_path / "talk.csv").write_text("speaker,start,end\nann,0,0.2\nbob,0.2,0.4\n")
    table = ["--recording", recording, "--table", str(tmp_path / "talk.csv"), "--names", "bob", "ann"]
    scheme = ["--scheme", "concat", "--text-scale", "1", "--audio-scale", "1", "--ending", "mirror"]
    small = ["--size", "48x32", "--clip-frames", "9", "--motion-frames", "1", "--steps", "1"]
    assert generate(tmp_path, *BOXES, *table, *scheme, *small, "--frames", "9") == 0
    assert "1 step of 1 pass each" in (said := capsys.readouterr().out) and "does not locate persons" in said
    assert not (tmp_path / "film.localization.png").exists()


def test_order_of_boxes_and_masks(tmp_path, capsys):
    masks = ["--masks", write_mask(tmp_path / "r.png", 340, 576), write_mask(tmp_path / "l.png", 64, 300)]
    command = ["localize", "--picture", str(PICTURE), "--output", str(tmp_path / "persons.png"), *masks]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("person 1: 64,50,300,400, ")
    assert main([*command, "--speakers-order", "given", "--overwrite"]) == 0
    assert capsys.readouterr().out.startswith("person 1: 340,50,576,400, ")


def test_a_box_may_start_outside_the_picture(tmp_path, capsys):
    command = ["localize", "--picture", str(PICTURE), "--output", str(tmp_path / "persons.png")]
    assert main([*command, "--boxes", "-10,-10,300,400", "340,-.5,576,400"]) == 0
    assert capsys.readouterr().out.startswith("person 1: 0,0,300,400, ")
    assert main([*command, "--boxes", "-x,0,300,400", "--overwrite"]) == 2
    assert "--boxes: expected at least one argument" in capsys.readouterr().err


def test_inspect_names_what_is_in_a_file(capsys):
    assert main(["inspect", str(ADAPTER), str(EMBEDDED / EMBEDDED_FILES["vae"])]) == 0
    said = capsys.readouterr().out
    assert "MultiTalk or InfiniteTalk audio adapter" in said and "Wan VAE" in said


def test_a_missing_file_and_help():
    done = subprocess.run(
        [sys.executable, "-m", "multitalk_core", "inspect", "nowhere.safetensors"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == "Error: nowhere.safetensors does not exist: check the path, or download the file first.\n"
    )


COMMANDS = (
    "generate",
    "demo",
    "inspect",
    "localize",
    "films",
    "prepare",
    "train",
    "evaluate",
    "benchmark",
    "farm",
)


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([*command, "--help"])
    said = capsys.readouterr().out
    assert left.value.code == 0 and said.startswith("usage: python -m multitalk_core")
    assert max(map(len, said.splitlines())) <= 110


def test_one_marked_voice_among_bystanders_is_routed(tmp_path, capsys):
    small = ["--size", "96x64", "--frames", "5", "--clip-frames", "5", "--motion-frames", "1", "--steps", "1"]
    one = ["--voice", str(VOICES[0]), *small]
    assert generate(tmp_path, *one, "--boxes", "64,56,300,400") == 0
    assert "scheme routed" in capsys.readouterr().out
    assert generate(tmp_path, *one, "--persons", "parts", "--overwrite") == 0
    assert "scheme l-rope" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ([], (DEMO_HEIGHT, DEMO_WIDTH)),  # the miniature's own
        (["--size", "0x0"], (DEMO_HEIGHT, DEMO_WIDTH)),
        (["--size", "0×0"], (DEMO_HEIGHT, DEMO_WIDTH)),
        (["--resolution", "480"], (512, 768)),
        (["--resolution", "720"], (768, 1216)),
        (["--size", "0x0", "--model", str(EMBEDDED)], (512, 768)),
        (["--size", "64x48"], (48, 64)),
    ],
)
def test_a_size_of_0x0_is_as_the_picture(options, size):
    command = ["generate", "--picture", str(PICTURE), *TWO_VOICES, *options]
    assert film_size(make_parser().parse_args(command), read_picture(PICTURE)) == size
