"""The processes that make one film together, each with a GPU of its own, as torchrun starts them."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh

from ...errors import MultiTalkError
from ...guards.started_processes import started_by_torchrun
from ...guards.stopping import delayed_interrupt, ignore_termination
from ...guards.words import Word
from ...method.audio_patch import AudioRows, BindingOptions

BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}
FIRST = 0  # the process that makes the film
PATIENCE = timedelta(
    days=1
)  # the others wait while it loads models and decodes; one that ends is noticed at once
TORCHRUN = "torchrun --nproc-per-node N -m multitalk_core generate --context-parallel N ..."
LOST = (
    "Another process of this film has ended: what it printed says why. Finished clips are stored; run the "
    "same command again to continue, on any number of GPUs."
)


class ParallelAttention(Word):
    """How self-attention reaches the tokens of other processes.

    ULYSSES exchanges tokens for heads and wants a fast connection; RING passes keys and values round.
    """

    ULYSSES = "ulysses"
    RING = "ring"


@dataclass(frozen=True, kw_only=True)
class SharedPass:
    """What the other processes need for one forward pass of the transformer.

    Attributes
    ----------
    rows : AudioRows
    binding : BindingOptions
    inputs : dict
        The transformer's arguments.
    """

    rows: AudioRows
    binding: BindingOptions
    inputs: dict[str, Any]


class Processes:
    """The first process makes the film; the others join in each forward pass.

    Parameters
    ----------
    device : torch.device
        Of this process.
    attention : ParallelAttention
    shard_weights : bool
        Each process has a part of the weights, and gathers those of a block when it computes it.

    Attributes
    ----------
    device, attention, shard_weights
        As given.
    rank, count : int
        Number of this process, and how many there are.
    config : ParallelConfig
        What diffusers knows them by.
    mesh : DeviceMesh
        All of them in a row, as FSDP knows them.

    Raises
    ------
    MultiTalkError
        When this process was not started by torchrun, cannot reach the others, or its device cannot share.
    """

    def __init__(
        self,
        device: torch.device,
        attention: ParallelAttention = ParallelAttention.ULYSSES,
        *,
        shard_weights: bool = False,
    ) -> None:
        from diffusers import ContextParallelConfig, ParallelConfig

        if not started_by_torchrun():
            raise MultiTalkError(f"Each GPU needs a process of its own: start the command with `{TORCHRUN}`.")
        if device.type not in BACKENDS:
            raise MultiTalkError(
                f"A film cannot be divided among devices of the kind {device.type}: use cuda."
            )
        self.device = device
        with reached():
            dist.init_process_group(BACKENDS[device.type], timeout=PATIENCE)
        self.rank, self.count = dist.get_rank(), dist.get_world_size()
        self.attention = ParallelAttention(attention)
        self.shard_weights = shard_weights
        ring = self.attention == ParallelAttention.RING
        context = ContextParallelConfig(
            ring_degree=self.count if ring else 1, ulysses_degree=1 if ring else self.count
        )
        mesh = init_device_mesh(device.type, context.mesh_shape, mesh_dim_names=context.mesh_dim_names)
        self.config = ParallelConfig(context_parallel_config=context)
        self.config.setup(self.rank, self.count, device, mesh=mesh)
        self.mesh = context._flattened_mesh

    @property
    def leads(self) -> bool:
        """Whether this process makes the film."""
        return self.rank == FIRST

    @contextmanager
    def passing(self, given: SharedPass) -> Iterator[None]:
        """Let the others join in a forward pass; Ctrl-C and SIGTERM wait for its end.

        Raises
        ------
        MultiTalkError
            When one of them has ended.
        """
        with delayed_interrupt(), reached():
            self._send(given)
            yield

    @contextmanager
    def joining(self) -> Iterator[None]:
        """Join in a forward pass of the first process.

        Raises
        ------
        MultiTalkError
            When another process has ended.
        """
        with delayed_interrupt(), reached():
            yield

    def end(self) -> None:
        """Tell the others that nothing more comes, and leave them, between forward passes."""
        with reached():
            if self.leads:
                self._send(None)
            dist.barrier()  # gloo aborts a process whose partners leave first
        dist.destroy_process_group()

    def receive(self) -> SharedPass | None:
        """What the first process sends."""
        received: list[bytes] = [b""]
        with reached():
            dist.broadcast_object_list(received, src=FIRST)
        given: SharedPass | None = torch.load(
            io.BytesIO(received[0]), map_location=self.device, weights_only=False
        )
        return given

    def _send(self, given: SharedPass | None) -> None:
        buffer = io.BytesIO()
        torch.save(given, buffer)
        dist.broadcast_object_list([buffer.getvalue()], src=FIRST)


@contextmanager
def reached() -> Iterator[None]:
    """Say in one sentence that another process has ended.

    NCCL and torch's store raise kinds of DistError. Gloo raises a plain RuntimeError, which names its source.

    Raises
    ------
    MultiTalkError
    """
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):
            raise
        ignore_termination()  # torchrun ends the others of a process that has ended
        raise MultiTalkError(LOST) from error
