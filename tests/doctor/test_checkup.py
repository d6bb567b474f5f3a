"""Findings of checks that end early, and what of the user's folders never enters a report."""

from pathlib import Path

import pytest
import torch

from multitalk_core.doctor.checkup import Checkup, names_of, without_folders
from multitalk_core.doctor.report_line import Verdict, passed
from multitalk_core.errors import MultiTalkError


def ending(error: Exception):
    yield passed("The first half was right.")
    raise error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MultiTalkError("The picture is empty: choose another."), "The picture is empty: choose another."),
        (torch.OutOfMemoryError("CUDA"), "The GPU is out of memory"),
        (MemoryError(), "out of main memory"),
        (FileNotFoundError(2, "No such file", "/home/anna/x.png"), "x.png cannot be used (No such file)"),
        (KeyError("q"), "test_checkup.py, line"),
    ],
)
def test_a_check_that_ends_early_is_a_failure_and_the_next_one_runs(error, said):
    lines = []
    checkup = Checkup((), lines.append)
    assert checkup.run("One", ending(error)) is None
    checkup.run("Two", iter_passed())
    assert checkup.count(Verdict.FAIL) == 1 and checkup.count(Verdict.PASS) == 2
    assert said in lines[2] and "anna" not in lines[2] and lines[3] == "## Two"


def iter_passed():
    yield passed("The second check was right.")
    return 7


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("There is no file at /data/My films/Anna/x.st: check.", "There is no file at x.st: check."),
        ("The folder /data/My films/Anna/Wan2.1 is empty.", "The folder Wan2.1 is empty."),
        ("/data/My films/other.st cannot be read.", "other.st cannot be read."),
        (r"C:\Users\anna\a.st is damaged.", "a.st is damaged."),
        ("See '/opt/b.py', f(x)/2, bf16/fp8, Wan-AI/Wan2.1.", "See 'b.py', f(x)/2, bf16/fp8, Wan-AI/Wan2.1."),
        ("Download it from https://huggingface.co/x.", "Download it from https://huggingface.co/x."),
    ],
)  # fmt: skip
def test_only_names_of_files_are_shown(sentence, shown):
    names = names_of([Path("/data/My films/Anna/x.st"), Path("/data/My films/Anna/Wan2.1")])
    assert without_folders(sentence, names) == shown
