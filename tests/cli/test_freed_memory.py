"""The command line reuses the memory of freed tensors; how much it keeps is bounded."""

import os
import platform
import subprocess
import sys

import pytest

from multitalk_core.cli.freed_memory import CHOSEN_BY_USER

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no mallopt")

# Page faults of a network whose layers have four buffers of 8 MB at once; and the MB that 40 of them leave.
SCRIPT = """
import resource, sys
from pathlib import Path
import numpy
if "keep" in sys.argv:
    from multitalk_core.cli.freed_memory import keep_freed_memory
    keep_freed_memory()

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def buffers(count):
    return [numpy.full(2**21, 1, numpy.float32) for _ in range(count)]

buffers(4)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    buffers(4)
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
before = resident()
buffers(40)
print(faults, (resident() - before) // 2**20)
"""


def measured(*arguments: str, **environment: str) -> tuple[int, int]:
    """Page faults, and the MB that stay."""
    plain = {name: value for name, value in os.environ.items() if name not in CHOSEN_BY_USER}
    command = [sys.executable, "-c", SCRIPT, *arguments]
    answer = subprocess.run(command, env=plain | environment, capture_output=True, text=True, check=True)
    faults, kept = map(int, answer.stdout.split())
    return faults, kept


def test_freed_buffers_are_used_again_and_what_stays_is_bounded():
    plain, _ = measured()
    faults, kept = measured("keep")
    assert faults < plain / 10
    assert kept <= 256


def test_the_users_own_choice_stands():
    faults, kept = measured("keep", MALLOC_MMAP_THRESHOLD_="1048576")
    assert faults > 10_000 and kept < 16
