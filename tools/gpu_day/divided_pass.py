"""What each of the two processes of `two_cards` runs; the first one writes what it found."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from multitalk_core.hosts.diffusers.attention_backend import AttentionBackend, use_attention
from multitalk_core.hosts.diffusers.context_parallel import divide
from multitalk_core.hosts.diffusers.joined_passes import join_passes
from multitalk_core.hosts.diffusers.processes import ParallelAttention, Processes, SharedPass
from multitalk_core.hosts.diffusers.wan_host import WanHost
from multitalk_core.method.audio_patch import AudioPatch, BindingOptions
from multitalk_core.method.wan import I2V_CHANNELS, LATENT_CHANNELS

from .bound_voices import random_adapter
from .model_size import SIZES, ModelSize
from .scene import voice_rows
from .timing import MIB, timed

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel

BLOCKS = 10  # of the 40: the ratio is the same
BOUNDS = {"cpu": 1e-5, "cuda": 5e-2}  # of the largest output; bfloat16 rounds parts otherwise


@torch.no_grad()
def run_divided_pass(asked: str) -> None:
    """Time and compare, as the JSON of `two_cards` asks."""
    given = json.loads(asked)
    device = torch.device(given["device"])
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    processes = Processes(device, ParallelAttention(given["attention"]), shard_weights=given["shard"])
    size = SIZES[given["size"]]
    torch.manual_seed(0)
    options = {"device": device, "dtype": torch.float32 if device.type == "cpu" else torch.bfloat16}
    transformer = _random_wan(size, **options)
    adapter = random_adapter(size, len(transformer.blocks), **options)
    use_attention(transformer, AttentionBackend(given["backend"]))
    if not processes.leads:
        join_passes(transformer, adapter, processes)
        processes.end()
        return
    rows, binding = voice_rows(adapter, size, 2), BindingOptions()
    inputs = {
        "hidden_states": torch.randn(1, I2V_CHANNELS, *size.grid.latent_size, **options),
        "timestep": torch.full((1,), 500.0, device=device),
        "encoder_hidden_states": torch.randn(1, size.text_tokens, size.text_width, **options),
        "return_dict": False,
    }
    shared = SharedPass(rows=rows, binding=binding, inputs=inputs)

    def alone() -> Tensor:
        host = WanHost(transformer, AudioPatch(adapter, binding))
        try:
            with host.conditioned(rows):
                predicted: Tensor = transformer(**inputs)[0]
                return predicted
        finally:
            host.remove()

    def together() -> Tensor:
        with processes.passing(shared):
            return alone()

    expected = alone()
    one = timed(alone, device, seconds=8, least=2, most=5)
    one |= {"weights_mib": _weights_mib(transformer, adapter)}
    divide(transformer, adapter, processes)
    error = float((together() - expected).abs().max() / expected.abs().max())
    two = timed(together, device, seconds=8, least=2, most=5)
    two |= {"weights_mib": _weights_mib(transformer, adapter)}
    processes.end()
    found = {"error": error, "ok": error < BOUNDS[device.type], "times": one["ms"] / two["ms"]}
    Path(given["found"]).write_text(json.dumps({**found, "one": one, "two": two}))


def _random_wan(size: ModelSize, **options: Any) -> "WanTransformer3DModel":
    from diffusers import WanTransformer3DModel

    with torch.device(options["device"]):
        transformer = WanTransformer3DModel(
            in_channels=I2V_CHANNELS,
            out_channels=LATENT_CHANNELS,
            num_attention_heads=size.heads,
            attention_head_dim=size.channels,
            num_layers=min(BLOCKS, size.blocks),
            ffn_dim=size.feed_forward,
            text_dim=size.text_width,
        )
    return transformer.to(**options).eval()


def _weights_mib(*models: torch.nn.Module) -> float:
    """Of the weights on this card."""
    from torch.distributed.tensor import DTensor

    weights: Iterable[Tensor] = (weight for model in models for weight in model.parameters())
    here = (weight.to_local() if isinstance(weight, DTensor) else weight for weight in weights)
    return round(sum(weight.untyped_storage().nbytes() for weight in here) / MIB, 3)
