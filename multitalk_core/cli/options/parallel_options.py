"""Arguments for one film on several GPUs: each process, started by torchrun, computes some tokens."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ...errors import MultiTalkError
from ...guards.started_processes import started_processes
from ...hosts.diffusers.attention_backend import AttentionBackend
from ...hosts.diffusers.context_parallel import check_grid, check_heads
from ...hosts.diffusers.offloading import Offload
from ...hosts.diffusers.processes import (
    FIRST,
    TORCHRUN,
    ParallelAttention,
    Processes,
)
from ...hosts.diffusers.step_cache import StepCache
from ...limits import GPUS
from ...method.wan import Grid
from .limited_number import within
from .model_options import attention_heads, chosen_device

WITH_RING = (AttentionBackend.CUDNN, AttentionBackend.FLASH)  # which also give the sums of their weights


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many processes, and how attention reaches across them."""
    group = parser.add_argument_group("several GPUs", f"Start the command with `{TORCHRUN}`.")
    group.add_argument(
        "--context-parallel",
        type=within(GPUS),
        metavar="N",
        help="divide the tokens of the film among N GPUs, as many as torchrun starts processes",
    )
    group.add_argument(
        "--parallel-attention",
        choices=ParallelAttention.words(),
        default=ParallelAttention.ULYSSES,
        help="ulysses exchanges tokens for attention heads, which N must divide; ring passes keys and values "
        "round, for slow connections, with --attention cudnn or flash (default: %(default)s)",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for processes that do not fit the command, or what cannot be divided."""
    count, asked = started_processes(), arguments.context_parallel
    if asked is None and count > 1:
        raise MultiTalkError(
            f"torchrun has started {count} processes, each of which would make the whole film: add "
            f"--context-parallel {count}."
        )
    if asked is None and arguments.offload == Offload.SHARD:
        raise MultiTalkError(
            "--offload shard divides the weights among several GPUs: add --context-parallel, or choose "
            "--offload group, for one."
        )
    if asked is None:
        if arguments.parallel_attention != ParallelAttention.ULYSSES:
            raise MultiTalkError(
                "--parallel-attention applies to --context-parallel: add it, or leave this out."
            )
        return
    if asked != count:
        started = f"{count} are" if count > 1 else "one is"
        raise MultiTalkError(
            f"--context-parallel {asked} needs {asked} processes, and {started} running: start the command "
            f"with `{TORCHRUN.replace('N', str(asked))}`."
        )
    _check_devices(arguments)
    if arguments.cache != StepCache.NONE:
        raise MultiTalkError(
            f"The cache {arguments.cache} would skip other steps in each process: leave --cache out with "
            "--context-parallel."
        )
    backend = arguments.attention
    if backend == AttentionBackend.XFORMERS:
        raise MultiTalkError(
            "The attention xformers cannot be divided among GPUs: choose native, cudnn, flash or sage."
        )
    if arguments.parallel_attention == ParallelAttention.RING and backend not in WITH_RING:
        raise MultiTalkError(f"The ring needs --attention {' or '.join(WITH_RING)}: choose one, or ulysses.")


def _check_devices(arguments: argparse.Namespace) -> None:
    """Refuse processes that would share a GPU."""
    here, gpus = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
    if gpus and arguments.device != "cpu" and here > gpus:
        raise MultiTalkError(
            f"torchrun has started {here} processes here, and this machine has {gpus} GPU(s): start as many."
        )
    if ":" in (arguments.device or ""):
        raise MultiTalkError(
            f"Each process takes its own GPU, so --device {arguments.device} cannot hold for all: use cuda."
        )


def check_film(arguments: argparse.Namespace, *, frames: int, size: tuple[int, int]) -> None:
    """Refuse clips of so many frames and such a height and width, or a model, that cannot be divided."""
    if arguments.context_parallel is None:
        return
    check_grid(Grid.of_video(frames, *size), arguments.context_parallel)
    heads = attention_heads(arguments)
    if heads is not None and arguments.parallel_attention == ParallelAttention.ULYSSES:
        check_heads(heads, arguments.context_parallel)


def follows(arguments: argparse.Namespace) -> bool:
    """Whether this process joins in another's film."""
    return arguments.context_parallel is not None and int(os.environ["RANK"]) != FIRST


@contextmanager
def processes(arguments: argparse.Namespace) -> Iterator[Processes | None]:
    """All processes of the film; None for this one alone.

    Where the context ends by an error, the others are left for torchrun to end.
    """
    if arguments.context_parallel is None:
        yield None
        return
    if torch.cuda.is_available() and arguments.device != "cpu":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    all_of_them = Processes(
        chosen_device(arguments),
        ParallelAttention(arguments.parallel_attention),
        shard_weights=arguments.offload == Offload.SHARD,
    )
    yield all_of_them
    all_of_them.end()
