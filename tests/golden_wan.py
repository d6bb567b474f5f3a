"""The golden DiT cases through the diffusers host: Wan with its audio layers, weights from the recipe."""

import math
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from multitalk_core.checkpoint import adapter_shape
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.audio_patch import AudioPatch, AudioRows, audio_rows
from multitalk_core.method.labels import spread_ranges
from multitalk_core.method.wan import Grid
from multitalk_core.method.windows import audio_windows

ADAPTER_PARTS = ("audio_proj.", "audio_cross_attn.", "norm_x.")


def recipe_state(recipe: dict[str, Any]) -> dict[str, Tensor]:
    """Weights of a case, rebuilt by the rules its manifest states."""
    state = {}
    for index, check in enumerate(sorted(recipe["checks"], key=lambda check: check["name"])):
        name, shape = check["name"], check["shape"]
        generator = torch.Generator("cpu").manual_seed(recipe["base_seed"] + index)
        uniform = torch.rand(shape, generator=generator) * 2 - 1
        if name.endswith("modulation"):
            state[name] = 0.5 * uniform
        elif len(shape) == 1:
            state[name] = 1 + 0.2 * uniform if name.endswith(".weight") else 0.1 * uniform
        else:
            state[name] = math.sqrt(3 / math.prod(shape[1:])) * uniform
    return state


def is_adapter_key(name: str) -> bool:
    """Whether a released key belongs to the adapter rather than to Wan."""
    return any(part in name for part in ADAPTER_PARTS)


def wan_transformer(config: dict[str, Any], layers: int, **options: Any) -> torch.nn.Module:
    """An image-to-video WanTransformer3DModel of a case's size."""
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        num_attention_heads=config["num_heads"],
        attention_head_dim=config["dim"] // config["num_heads"],
        in_channels=36,
        out_channels=16,
        ffn_dim=config["ffn_dim"],
        num_layers=layers,
        image_dim=1280,
        added_kv_proj_dim=config["dim"],
        **options,
    ).eval()


def load_wan(transformer: torch.nn.Module, state: dict[str, Tensor]) -> None:
    """Load original Wan keys; parameters the state has not stay as they are."""
    from diffusers.loaders.single_file_utils import convert_wan_transformer_to_diffusers

    converted = convert_wan_transformer_to_diffusers(dict(state))
    unexpected = transformer.load_state_dict(converted, strict=False).unexpected_keys
    assert not unexpected, f"keys that diffusers' Wan has not: {unexpected}"


def adapter_from(state: dict[str, Tensor], heads: int) -> AudioAdapter:
    """The adapter among a case's weights; a block alone gets an empty projection."""
    adapter = AudioAdapter(adapter_shape(state), heads)
    adapter.load_state_dict(state)
    return adapter.eval()


def blank_projection(audio_width: int, tokens: int) -> dict[str, Tensor]:
    """A projection of the least size, for a case that starts from audio tokens."""
    sizes = {"proj1": (1, 5), "proj1_vf": (1, 8), "proj2": (1, 1), "proj3": (tokens * audio_width, 1)}
    state = {f"audio_proj.{name}.weight": torch.zeros(size) for name, size in sizes.items()}
    state |= {f"audio_proj.{name}.bias": torch.zeros(size[0]) for name, size in sizes.items()}
    return state | {f"audio_proj.norm.{name}": torch.zeros(audio_width) for name in ("weight", "bias")}


class PlainTextAttention:
    """Text and image attention of a Wan block for any number of text tokens (diffusers fixes 512)."""

    def __init__(self, image_tokens: int):
        self.image_tokens = image_tokens

    def __call__(self, attn: Any, hidden: Tensor, context: Tensor, mask: None, rotary: None) -> Tensor:
        query = attn.norm_q(attn.to_q(hidden))
        image, text = context[:, : self.image_tokens], context[:, self.image_tokens :]
        pairs = [(attn.norm_k(attn.to_k(text)), attn.to_v(text))]
        pairs.append((attn.norm_added_k(attn.add_k_proj(image)), attn.add_v_proj(image)))
        total = torch.zeros_like(query)
        for key, value in pairs:
            heads = [t.unflatten(-1, (attn.heads, -1)).transpose(1, 2) for t in (query, key, value)]
            total = total + F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
        return attn.to_out[0](total)


def compare_dit_block(config: dict, tensors: dict[str, Tensor], case: dict) -> Iterator:
    from multitalk_core.hosts.diffusers.wan_host import WanHost

    state = {f"blocks.0.{name}": value for name, value in recipe_state(case["recipe"]).items()}
    transformer = wan_transformer(config, layers=1)
    load_wan(transformer, {name: value for name, value in state.items() if not is_adapter_key(name)})
    tokens_per_person = config["audio_tokens_per_person"]
    adapter_state = {name: value for name, value in state.items() if is_adapter_key(name)}
    adapter_state |= blank_projection(config["output_dim"], tokens_per_person)
    located = {}
    patch = AudioPatch(
        adapter_from(adapter_state, config["num_heads"]),
        observer=lambda block, similarity, labels: located.update(similarity=similarity, labels=labels),
    )
    host = WanHost(transformer, patch)
    host.grid = Grid(*tensors["grid"].tolist())
    block = transformer.blocks[0]
    block.attn2.processor = PlainTextAttention(config["context_tokens_clip"])
    seen = {}
    block.attn1.register_forward_hook(lambda module, args, out: seen.update(self_attention=out))
    latent = torch.zeros(1, 36, host.grid.frames, 2 * host.grid.height, 2 * host.grid.width)
    rotary = transformer.rope(latent)
    for persons in (2, 1):
        audio = tensors["audio_embedding"][:, :, : persons * tokens_per_person].unflatten(2, (persons, -1))
        rows = AudioRows(
            tokens=audio,
            masks=tensors["ref_target_masks"][None],
            ranges=spread_ranges(persons).on("cpu"),
        )
        with host.conditioned(rows):
            output = block(tensors["x"], tensors["context"], tensors["e"], rotary)
        if persons == 2:
            yield "self_attention", seen["self_attention"], tensors["self_attention"]
            yield "x_ref_attn_map", located["similarity"][0], tensors["x_ref_attn_map"]
            yield "normalized_pos", located["labels"][0], tensors["normalized_pos"]
        yield f"output_{persons}", output, tensors[f"output_{persons}"]


def compare_dit_model(config: dict, tensors: dict[str, Tensor], case: dict) -> Iterator:
    from multitalk_core.hosts.diffusers.wan_host import WanHost

    state = recipe_state(case["recipe"])
    transformer = wan_transformer(config, config["num_layers"], text_dim=config["text_dim"])
    load_wan(transformer, {name: value for name, value in state.items() if not is_adapter_key(name)})
    adapter_state = {name: value for name, value in state.items() if is_adapter_key(name)}
    adapter = adapter_from(adapter_state, config["num_heads"])
    located = {}
    patch = AudioPatch(adapter, observer=lambda block, *maps: located.update({block: maps}))
    host = WanHost(transformer, patch)
    masks = tensors["ref_target_masks"][:, ::2, ::2].flatten(1)
    latent = torch.cat([tensors["x"][None], tensors["y"]], dim=1)
    context = F.pad(tensors["context"], (0, 0, 0, 512 - len(tensors["context"])))[None]
    image = tensors["clip_fea_base"].repeat(1, 1, 16)
    features = torch.stack([tensors["audio_full_1"], tensors["audio_full_2"]])
    for name, persons in (("output_2", 2), ("output_1", 1), ("output_no_audio", 1)):
        windows = audio_windows(features[:persons], 0, config["video_frames"], window=config["audio_window"])
        rows = audio_rows(adapter.voice_tokens(windows), masks, [name != "output_no_audio"])
        with host.conditioned(rows):
            output = transformer(latent, tensors["t"], context, image, return_dict=False)[0]
        if persons == 2:
            for block, (similarity, labels) in sorted(located.items()):
                yield f"x_ref_attn_map_{block}", similarity[0], tensors[f"x_ref_attn_map_{block}"]
                yield f"normalized_pos_{block}", labels[0], tensors[f"normalized_pos_{block}"]
        yield name, output, tensors[name]
