"""The examples run as their first lines say, and README shows them as they are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from multitalk_core.media.video_writer import read_video

PACK = Path(__file__).parents[2]
EXAMPLES = PACK / "docs" / "examples"


def run(example: str, folder: Path) -> str:
    """Run an example in a folder of its own, and return what it says."""
    ran = subprocess.run(
        [sys.executable, EXAMPLES / example],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PACK)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    return ran.stdout


def test_one_clip_is_a_film(tmp_path):
    assert run("one_clip.py", tmp_path) == "clip.mp4: 13 frames\n"
    frames, fps, sound = read_video(tmp_path / "clip.mp4")
    assert frames.shape == (13, 96, 144, 3) and fps == 25 and sound is not None


def test_your_own_wan_hears_the_voices(tmp_path):
    assert "velocity (16, 3, 8, 12)" in run("patch_your_own_wan.py", tmp_path)


def test_a_scheme_of_your_own_differs(tmp_path):
    assert float(re.search(r"by ([\d.]+)%", run("new_scheme.py", tmp_path))[1]) > 1


def test_a_host_written_out_has_the_voices(tmp_path):
    assert float(re.search(r"by ([\d.]+)%", run("new_host.py", tmp_path))[1]) > 1


@pytest.mark.parametrize("example", ["headless.py", "one_clip.py"])
def test_readme_shows_the_example(example):
    program = (EXAMPLES / example).read_text().split('"""\n\n', 1)[1]
    assert f"```python\n{program}```\n" in (PACK / "README.md").read_text(), example
