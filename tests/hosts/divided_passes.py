"""One of several processes: forward passes of a small Wan, divided among all of them, beside one process's.

Started by torch.distributed.run; the first process writes what it found to the file that is named.
"""

import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

import torch
from diffusers import WanTransformer3DModel
from diffusers.models import attention_dispatch
from torch import Tensor
from torch.distributed.tensor import DTensor

from helpers.tiny_wan import difference
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.hosts.diffusers.context_parallel import divide
from multitalk_core.hosts.diffusers.embedded_models import load_embedded_transformer
from multitalk_core.hosts.diffusers.joined_passes import join_passes
from multitalk_core.hosts.diffusers.processes import ParallelAttention, Processes, SharedPass
from multitalk_core.hosts.diffusers.wan_adapter import read_fitting_adapter
from multitalk_core.hosts.diffusers.wan_host import WanHost
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.adapter_shape import AdapterShape
from multitalk_core.method.audio_patch import AudioPatch, AudioRows, BindingOptions, audio_rows
from multitalk_core.method.schemes import SCHEMES
from multitalk_core.method.wan import Grid

PERSONS = (1, 2, 3)
ADAPTER = EMBEDDED / EMBEDDED_FILES["adapter"]


def small_wan(heads: int | None) -> tuple[WanTransformer3DModel, AudioAdapter]:
    """A random one with so many heads; the demo's where None."""
    if heads is None:
        demo = load_embedded_transformer(torch.float32)
        return demo, read_fitting_adapter(ADAPTER, demo, torch.float32, model_name="demo")
    torch.manual_seed(0)
    transformer = WanTransformer3DModel(
        in_channels=36, num_attention_heads=heads, attention_head_dim=16, num_layers=2, ffn_dim=32, text_dim=8
    )
    adapter = AudioAdapter(AdapterShape((0, 1), 16 * heads, 16, 4, 16, 5, 8), heads)
    return transformer.eval(), adapter.eval()


def given(grid: Grid, text_width: int) -> dict[str, Any]:
    """A latent in two rows: with audio and without."""
    generator = torch.manual_seed(1)
    latent = torch.randn(2, 36, *grid.latent_size, generator=generator)
    text = torch.randn(2, 3, text_width, generator=generator)
    return {
        "hidden_states": latent,
        "timestep": torch.full((2,), 700.0),
        "encoder_hidden_states": text,
        "return_dict": False,
    }


def conditioned(adapter: AudioAdapter, grid: Grid, persons: int, seed: int = 2) -> AudioRows:
    """Each person in a column of the picture; the last column is background."""
    generator = torch.manual_seed(seed)
    shape = adapter.shape
    drawn = persons, grid.video_size[0], shape.window, 1, shape.feature_size
    windows = torch.randn(drawn, generator=generator)
    column = torch.arange(grid.width).repeat(grid.height)
    masks = torch.stack([column == person for person in range(persons)] + [column >= persons])
    return audio_rows(adapter.voice_tokens(windows), masks.float(), [True, False])


def passed(
    transformer: WanTransformer3DModel,
    adapter: AudioAdapter,
    rows: AudioRows,
    inputs: dict[str, Any],
    binding: BindingOptions,
) -> tuple[Tensor, list[Tensor]]:
    """What one pass predicts, and the similarity that an observer is shown in each block."""
    located = []
    patch = AudioPatch(
        adapter, binding, observer=lambda block, similarity, labels: located.append(similarity)
    )
    host = WanHost(transformer, patch)
    try:
        with host.conditioned(rows):
            return transformer(**inputs)[0], located
    finally:
        host.remove()


def bytes_here(*models: torch.nn.Module) -> int:
    """Of the weights that lie in this process, a part of them or all."""
    weights = (weight for model in models for weight in model.parameters())
    here = (weight.to_local() if isinstance(weight, DTensor) else weight for weight in weights)
    return sum(weight.untyped_storage().nbytes() for weight in here)


def attend_with_sums(
    context: object, query: Tensor, key: Tensor, value: Tensor, *options: object, **rest: object
):
    """Torch's attention of the CPU with the logarithms of its sums, which a ring needs.

    diffusers' own native attention has none; its cuDNN and flash attention run on NVIDIA GPUs alone.
    """
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    attended, sums = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(*heads_first)
    return attended.transpose(1, 2), sums.transpose(1, 2)


@torch.no_grad()
def main(*, heads: int | None, attention: str, shard: bool, grids: list[list[int]], found: Path) -> None:
    processes = Processes(torch.device("cpu"), ParallelAttention(attention), shard_weights=shard)
    if processes.attention == ParallelAttention.RING:
        attention_dispatch._native_attention_forward_op = attend_with_sums
    transformer, adapter = small_wan(heads)
    if processes.rank:
        join_passes(transformer, adapter, processes)
        processes.end()
        return
    alone, whole_adapter = small_wan(heads)
    divide(transformer, adapter, processes)
    differences = {}
    for scheme, persons, numbers in product(SCHEMES, PERSONS, grids):
        grid = Grid(*numbers)
        rows, inputs = conditioned(adapter, grid, persons), given(grid, alone.config.text_dim)
        binding = BindingOptions(scheme=scheme)
        expected, located = passed(alone, whole_adapter, rows, inputs, binding)
        with processes.passing(SharedPass(rows=rows, binding=binding, inputs=inputs)):
            predicted, located_here = passed(transformer, adapter, rows, inputs, binding)
        name = f"{scheme}, {persons} persons, {numbers}"
        other_rows = conditioned(adapter, grid, persons, seed=3)
        others = passed(alone, whole_adapter, other_rows, inputs, binding)[0]
        differences[name] = {
            "conditioned": difference(others, expected),
            "predicted": difference(predicted, expected),
            "located": max(map(difference, located_here, located), default=0.0),
            "bytes": bytes_here(transformer, adapter) / bytes_here(alone, whole_adapter),
        }
    processes.end()
    found.write_text(json.dumps(differences))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]), found=Path(sys.argv[2]))
