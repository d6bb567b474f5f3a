"""The examples run, and README shows them as they are; `make soak` runs each as its first lines say."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.demo_size import DEMO_HEIGHT, DEMO_WIDTH
from multitalk_core.media.video_writer import read_video

PACK = Path(__file__).parents[2]
EXAMPLES = PACK / "docs" / "examples"


WITHOUT_FILES = ("patch_your_own_wan.py", "new_host.py", "new_scheme.py")
# One process for them, as loading takes most of their time; the new scheme comes last, the others lack it.
ONE_BY_ONE = """
import contextlib, io, json, runpy, sys
said = []
for path in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        runpy.run_path(path, run_name="__main__")
    said.append(output.getvalue())
print(json.dumps(said))
"""


def run(folder: Path, *arguments: Path | str) -> str:
    """Run Python in a folder, and return what it says."""
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PACK)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    return ran.stdout


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> dict[str, str]:
    """What the examples say that write no file."""
    paths = [EXAMPLES / example for example in WITHOUT_FILES]
    printed = run(tmp_path_factory.mktemp("examples"), "-c", ONE_BY_ONE, *paths)
    return dict(zip(WITHOUT_FILES, json.loads(printed), strict=True))


def test_one_clip_is_a_film(tmp_path):
    assert run(tmp_path, EXAMPLES / "one_clip.py") == "clip.mp4: 13 frames\n"
    frames, fps, sound = read_video(tmp_path / "clip.mp4")
    assert frames.shape == (13, DEMO_HEIGHT, DEMO_WIDTH, 3) and fps == 25 and sound is not None


def test_your_own_wan_hears_the_voices(said):
    assert "velocity (16, 3, 8, 12)" in said["patch_your_own_wan.py"]


def test_a_scheme_of_your_own_differs(said):
    assert float(re.search(r"by ([\d.]+)%", said["new_scheme.py"])[1]) > 1


def test_a_host_written_out_has_the_voices(said):
    assert float(re.search(r"by ([\d.]+)%", said["new_host.py"])[1]) > 1


@pytest.mark.soak
@pytest.mark.parametrize("example", WITHOUT_FILES)
def test_an_example_needs_no_other(tmp_path, example):
    assert run(tmp_path, EXAMPLES / example)


@pytest.mark.parametrize("example", ["headless.py", "one_clip.py"])
def test_readme_shows_the_example(example):
    program = (EXAMPLES / example).read_text().split('"""\n\n', 1)[1]
    assert f"```python\n{program}```\n" in (PACK / "README.md").read_text(), example
