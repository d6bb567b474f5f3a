"""A tenth of the fuzz over the command line; `make soak` runs the whole."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_thirty_command_lines_end_in_a_film_or_a_sentence(tmp_path):
    command = [sys.executable, "-m", "tests.soak.fuzz_command_line", str(tmp_path / "fuzz"), "--lines", "30"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "30 command lines: " in done.stdout and "0 tracebacks, 0 hangs, 0 past 3 GB" in done.stdout
