"""A clip's tokens divided among real processes: every pass gives what one process gives."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.context_parallel import check_grid
from multitalk_core.method.schemes import SCHEMES
from multitalk_core.method.wan import Grid

SCRIPT = Path(__file__).with_name("divided_passes.py")


def divided(
    folder: Path, processes: int, *, heads: int, attention: str, shard: bool, grids: list[Grid]
) -> dict[str, dict]:
    """What the first of several processes found, case by case."""
    found = folder / "found.json"
    numbers = [[grid.frames, grid.height, grid.width] for grid in grids]
    asked = json.dumps({"heads": heads, "attention": attention, "shard": shard, "grids": numbers})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    given |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(SCRIPT.parents[1]), *sys.path])}
    started = [
        subprocess.Popen(
            [sys.executable, SCRIPT, asked, found],
            env={**os.environ, **given, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(processes)
    ]
    try:
        assert [process.wait(timeout=180) for process in started] == [0] * processes
    finally:
        for process in started:
            process.kill()
    cases: dict[str, dict] = json.loads(found.read_text())
    return cases


@pytest.mark.parametrize(
    ("processes", "heads", "attention", "shard", "grids"),
    [
        # three frames over two processes; a first frame that both have
        (2, 2, "ulysses", False, [Grid(3, 3, 4), Grid(1, 3, 4)]),
        (3, 6, "ulysses", True, [Grid(4, 3, 3), Grid(2, 3, 4)]),
        (2, 3, "ring", True, [Grid(3, 3, 4), Grid(1, 3, 4)]),
    ],
)
def test_passes_are_those_of_one_process(tmp_path, processes, heads, attention, shard, grids):
    cases = divided(tmp_path, processes, heads=heads, attention=attention, shard=shard, grids=grids)
    assert len(cases) == len(SCHEMES) * 3 * len(grids)
    for name, case in cases.items():
        assert case["predicted"] < 1e-5 and case["located"] < 1e-5, name
        assert case["conditioned"] > 1e-3, name
        assert case["bytes"] < 1.2 / processes if shard else case["bytes"] == 1, name


def test_sizes_that_cannot_be_divided_are_refused_with_the_nearest_that_can():
    check_grid(Grid.of_video(81, 480, 832), 8)
    with pytest.raises(MultiTalkError) as refused:
        check_grid(Grid.of_video(81, 464, 848), 2)
    assert str(refused.value) == (
        "81 frames of 848x464 are 32,277 tokens, which cannot be divided among 2 GPUs: use --size 848x448 or "
        "832x464, or another number of GPUs."
    )
    with pytest.raises(MultiTalkError, match=r"use --size \d+x\d+ or \d+x\d+, or another"):
        check_grid(Grid.of_video(81, 480, 832), 11)
    for processes in (2, 3, 5, 7):
        with pytest.raises(MultiTalkError, match=f"among {processes} GPUs") as refused:
            check_grid(Grid.of_video(1, 176, 208), processes)
        sizes = re.findall(r"(\d+)x(\d+)", str(refused.value).partition("use --size")[2])
        assert len(sizes) == 2
        for width, height in sizes:
            check_grid(Grid.of_video(1, int(height), int(width)), processes)
    with pytest.raises(MultiTalkError, match="among 251 GPUs: use another number of GPUs"):
        check_grid(Grid.of_video(81, 480, 832), 251)
