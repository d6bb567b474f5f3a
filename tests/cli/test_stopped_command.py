"""How the command line ends early: Ctrl-C, SIGTERM and a full disk."""

import math
import re
import resource
import signal
from pathlib import Path

import pytest

from helpers.film_command import (
    run,
)
from multitalk_core.media.video_writer import read_video

STOPS = [signal.SIGINT, signal.SIGTERM]


def interrupted(folder: Path, stop: int, steps: str, after: str) -> tuple[int, str, int]:
    """Stop it once `after` is shown; the exit code, the last words, and the steps made afterwards."""
    process = run(folder, "--steps", steps, "--clip-frames", "9", "--frames", "21")
    shown = ""
    while after not in shown:
        shown += process.stderr.read(1)
        assert process.poll() is None, shown
    process.send_signal(stop)
    process.send_signal(stop)  # as a process group gets it from `timeout`
    rest = process.communicate()[1]
    assert "Traceback" not in rest
    made = [int(count) for count in re.findall(r"(\d+)/\d+ \[", rest)]
    return process.returncode, rest.splitlines()[-1], max(made, default=0)


@pytest.mark.parametrize("stop", STOPS)
def test_a_stop_in_the_first_clip_keeps_nothing(tmp_path, stop):
    code, said, made = interrupted(tmp_path, stop, "400", "clip 1 of 3, sampling")
    assert code == 130 and "nothing was saved" in said and made < 400
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stop", STOPS)
def test_a_stop_later_keeps_the_finished_clips(tmp_path, stop):
    code, said, _ = interrupted(tmp_path, stop, "200", "clip 2 of 3, sampling")
    kept = tmp_path / "film.unfinished-9-of-21-frames.mp4"
    assert code == 130 and str(kept) in said
    assert {file.name for file in tmp_path.iterdir()} == {kept.name, "film.localization.png"}
    frames, _, sound = read_video(kept)
    assert len(frames) == 9 and math.isclose(sound.seconds, 9 / 25, abs_tol=0.01)


def test_no_disk_space(tmp_path):
    def little_space() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    done = run(tmp_path, "--no-store", preexec_fn=little_space).communicate()[1]
    assert "cannot be written" in done.splitlines()[-1] and "Traceback" not in done
    assert not list(tmp_path.iterdir())
