"""Voices on the command line: channels, tracks, and what is said of them."""

import os
from pathlib import Path

import numpy as np
import pytest

from helpers.sound_files import write_sound, write_video
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.cli.main import main, make_parser
from multitalk_core.cli.options import voice_options
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.errors import MultiTalkError
from multitalk_core.media.video_writer import read_video

RATE = 16000
TONE = 0.4 * np.sin(np.arange(RATE) / 9)
SMALL = ["--size", "48x32", "--clip-frames", "9", "--steps", "1", "--text-scale", "1", "--audio-scale", "1"]


@pytest.fixture
def stereo(tmp_path) -> Path:
    return write_sound(tmp_path / "talk.wav", [[(0.0, np.stack([TONE, 0 * TONE]))]])


def timeline(*arguments: str):
    parsed = make_parser().parse_args(["generate", "--picture", str(EMBEDDED / "picture.png"), *arguments])
    voice_options.check(parsed)
    return voice_options.read_timeline(parsed)


def levels(*arguments: str) -> list[float]:
    return [float(np.abs(placed.voice.samples).max()) for placed in timeline(*arguments).placed_voices]


def refused(capsys, *arguments: str) -> str:
    """What is said of arguments that cannot be right."""
    with pytest.raises((SystemExit, MultiTalkError)) as raised:
        timeline(*arguments)
    return capsys.readouterr().err + str(raised.value)


@pytest.mark.parametrize(
    ("channel", "level"),
    [("", 0.4), (":left", 0.4), (":RIGHT", 0.0), (":1", 0.4), (":2", 0.0), (":mix", 0.2)],
)
def test_a_channel_of_a_file(stereo, channel, level):
    found = levels("--voice", str(EMBEDDED / "voice_1.flac"), "--voice", f"{stereo}{channel}")
    assert found[1] == pytest.approx(level, abs=0.01)
    placed = levels("--place", f"1:0.5:{EMBEDDED / 'voice_1.flac'}", "--place", f"2:1:{stereo}{channel}")
    assert placed[1] == pytest.approx(level, abs=0.01)


def test_a_channel_of_a_recording(stereo, tmp_path):
    (tmp_path / "talk.csv").write_text("speaker,start,end\n1,0,0.4\n2,0.5,0.9\n")
    arguments = ["--recording", f"{stereo}:left", "--table", str(tmp_path / "talk.csv")]
    assert timeline(*arguments).sounds[0].waveform.channels == 1


@pytest.mark.skipif(os.name == "nt", reason="no colons in names there")
@pytest.mark.parametrize("name", ["talk.wav:left", "a:b.wav", "x:1", "C:\\talk.wav"])
def test_a_file_of_that_name_comes_first(tmp_path, name):
    write_sound(tmp_path / "v.wav", [[(0.0, TONE[None])]]).rename(tmp_path / name)
    assert levels("--voice", str(tmp_path / name)) == pytest.approx([0.4], abs=0.01)


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (":lft", "lft is not a channel: write"),
        (":3", "Speaker 1: The audio file"),
        (":left:right", "There is no file at"),
        (":0", "0 is not a channel"),
    ],
)
def test_channels_that_are_not_there(stereo, capsys, ending, said):
    assert said in refused(capsys, "--voice", f"{stereo}{ending}")


def test_tracks_are_chosen_once_for_all_or_for_each(tmp_path, stereo, capsys):
    tracks = [[(0.0, TONE[None])], [(0.0, TONE[None] / 2)]]
    talk = ["--voice", str(write_sound(tmp_path / "call.mka", tracks, default=1, languages=["eng", "ger"]))]
    assert levels(*talk, *talk) == pytest.approx([0.2, 0.2], abs=0.01)
    assert levels(*talk, *talk, "--track", "1") == pytest.approx([0.4, 0.4], abs=0.01)
    assert levels(*talk, *talk, "--track", "eng", "--track", "2") == pytest.approx([0.4, 0.2], abs=0.01)
    assert levels(*talk, "--voice", str(stereo), "--track", "1") == pytest.approx([0.4, 0.4], abs=0.01)
    assert "--track is given 2 times for 1 voices" in refused(capsys, *talk, "--track", "1", "--track", "2")
    assert "Speaker 1: The audio file" in refused(capsys, *talk, "--track", "fre")


def test_a_video_without_sound_names_speaker_and_video(tmp_path, capsys):
    silent = write_video(tmp_path / "silent.mp4")
    said = refused(capsys, "--voice", str(EMBEDDED / "voice_1.flac"), "--voice", str(silent))
    assert "Speaker 2: " in said and "silent.mp4" in said and "no sound" in said


def test_a_film_says_what_was_left_out_and_lowered(tmp_path, capsys):
    """Two loud voices, one with a damaged packet, the other late on its video's clock."""
    loud = 0.95 * TONE / np.abs(TONE).max()
    late = write_sound(tmp_path / "late.mkv", [[(0.1, loud[None])]], pictures=(0.0, 25))
    broken = write_sound(tmp_path / "broken.mp3", [[(0.0, loud[None])]], codec="libmp3lame")
    content = bytearray(broken.read_bytes())
    content[len(content) // 4 : len(content) // 4 + 150] = bytes(150)
    broken.write_bytes(content)
    film = tmp_path / "film.mp4"
    voices = ["--voice", str(broken), "--voice", str(late)]
    picture = ["--picture", str(EMBEDDED / "picture.png"), "--persons", "parts"]
    command = ["generate", *picture, *voices, *SMALL, "--frames", "9", "--output", str(film)]
    command += ["--store", str(tmp_path / "store")]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "speaker 1: " in said and "damaged and left out, at second" in said
    assert "times full scale, so the film's sound is lowered by" in said
    _, _, sound = read_video(film)
    assert 0.8 < np.abs(sound.samples).max() <= 1.0
    assert read_audio(film).seconds == pytest.approx(9 / 25, abs=0.1)
