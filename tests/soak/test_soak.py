"""Long runs: `make soak`."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.tiny_film import TinyFilm
from multitalk_core.media.video_writer import read_video

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.soak


def test_fifty_kills(tmp_path):
    command = [sys.executable, "-m", "tests.soak.kills", str(tmp_path), "--kills", "50", "--clips", "8"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "50 kills" in result.stdout


def test_three_hundred_command_lines(tmp_path):
    command = [sys.executable, "-m", "tests.soak.fuzz_command_line", str(tmp_path / "fuzz"), "--lines", "300"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 tracebacks, 0 hangs, 0 past 3 GB" in result.stdout


def test_ten_minutes(tmp_path):
    """Every frame once, and every click with its frame, to the end."""
    torch.set_num_threads(1)
    clicks = tuple(float(second) for second in range(1, 600, 13))
    film = TinyFilm(clips=198, clip_frames=81, clicks=clicks)
    film.write(tmp_path / "store", tmp_path / "film.mp4")
    frames, fps, sound = read_video(tmp_path / "film.mp4")
    assert len(frames) == film.spec.plan.frames >= 600 * fps
    assert sound.samples.shape[1] == round(len(frames) / fps * sound.rate)
    for click in clicks:
        around = slice(round((click - 0.2) * sound.rate), round((click + 0.2) * sound.rate))
        sounded = around.start + np.abs(np.diff(sound.samples[0, around])).argmax()
        assert abs(sounded / sound.rate - click) < 1e-3
