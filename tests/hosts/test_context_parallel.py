"""A clip's tokens divided among real processes: every pass gives what one process gives."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hosts.divided_passes import conditioned, given, passed, small_wan
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.context_parallel import check_grid
from multitalk_core.hosts.diffusers.processes import LOST, reached
from multitalk_core.method.audio_patch import BindingOptions
from multitalk_core.method.schemes import SCHEMES
from multitalk_core.method.wan import Grid

SCRIPT = Path(__file__).with_name("divided_passes.py")
ONE_ENDS = """
import os
import sys
import torch.distributed as dist
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.processes import reached

dist.init_process_group("gloo")
dist.barrier()
if dist.get_rank():
    os._exit(9)
try:
    with reached():
        dist.barrier()
except MultiTalkError as error:
    sys.exit(f"Error: {error}")
"""


def started(processes: int, *command: object) -> list[subprocess.Popen]:
    """Processes of a Python command, with what torchrun would set for each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "WORLD_SIZE": str(processes),
        "LOCAL_WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    environment |= {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(SCRIPT.parents[1]), *sys.path]),
    }
    return [
        subprocess.Popen(
            [sys.executable, *map(str, command)],
            env={**os.environ, **environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(processes)
    ]


def ended(running: list[subprocess.Popen]) -> list[str]:
    """What they said on stderr."""
    try:
        return [process.communicate(timeout=180)[1] for process in running]
    finally:
        for process in running:
            process.kill()


def divided(
    folder: Path, processes: int, *, heads: int | None, attention: str, shard: bool, grids: list[Grid]
) -> dict[str, dict]:
    """What the first of several processes found, case by case."""
    found = folder / "found.json"
    numbers = [[grid.frames, grid.height, grid.width] for grid in grids]
    asked = json.dumps({"heads": heads, "attention": attention, "shard": shard, "grids": numbers})
    running = started(processes, SCRIPT, asked, found)
    said = ended(running)
    assert [process.returncode for process in running] == [0] * processes, said
    cases: dict[str, dict] = json.loads(found.read_text())
    return cases


@pytest.mark.parametrize(
    ("processes", "heads", "attention", "shard", "grids"),
    [
        # the demo's model; three frames over two processes; a first frame that both have
        (2, None, "ulysses", False, [Grid(3, 3, 4), Grid(1, 3, 4)]),
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


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_part_of_the_tokens_is_refused(scheme):
    """Of something around the model that gives each GPU a part, and does not say which."""
    transformer, adapter = small_wan(2)

    def first_half(block, inputs):
        hidden, text, time, angles = inputs
        count = hidden.shape[1] // 2
        return hidden[:, :count], text, time, tuple(each[:, :count] for each in angles)

    transformer.blocks[0].register_forward_pre_hook(first_half)
    grid = Grid(3, 3, 4)
    with pytest.raises(MultiTalkError, match="18 of the clip's 36 video tokens, so that voices would reach"):
        passed(
            transformer,
            adapter,
            conditioned(adapter, grid, 2),
            given(grid, text_width=8),
            BindingOptions(scheme=scheme),
        )


def test_a_process_that_ends_is_one_sentence_for_the_others():
    running = started(2, "-c", ONE_ENDS)
    said, _ = ended(running)
    assert running[1].returncode == 9 and said.splitlines()[-1] == f"Error: {LOST}"
    with pytest.raises(RuntimeError, match="of another kind"), reached():
        raise RuntimeError("of another kind")


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
