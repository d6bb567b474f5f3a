"""The same in ComfyUI's own Wan, where its folder is carried: plain, our hooks, and its own node."""

import functools
import sys
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.audio_patch import AudioRows
from multitalk_core.method.wan import I2V_CHANNELS, LATENT_CHANNELS

from .bound_voices import BoundVoices, bound_voices
from .measuring_run import Figures, MeasuringRun
from .model_size import ModelSize
from .timing import timed

DTYPE = torch.bfloat16


def time_comfyui(run: MeasuringRun, adapter: AudioAdapter, rows: dict[int, AudioRows]) -> None:
    """One forward pass of its WanModel for each; our hooks lie at its two patch points, as in our nodes."""
    if run.item("comfyui's model/import", functools.partial(_imported, run), needs=60) is None:
        return
    model = _model(run, len(adapter.shape.blocks))
    size = run.size

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=DTYPE, device=run.device)

    given = {
        "x": drawn(1, I2V_CHANNELS, *size.grid.latent_size),
        "timestep": torch.tensor([500.0], device=run.device),
        "context": drawn(1, size.text_tokens, size.text_width),
        "clip_fea": drawn(1, size.image_tokens, size.image_width),
    }

    def work(patches: dict[str, list[Any]]) -> Figures:
        def forward() -> Tensor:
            result: Tensor = model(**given, transformer_options={"patches": patches})
            return result

        with torch.no_grad():
            finite = bool(forward().isfinite().all())
            found = timed(forward, run.device, seconds=8, least=2, most=5)
        return {**found, "finite": finite, "ok": finite}

    run.item("comfyui's model/plain", lambda: work({}), needs=30)
    for persons, each in rows.items():
        voices = bound_voices(adapter, each, size)
        name = f"comfyui's model/fastest/{persons}"
        run.item(name, functools.partial(work, _our_patches(voices)), needs=30)
    run.item("comfyui's model/its own node/2", lambda: work(_its_patches(adapter, rows[2])), needs=60)


def _imported(run: MeasuringRun) -> Figures:
    """Make its folder importable, and say which attention it takes."""
    sys.path.insert(0, str(run.comfyui))
    from comfy.cli_args import args

    args.cpu = not run.on_gpu
    import comfy.ldm.modules.attention as attention

    return {"attention": attention.optimized_attention.__name__}


def wan_model(
    size: ModelSize, blocks: int, *, device: torch.device | str, dtype: torch.dtype | None = None
) -> torch.nn.Module:
    """ComfyUI's WanModel of a size, with so many of its blocks, and weights that nobody has set."""
    import comfy.ops
    from comfy.ldm.wan.model import WanModel

    model: torch.nn.Module = WanModel(
        model_type="i2v",
        in_dim=I2V_CHANNELS,
        out_dim=LATENT_CHANNELS,
        dim=size.width,
        ffn_dim=size.feed_forward,
        num_heads=size.heads,
        num_layers=blocks,
        text_len=size.text_tokens,
        text_dim=size.text_width,
        operations=comfy.ops.disable_weight_init,
        dtype=dtype,
        device=device,
    )
    return model


def _model(run: MeasuringRun, distinct: int) -> torch.nn.Module:
    model = wan_model(run.size, distinct, device=run.device, dtype=DTYPE).requires_grad_(False)
    for weight in model.parameters():
        weight.normal_(std=weight.shape[-1] ** -0.5)
    model.blocks = torch.nn.ModuleList(model.blocks[index % distinct] for index in range(run.size.blocks))
    return model


def _our_patches(voices: list[BoundVoices]) -> dict[str, list[Any]]:
    located: dict[int, Any] = {}

    def locate(passed: dict[str, Any]) -> Tensor:
        block = passed["transformer_options"]["block_index"]
        located[block] = voices[block].locate(passed["q"], passed["k"])
        attended: Tensor = passed["x"]
        return attended

    def add(passed: dict[str, Any]) -> Tensor:
        block = passed["transformer_options"]["block_index"]
        return voices[block].add(passed["x"], located.pop(block))

    return {"attn1_patch": [locate], "attn2_patch": [add]}


def _its_patches(adapter: AudioAdapter, rows: AudioRows) -> dict[str, list[Any]]:
    """Its own patches and layers, with our weights under them."""
    import comfy.ops
    from comfy.ldm.wan import model_multitalk as own

    shape, weight = adapter.shape, adapter.audio_proj.proj1.weight
    blocks = []
    for ours in adapter.blocks.values():
        attention = own.SingleStreamMultiAttention(
            shape.width,
            shape.audio_width,
            num_heads=adapter.heads,
            qkv_bias=True,
            dtype=weight.dtype,
            device="meta",
            operations=comfy.ops.disable_weight_init,
        )
        attention.load_state_dict(ours.audio_cross_attn.state_dict(), assign=True)
        blocks.append(SimpleNamespace(norm_x=ours.norm_x, audio_cross_attn=attention.requires_grad_(False)))
    add = own.MultiTalkCrossAttnPatch(SimpleNamespace(model=SimpleNamespace(blocks=blocks)), 1.0)
    tokens = rows.tokens[0].flatten(1, 2)[None]

    def add_with_voices(passed: dict[str, Any]) -> Tensor:
        options = passed["transformer_options"]
        options["audio_embeds"] = tokens
        of_layer = {**options, "block_index": options["block_index"] % len(blocks)}
        result: Tensor = add({**passed, "transformer_options": of_layer})
        options.pop("x_ref_attn_map", None)
        return result

    locate = own.MultiTalkGetAttnMapPatch(rows.masks[0].bool())
    return {"attn1_patch": [locate], "attn2_patch": [add_with_voices]}
