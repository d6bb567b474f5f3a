"""The golden DiT cases through ComfyUI's WanModel: weights and inputs in, what it computes out."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import comfy.ops
import torch
from comfy.ldm.wan.model import WanAttentionBlock, WanModel
from multitalk_pack.multitalk_core.checkpoint import build_adapter
from multitalk_pack.multitalk_core.method.adapter import AudioAdapter
from multitalk_pack.multitalk_core.method.audio_patch import BindingOptions, ClipAudio
from multitalk_pack.multitalk_core.method.wan import Grid
from multitalk_pack.multitalk_core.method.windows import audio_windows
from multitalk_pack.nodes.host.adapter_patch import comfy_attention
from multitalk_pack.nodes.host.patches import (
    KEY,
    PASS,
    AddAudio,
    AudioHost,
    ClipVoices,
    ConditionedPass,
    LocatePersons,
)
from safetensors.torch import load_file, save_file
from torch import Tensor

EXCHANGE = Path(os.environ["EXCHANGE"])
Tensors = dict[str, Tensor]


def part(tensors: Tensors, name: str) -> Tensors:
    """The tensors whose key starts with a name, without it."""
    return {key.removeprefix(name): tensor for key, tensor in tensors.items() if key.startswith(name)}


def host_for(adapter: AudioAdapter, audio: ClipAudio, located: dict) -> AudioHost:
    """A host that notes what it locates, around an adapter that lies in memory."""
    observer = lambda block, *maps: located.update({block: maps})  # noqa: E731
    return AudioHost(
        SimpleNamespace(model=adapter, load_device=torch.device("cpu")),
        audio,
        BindingOptions(),
        observer=observer,
    )


def options_for(host: AudioHost, voices: Tensor, audible: bool) -> dict:
    """Transformer options as `calc_cond_batch` and the host's wrapper make them for one condition."""
    uuid = uuid4()
    silent = frozenset() if audible else frozenset({uuid})
    conditioned = ConditionedPass(ClipVoices(voices, host.audio.masks, None), silent)
    options = {"uuids": [uuid], "cond_or_uncond": [0], KEY: conditioned}
    current = host.begin_pass(options, torch.empty(1, 16, *host.audio.grid.latent_size))
    patches = {"attn1_patch": [LocatePersons()], "attn2_patch": [AddAudio(host.adapters)]}
    return options | {"patches": patches, PASS: current}


def adapter_from(state: Tensors, heads: int) -> AudioAdapter:
    return build_adapter(state, heads, layers=comfy.ops.manual_cast, attention=comfy_attention)


def run_model(config: dict, tensors: Tensors) -> Tensors:
    """The `dit_model` case: two persons, one, and one without audio."""
    model = WanModel(
        model_type="i2v",
        in_dim=36,
        dim=config["dim"],
        ffn_dim=config["ffn_dim"],
        text_dim=config["text_dim"],
        num_heads=config["num_heads"],
        num_layers=config["num_layers"],
        operations=comfy.ops.disable_weight_init,
    ).eval()
    model.load_state_dict(part(tensors, "wan."))
    adapter = adapter_from(part(tensors, "adapter."), config["num_heads"])
    given = part(tensors, "case.")
    latent = torch.cat([given["x"][None], given["y"]], dim=1)
    grid = Grid.of_latent(latent)
    masks = given["ref_target_masks"][:, ::2, ::2].flatten(1)
    context = torch.nn.functional.pad(given["context"], (0, 0, 0, 512 - len(given["context"])))[None]
    image = given["clip_fea_base"].repeat(1, 1, 16)
    features = torch.stack([given["audio_full_1"], given["audio_full_2"]])
    outputs = {}
    for name, persons in (("output_2", 2), ("output_1", 1), ("output_no_audio", 1)):
        located = {}
        windows = audio_windows(features[:persons], 0, config["video_frames"], window=config["audio_window"])
        host = host_for(adapter, ClipAudio(windows=windows, masks=masks, grid=grid), located)
        options = options_for(host, adapter.voice_tokens(windows), audible=name != "output_no_audio")
        outputs[f"model.{name}"] = model(latent, given["t"], context, image, transformer_options=options)
        if persons == 2:
            for block, (similarity, labels) in located.items():
                outputs[f"model.x_ref_attn_map_{block}"] = similarity[0]
                outputs[f"model.normalized_pos_{block}"] = labels[0]
    return outputs


def run_block(config: dict, tensors: Tensors) -> Tensors:
    """The `dit_block` case: one block with two persons and with one."""
    operations = {"operations": comfy.ops.disable_weight_init, "device": None, "dtype": torch.float32}
    block = WanAttentionBlock(
        "i2v_cross_attn",
        config["dim"],
        config["ffn_dim"],
        config["num_heads"],
        cross_attn_norm=True,
        operation_settings=operations,
    ).eval()
    block.load_state_dict(part(tensors, "wan."))
    adapter = adapter_from(part(tensors, "adapter."), config["num_heads"])
    given = part(tensors, "case.")
    grid = Grid(*given["grid"].tolist())
    outputs = {}
    for persons in (2, 1):
        located = {}
        audio = given["audio_embedding"][0][:, : persons * config["audio_tokens_per_person"]]
        voices = audio.unflatten(1, (persons, -1)).transpose(0, 1)
        windows = torch.zeros(persons, 4 * grid.frames - 3, 5, 1, 1)
        clip_audio = ClipAudio(windows=windows, masks=given["ref_target_masks"], grid=grid)
        host = host_for(adapter, clip_audio, located)
        options = options_for(host, torch.cat([voices, voices[:1]]), audible=True) | {
            "block_index": 0,
        }
        rope = WanModel.rope_encode(
            SimpleNamespace(
                patch_size=(1, 2, 2),
                rope_embedder=comfy.ldm.flux.layers.EmbedND(128, 10000.0, [44, 42, 42]),
            ),
            grid.frames,
            2 * grid.height,
            2 * grid.width,
        )
        output = block(
            given["x"],
            given["e"],
            rope,
            given["context"],
            config["context_tokens_clip"],
            options,
        )
        outputs[f"block.output_{persons}"] = output
        if persons == 2:
            outputs["block.x_ref_attn_map"] = located[0][0][0]
            outputs["block.normalized_pos"] = located[0][1][0]
    return outputs


def main() -> None:
    """Run both cases."""
    path = EXCHANGE / "inputs.safetensors"
    tensors = load_file(path)
    configs = json.loads((EXCHANGE / "configs.json").read_text())
    outputs = run_model(configs["dit_model"], part(tensors, "dit_model."))
    outputs |= run_block(configs["dit_block"], part(tensors, "dit_block."))
    save_file(
        {name: tensor.contiguous() for name, tensor in outputs.items()}, EXCHANGE / "outputs.safetensors"
    )


if __name__ == "__main__":
    with torch.inference_mode():
        main()
