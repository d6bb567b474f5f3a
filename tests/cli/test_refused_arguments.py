"""What the command line refuses, with a sentence and without a file."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.film_command import (
    ADAPTER,
    BOXES,
    PICTURE,
    SMALL,
    TWO_VOICES,
    VOICES,
    generate,
    tone,
    write_mask,
    write_wave,
)
from multitalk_core.checkpoint import write_adapter
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.adapter_shape import AdapterShape


@pytest.fixture
def refused(tmp_path, capsys):
    """Call generate with something wrong; the sentence that it says."""

    def sentence(*arguments: str, persons: list[str] = BOXES, picture: Path | str = PICTURE) -> str:
        folder = tmp_path / "out"
        folder.mkdir()
        assert generate(folder, *persons, *SMALL, *arguments, picture=picture) == 2
        said = capsys.readouterr()
        assert said.err.startswith("Error: ") and said.err.count("\n") == 1 and "Traceback" not in said.err
        assert not list(folder.iterdir())
        return said.err

    return sentence


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "There is no file at"), (b"", "empty file"), (b"\x89PNG\r\n\x1a\nbroken", "broken")],
)
def test_bad_pictures(refused, tmp_path, content, reason):
    picture = tmp_path / "picture.png"
    if content is not None:
        picture.write_bytes(content)
    assert reason in refused(*TWO_VOICES, picture=picture)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "There is no file at"), (b"", "is an empty file"), (b"RIFF----WAVE no", "cannot be read")],
)
def test_bad_audio(refused, tmp_path, content, reason):
    voice = tmp_path / "voice.wav"
    if content is not None:
        voice.write_bytes(content)
    assert reason in refused("--voice", str(voice), "--voice", "none")


def test_samples_that_are_not_numbers(refused, tmp_path):
    voice = write_wave(tmp_path / "nan.wav", np.full(8000, np.nan, np.float32))
    assert "NaN" in refused("--voice", voice, "--voice", "none")


def test_every_voice_silent(refused, tmp_path):
    voice = write_wave(tmp_path / "silence.wav", np.zeros(16000, np.float32))
    assert "Every voice is silent" in refused("--voice", voice, "--voice", voice)


def test_only_listeners(refused):
    assert "No speaker has a voice" in refused("--voice", "none", "--voice", "none")


def test_a_voice_shorter_than_one_window(refused, tmp_path):
    voice = write_wave(tmp_path / "short.wav", tone(0.1))
    assert "0.2 seconds (5 video frames)" in refused("--voice", voice, "--voice", "none")


def test_more_voices_than_persons_and_the_reverse(refused, tmp_path):
    assert "3 voices but only 2 person(s)" in refused(*TWO_VOICES, "--voice", "none")
    (tmp_path / "out").rmdir()
    assert "2 persons but only 1 voice(s)" in refused("--voice", str(VOICES[0]))


def test_fewer_faces_than_voices(refused, tmp_path):
    Image.new("RGB", (64, 64), "grey").save(tmp_path / "grey.png")
    said = refused(*TWO_VOICES, persons=[], picture=tmp_path / "grey.png")
    assert "Nobody was found" in said and "draw a box" in said


def test_overlapping_masks(refused, tmp_path):
    masks = [write_mask(tmp_path / "a.png", 0, 400), write_mask(tmp_path / "b.png", 200, 600)]
    assert "overlap" in refused(*TWO_VOICES, persons=["--masks", *masks])


def test_an_empty_mask(refused, tmp_path):
    masks = [write_mask(tmp_path / "a.png", 0, 300), write_mask(tmp_path / "b.png", 300, 300)]
    assert "mask of person 2 is empty" in refused(*TWO_VOICES, persons=["--masks", *masks])


def test_masks_of_another_size(refused, tmp_path):
    names = [tmp_path / "a.png", tmp_path / "b.png"]
    masks = [write_mask(names[0], 0, 100, (200, 100)), write_mask(names[1], 110, 200, (200, 100))]
    assert "200×100" in (said := refused(*TWO_VOICES, persons=["--masks", *masks])) and "640×400" in said


def test_a_box_outside_the_picture(refused):
    boxes = ["--boxes", "0,0,300,400", "700,0,900,400"]
    assert "box of person 2" in refused(*TWO_VOICES, persons=boxes)


@pytest.mark.parametrize("name", ["--frames", "--clip-frames", "--motion-frames"])
def test_frame_counts(refused, name):
    assert "is 80, but Wan makes 4n + 1 frames: use 77 or 81" in refused(*TWO_VOICES, name, "80")


def test_motion_frames_as_long_as_the_clip(refused):
    assert "leave nothing new" in refused(*TWO_VOICES, "--clip-frames", "5", "--motion-frames", "5")


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ("100x64", "width is 100,"),
        ("64x100", "use 96 or 112"),
        ("0x480", "0 is not a whole number from 16"),
        ("big", "832x448"),
    ],
)
def test_sizes(refused, size, reason):
    assert reason in refused(*TWO_VOICES, "--size", size)


def test_an_unknown_scheme(refused):
    assert "choose from" in (said := refused(*TWO_VOICES, "--scheme", "magic")) and "routed" in said


@pytest.mark.parametrize("ranges", ["wide", "0:4/12/2", "0:4,20:24/12/x,22"])
def test_label_ranges(refused, ranges):
    assert "label ranges" in refused(*TWO_VOICES, "--label-ranges", ranges)


@pytest.mark.parametrize(("depth", "width"), [(8, 128), (6, 256)])
def test_an_adapter_of_another_depth_or_width(refused, tmp_path, depth, width):
    shape = AdapterShape(tuple(range(depth)), width, 64, 4, 128, window=5, feature_size=256)
    write_adapter(tmp_path / "adapter.safetensors", AudioAdapter(shape, 4).state_dict())
    said = refused(*TWO_VOICES, "--adapter", str(tmp_path / "adapter.safetensors"))
    assert "embedded demo" in said and ("block 7" if depth == 8 else "256") in said


def test_a_pickle_for_an_adapter(refused, tmp_path):
    torch.save({"weight": torch.zeros(1)}, tmp_path / "adapter.pt")
    said = refused(*TWO_VOICES, "--adapter", str(tmp_path / "adapter.pt"))
    assert "is a pickle" in said and ".safetensors" in said


def test_a_truncated_adapter(refused, tmp_path):
    whole = ADAPTER.read_bytes()
    (tmp_path / "adapter.safetensors").write_bytes(whole[: len(whole) // 2])
    assert "cut short" in refused(*TWO_VOICES, "--adapter", str(tmp_path / "adapter.safetensors"))


def test_something_else_for_an_adapter(refused):
    assert "Error: " in refused(*TWO_VOICES, "--adapter", str(EMBEDDED / EMBEDDED_FILES["vae"]))


def test_an_audio_encoder_of_another_size(refused, tmp_path, capsys):
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    config = Wav2Vec2Config(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(16,) * 7,
        num_conv_pos_embedding_groups=2,
    )
    Wav2Vec2Model(config).save_pretrained(tmp_path / "encoder")
    capsys.readouterr()  # transformers shows that it writes
    said = refused(*TWO_VOICES, "--audio-encoder", str(tmp_path / "encoder"))
    assert "64 features per frame" in said and "256" in said


def test_a_model_folder_that_is_none(refused, tmp_path):
    assert "--adapter" in refused(*TWO_VOICES, "--model", str(tmp_path))


def test_a_device_that_is_not_there(refused):
    assert "device cuda:99 is not available" in refused(*TWO_VOICES, "--device", "cuda:99")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--recording", "talk.wav"],
        [*TWO_VOICES, "--place", "1:0:a.wav"],
        ["--place", "somewhere"],
        ["--place", f"1:0:{VOICES[0]}", "--order", "in-turn"],
        [*TWO_VOICES, "--steps", "0"],
        [*TWO_VOICES, "--seed", "-1"],
        [*TWO_VOICES, "--colour-strength", "2"],
        [*TWO_VOICES, "--recorded-step", "3"],
        [*TWO_VOICES, "--film", "a.mp4"],
    ],
)
def test_arguments_that_make_no_sense(refused, arguments):
    refused(*arguments)


VOICE = str(VOICES[0])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--fps", "1e6"], "--fps: 1e6 is not a number from 1.0 to 60.0"),
        (["--fps", "nan"], "--fps: nan is not a number"),
        (["--steps", "1000000000"], "--steps: 1000000000 is not a whole number from 1 to 1000"),
        (["--frames", "900001"], "--frames: 900001 is not a whole number from 1 to 900000"),
        (["--frames", "9" * 5000], "9 … 9"),
        (["--shift", "1e308"], "--shift: 1e308 is not a number from 0.1 to 100.0"),
        (["--shift", "-inf"], "--shift"),
        (["--audio-scale", "inf"], "--audio-scale: inf is not a number from 0.0 to 100.0"),
        (["--seed", "18446744073709551616"], "--seed"),
        (["--size", "16400x16400"], "--size: 16400 is not a whole number from 16 to 16384"),
        (["--place", f"1:1e12:{VOICE}"], "--place: 1e12 is not a number from 0.0 to 36000.0"),
        (["--place", f"99:0:{VOICE}"], "--place: 99 is not a whole number from 1 to 8"),
        (["--place", f"1:nan:{VOICE}"], "--place: nan is not a number"),
        (["--voice", VOICE] * 9, "--voice is given for 9 speakers, but 8 is the maximum"),
        (["--boxes", *["0,0,9,9"] * 9, *TWO_VOICES], "--boxes marks 9 persons, but 8 is the maximum"),
        (["--boxes", "nan,0,9,9"], "--boxes: nan,0,9,9 is not a box"),
        (["--prompt", "a" * 100_001], "--prompt: a text of 100001 characters is too long"),
        (["--prompt", "\udcff"], "--prompt: \\udcff is not valid UTF-8"),
        (["--prompt-at", "1e12:x"], "--prompt-at: 1e12 is not a number"),
        (["--retake", "1:18446744073709551616"], "--retake"),
        (["--label-ranges", "nan:4,20:24/12/2,22", *TWO_VOICES], "label ranges"),
        (["--device", "meta", *TWO_VOICES], "device meta is not available"),
        (
            ["--adapter", "nowhere.safetensors"],
            "--adapter: There is no file or folder at nowhere.safetensors",
        ),
        (["--store-limit", "nan"], "--store-limit"),
    ],
)
def test_numbers_and_texts_past_their_limits(refused, arguments, reason):
    said = refused(*arguments)
    assert all(part in said for part in reason.split(" … ")) and len(said) < 1100


def test_a_table_is_read_before_anything_else(refused, tmp_path):
    (tmp_path / "talk.csv").write_text("speaker,start,end\nann,2,1\n")
    (tmp_path / "broken.wav").write_text("no sound")
    table = ["--recording", str(tmp_path / "broken.wav"), "--table", str(tmp_path / "talk.csv")]
    assert "Turn 1" in refused(*table)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--retake", "7"], "There is no clip 7: the film has 2"),
        (["--stop-after", "7"], "There is no clip 7"),
        (["--prompt-at", "7:They laugh."], "lies after the film's end"),
    ],
)
def test_clips_that_do_not_exist_are_reported_before_models_are_read(refused, tmp_path, arguments, reason):
    (tmp_path / "adapter.safetensors").write_text("none")
    assert reason in refused(*TWO_VOICES, *arguments, "--adapter", str(tmp_path / "adapter.safetensors"))


@pytest.mark.parametrize("way", ["pipe", "device", "folder", "loop", "long"])
def test_what_is_no_file(refused, tmp_path, way):
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    (tmp_path / "loop").symlink_to("loop")
    names = {
        "pipe": pipe,
        "device": "/dev/zero",
        "folder": tmp_path,
        "loop": tmp_path / "loop",
        "long": "x" * 300,
    }
    said = refused("--voice", str(names[way]))
    assert said.startswith("Error: argument --voice: ")


def test_more_than_the_main_memory_is_refused_with_the_figures(refused, tmp_path, monkeypatch):
    monkeypatch.setattr("multitalk_core.guards.memory.machine_bytes", lambda: 3 * 10**9)
    said = refused(*TWO_VOICES, "--size", "8192x8192", "--clip-frames", "9")
    assert "A clip of 9 frames of 8192×8192 takes 14.5 GB of main memory at once, and this machine" in said
    monkeypatch.setattr("multitalk_core.guards.memory.machine_bytes", lambda: 505_000)
    (tmp_path / "out").rmdir()
    said = refused(*TWO_VOICES)
    assert "Encoding 2 voices of 4 seconds takes 0.0 GB" in said and "--ignore-memory" in said
    assert generate(tmp_path, *TWO_VOICES, *BOXES, *SMALL, "--no-store", "--ignore-memory") == 0


@pytest.mark.parametrize("output", ["film.avi", "nowhere/film.mp4"])
def test_outputs_that_cannot_be(tmp_path, capsys, output):
    command = ["generate", "--picture", str(PICTURE), *TWO_VOICES, *BOXES, *SMALL]
    assert main([*command, "--output", str(tmp_path / output)]) == 2
    assert capsys.readouterr().err.startswith("Error: ") and not list(tmp_path.iterdir())


def test_persons_are_followed_only_where_the_film_depends_on_it(refused):
    infinite = ("--continuation", "infinitetalk", "--follow-persons")
    assert "choose the continuation multitalk" in refused(*TWO_VOICES, *infinite)
