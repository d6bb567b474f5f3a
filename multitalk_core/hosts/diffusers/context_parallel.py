"""Context parallelism: diffusers divides the tokens among processes, and the audio layers follow."""

import warnings
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import torch.distributed as dist

from ...errors import MultiTalkError
from ...method.adapter import AudioAdapter
from ...method.shard import TokenShard
from ...method.wan import Grid
from .processes import Processes
from .sharded_weights import shard_weights

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel


STEPS = 9  # how far away a size is looked for, in tokens


def divide(transformer: "WanTransformer3DModel", adapter: AudioAdapter, processes: Processes) -> None:
    """Divide the transformer's tokens among processes from now on, and where they want it its weights.

    Parameters
    ----------
    transformer : WanTransformer3DModel
        With its attention backend already chosen; in main memory where weights are divided.
    adapter : AudioAdapter
        The same.
    processes : Processes

    Raises
    ------
    MultiTalkError
        When its attention heads cannot be divided as Ulysses does.
    """
    from diffusers.hooks import apply_context_parallel

    context = processes.config.context_parallel_config
    check_heads(transformer.config.num_attention_heads, context.ulysses_degree)
    # What `enable_parallelism` does, which cannot run on a CPU: it divides by the number of GPUs.
    transformer._parallel_config = processes.config
    for processor in transformer.attn_processors.values():
        processor._parallel_config = processes.config
    # The plan of "" divides the times of tokens, which Wan2.1 does not have.
    plan = {name: part for name, part in transformer._cp_plan.items() if name}
    apply_context_parallel(transformer, context, plan)
    warnings.filterwarnings("ignore", "`torch.distributed._functional_collectives.all_gather_tensor`")
    if processes.shard_weights:
        shard_weights(transformer, adapter, processes)


def token_shard(transformer: "WanTransformer3DModel", grid: Grid) -> TokenShard | None:
    """Which of a clip's tokens this process computes; None for all."""
    from diffusers.hooks.context_parallel import EquipartitionSharder

    config = transformer._parallel_config
    if config is None:
        return None
    context = config.context_parallel_config
    mesh = context._flattened_mesh
    check_grid(grid, mesh.size())
    count = grid.tokens // mesh.size()
    return TokenShard(
        grid=grid,
        first=dist.get_rank(mesh.get_group()) * count,
        count=count,
        gather=lambda tensor, dim: EquipartitionSharder.unshard(tensor, dim, mesh),
    )


def check_heads(heads: int, processes: int) -> None:
    """Refuse a model whose attention heads Ulysses cannot divide among so many processes.

    Raises
    ------
    MultiTalkError
    """
    if heads % processes:
        raise MultiTalkError(
            f"The model's {heads} attention heads cannot be divided among {processes} GPUs: use a number of "
            f"GPUs that divides {heads}, or --parallel-attention ring."
        )


def check_grid(grid: Grid, processes: int) -> None:
    """Refuse a clip whose tokens cannot be divided among so many processes.

    Raises
    ------
    MultiTalkError
        With the nearest sizes that can.
    """
    if grid.tokens % processes == 0:
        return
    sides = product(
        range(max(grid.height - STEPS, 1), grid.height + STEPS),
        range(max(grid.width - STEPS, 1), grid.width + STEPS),
    )
    fitting = [replace(grid, height=height, width=width) for height, width in sides]
    fitting = [each for each in fitting if each.tokens % processes == 0]
    fitting.sort(key=lambda each: abs(each.height - grid.height) + abs(each.width - grid.width))
    sizes = " or ".join(f"{each.video_size[2]}x{each.video_size[1]}" for each in fitting[:2])
    advice = f"use --size {sizes}, or another number of GPUs" if fitting else "use another number of GPUs"
    frames, height, width = grid.video_size
    raise MultiTalkError(
        f"{frames} frames of {width}x{height} are {grid.tokens:,} tokens, which cannot be divided among "
        f"{processes} GPUs: {advice}."
    )
