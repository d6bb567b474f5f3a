"""Files that are whole or not there."""

import subprocess
import sys

import pytest

from multitalk_core.files import whole_file

KILLED = """
import os, sys
from pathlib import Path
from multitalk_core.files import whole_file
with whole_file(Path(sys.argv[1])) as part:
    part.write_text("half")
    os._exit(9)
"""


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "film.json"
    path.write_text("old")
    with whole_file(path) as part:
        part.write_text("new")
        assert path.read_text() == "old" and part.parent == tmp_path
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("stopped", [ValueError, KeyboardInterrupt])
def test_what_was_there_stays_when_writing_stops(tmp_path, stopped):
    path = tmp_path / "film.json"
    path.write_text("old")
    with pytest.raises(stopped), whole_file(path) as part:
        part.write_text("half")
        raise stopped
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_what_was_there_stays_after_a_kill(tmp_path):
    path = tmp_path / "film.json"
    path.write_text("old")
    assert subprocess.run([sys.executable, "-c", KILLED, path]).returncode == 9
    assert path.read_text() == "old"
    (left,) = tmp_path.glob("*.part")
    assert left.name.startswith(".film.json.")


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path = tmp_path / "film.json"
    with whole_file(path) as first, whole_file(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
