"""A server never outlives the process that started it."""

import os
import subprocess
import sys
import time

import pytest

from multitalk_core.farm import bound_child

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a child of its parent's death")
PARENT = """
import os, subprocess, sys
command = [sys.executable, sys.argv[1], str(os.getpid()), sys.executable, "-c", "import time; time.sleep(99)"]
print(subprocess.Popen(command).pid, flush=True)
sys.stdin.read()
"""


def lives(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as state:
            return state.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_child_dies_with_a_parent_that_is_killed():
    command = [sys.executable, "-c", PARENT, bound_child.__file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        time.sleep(0.3)
        assert lives(child)
        parent.kill()
    deadline = time.monotonic() + 20
    while lives(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_whose_parent_has_died_does_not_start():
    command = [sys.executable, bound_child.__file__, str(os.getpid() + 1), "/bin/true"]
    assert subprocess.run(command, capture_output=True, text=True).stderr == "the parent has died\n"
