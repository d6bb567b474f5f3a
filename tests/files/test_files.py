"""Files that are whole or not there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from multitalk_core.files.whole import is_taken, name_trouble, numbered, whole_file

KILLED = """
import os, sys
from pathlib import Path
from multitalk_core.files.whole import whole_file
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


@pytest.mark.parametrize(
    "name",
    [
        "CON",
        "con.mp4",
        "nul.tar.gz",
        "COM1.mp4",
        "LPT9",
        "com¹.mp4",
        "aux_.mp4",
        "film.",
        "film_",
        "a:b",
        "a?",
        "<a>.mp4",
        "a|b",
        "*",
        "a\tb",
    ],
)
def test_names_that_windows_does_not_take(name):
    name = name.replace("_", " ")
    assert name_trouble(name, windows=True) is not None
    assert name_trouble(name, windows=False) is None


@pytest.mark.parametrize("windows", [True, False])
def test_names_that_no_system_takes_and_names_that_all_take(windows):
    for name in ("", "..", "x" * 181, "é" * 91, "a\0b"):
        assert name_trouble(name, windows) is not None
    for name in (
        "film.mp4",
        "console.mp4",
        "com.mp4",
        "my film (2).mp4",
        "é" * 90,
        ".hidden.mp4",
        "con_1.mp4",
    ):
        assert name_trouble(name, windows) is None


def test_a_number_goes_before_the_ending():
    assert numbered(Path("a/film.v1.mp4"), 2) == Path("a/film.v1-2.mp4")


def test_a_broken_link_is_there(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert (
        is_taken(tmp_path / "link")
        and not is_taken(tmp_path / "nowhere")
        and not is_taken(tmp_path / "a" / "b")
    )


def test_what_only_posix_has_is_imported_only_where_it_runs():
    """Windows must be able to import every module."""
    root = Path(__file__).parents[2]
    posix = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
    for file in [*root.glob("multitalk_core/**/*.py"), *root.glob("nodes/**/*.py"), root / "__init__.py"]:
        for statement in ast.parse(file.read_text(encoding="utf-8")).body:
            imported = (
                isinstance(statement, ast.Import | ast.ImportFrom) and ast.unparse(statement).split()[1]
            )
            assert imported not in posix, file
