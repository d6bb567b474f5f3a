"""The film on disk: what a player shows and plays, and what is left when writing fails."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from multitalk_core.audio.waveform import Waveform
from multitalk_core.errors import MultiTalkError
from multitalk_core.media.video_writer import VideoWriter, read_video

WIDTH, HEIGHT = 64, 48


def flashes(count: int, lit: int) -> torch.Tensor:
    """Dark frames with one white frame."""
    frames = torch.full((count, HEIGHT, WIDTH, 3), 0.1)
    frames[lit] = 0.9
    return frames


def click(rate: int, seconds: float, at: float, channels: int = 1) -> Waveform:
    samples = np.zeros((channels, round(seconds * rate)), np.float32)
    samples[:, round(at * rate)] = 0.9
    return Waveform(samples, rate)


def click_time(sound: Waveform) -> float:
    return float(np.abs(sound.samples).max(0).argmax()) / sound.rate


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000, 192000, 37800])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_click_sounds_with_its_frame(tmp_path, rate, channels):
    path = tmp_path / "film.mp4"
    with VideoWriter(path, WIDTH, HEIGHT, sound=click(rate, 2.0, 24 / 25, channels)) as writer:
        writer.append(flashes(13, 0)[1:])
        writer.append(flashes(21, 12))
    frames, fps, sound = read_video(path)
    assert frames.shape == (33, HEIGHT, WIDTH, 3) and fps == 25
    assert frames.mean((1, 2, 3)).argmax() == 24
    assert len(sound.samples) == channels
    assert click_time(sound) == pytest.approx(24 / 25, abs=1e-3)
    assert sound.samples.shape[1] == round(33 / 25 * sound.rate)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_a_film_plays_while_it_grows(tmp_path, rate):
    path = tmp_path / "film.mp4"
    with VideoWriter(path, WIDTH, HEIGHT, sound=click(rate, 8.0, 24 / 25)) as writer:
        for clip in range(5):
            writer.append(flashes(40, 24 if clip == 0 else -1))
        assert not path.exists()
        frames, fps, sound = read_video(shutil.copy(writer.growing, tmp_path / "so_far.mp4"))
        assert 100 <= len(frames) < 200 and fps == 25
        assert frames[:40].mean((1, 2, 3)).argmax() == 24
        assert click_time(sound) == pytest.approx(24 / 25, abs=1e-3)
    whole, _, sound = read_video(path)
    assert len(whole) == 200 and torch.equal(whole[: len(frames)], frames)
    assert click_time(sound) == pytest.approx(24 / 25, abs=1e-3)
    assert not writer.growing.exists()


WRITE_WAVES = """
import sys, torch
from multitalk_core.media.video_writer import VideoWriter
height, width = 240, 416
rows, columns = torch.linspace(0, 12, height)[:, None], torch.linspace(0, 20, width)
with VideoWriter(sys.argv[1], width, height) as writer:
    for frame in range(40):
        waves = (rows + frame / 3).sin() * (columns - frame / 5).cos() * (rows * columns + frame).sin()
        writer.append((waves / 2 + 0.5)[None, :, :, None].expand(1, height, width, 3))
"""


def test_the_same_frames_give_the_same_film_whatever_lay_in_memory(tmp_path):
    films = [tmp_path / f"{byte}.mp4" for byte in (1, 85, 170)]
    for film in films:
        filled = {**os.environ, "MALLOC_PERTURB_": film.stem}  # glibc fills new memory by it
        subprocess.run([sys.executable, "-c", WRITE_WAVES, str(film)], check=True, env=filled)
    assert len({film.read_bytes() for film in films}) == 1


def test_two_runs_do_not_write_the_same_film(tmp_path):
    with VideoWriter(tmp_path / "film.mp4", WIDTH, HEIGHT) as writer:
        writer.append(flashes(9, 0))
        with (
            pytest.raises(MultiTalkError, match="Another run is writing"),
            VideoWriter(tmp_path / "film.mp4", WIDTH, HEIGHT),
        ):
            pytest.fail("both would write the same file")
    assert len(read_video(tmp_path / "film.mp4")[0]) == 9


def test_ffmpeg_sees_the_same_film(tmp_path):
    path = tmp_path / "film.mp4"
    with VideoWriter(path, WIDTH, HEIGHT, sound=click(22050, 0.5, 0.2)) as writer:
        writer.append(flashes(30, 5))
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    probe = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)]
    picture, sound = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)["streams"]
    assert (picture["codec_name"], picture["pix_fmt"], picture["color_space"]) == ("h264", "yuv420p", "bt709")
    assert (picture["nb_frames"], picture["r_frame_rate"]) == ("30", "25/1")
    assert sound["codec_name"] == "aac"
    assert float(picture["duration"]) == float(sound["duration"]) == 30 / 25  # a short voice ends in silence
    decode = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-"]
    played = np.frombuffer(subprocess.run(decode, capture_output=True, check=True).stdout, np.float32)
    assert np.abs(played).argmax() / 22050 == pytest.approx(0.2, abs=1e-3)


def test_a_player_can_start_before_the_end_is_loaded(tmp_path):
    path = tmp_path / "film.mp4"
    with VideoWriter(path, WIDTH, HEIGHT) as writer:
        writer.append(flashes(9, 0))
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_colours_and_broken_frame_rates_survive(tmp_path):
    path = tmp_path / "film.mp4"
    colour = torch.tensor([0.8, 0.2, 0.1])
    with VideoWriter(path, WIDTH, HEIGHT, fps=23.976) as writer:
        writer.append(colour.expand(10, HEIGHT, WIDTH, 3))
    frames, fps, sound = read_video(path)
    assert (frames - colour).abs().max() < 0.02
    assert fps == pytest.approx(23.976)
    assert sound is None


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_broken_run_leaves_the_old_film(tmp_path, failure):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"an older film")
    with pytest.raises(failure), VideoWriter(path, WIDTH, HEIGHT, sound=click(16000, 1, 0.5)) as writer:
        writer.append(flashes(5, 0))
        raise failure
    assert [file.name for file in tmp_path.iterdir()] == ["film.mp4"]
    assert path.read_bytes() == b"an older film"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("no/film.mp4", "does not exist"),
        (".", "is a folder"),
        pytest.param(
            "/proc/film.mp4",
            "cannot be written",
            marks=pytest.mark.skipif(
                sys.platform != "linux", reason="/proc takes no files, not even from root"
            ),
        ),
    ],
)
def test_a_bad_place_is_refused_before_any_frame_is_made(tmp_path, path, sentence):
    with pytest.raises(MultiTalkError, match=sentence), VideoWriter(tmp_path / path, WIDTH, HEIGHT):
        pytest.fail("hours of sampling would begin here")


FULL_DISK = """
import resource, signal, sys
import torch
from multitalk_core.errors import MultiTalkError
from multitalk_core.media.video_writer import VideoWriter

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    with VideoWriter(sys.argv[1], 256, 256) as writer:
        writer.append(torch.rand(6, 256, 256, 3, generator=torch.manual_seed(0)))
except MultiTalkError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("limit", [0, 1000, 100_000, 250_000])
def test_a_full_disk(tmp_path, limit):
    path = tmp_path / "film.mp4"
    command = [sys.executable, "-c", FULL_DISK, str(path), str(limit)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "cannot be written" in result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no video at all"])
def test_what_is_no_video_is_refused(tmp_path, content):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(MultiTalkError, match="cannot be read as a video"):
        read_video(path)
    with pytest.raises(MultiTalkError, match="cannot be read as a video"):
        read_video(tmp_path / "missing.mp4")


def test_surround_becomes_stereo(tmp_path):
    path = tmp_path / "film.mp4"
    with VideoWriter(path, WIDTH, HEIGHT, sound=click(48000, 1, 0.5, channels=6)) as writer:
        writer.append(flashes(25, 12))
    _, _, sound = read_video(path)
    assert sound.channels == 2
    assert click_time(sound) == pytest.approx(0.5, abs=1e-3)
