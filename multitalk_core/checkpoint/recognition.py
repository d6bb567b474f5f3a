"""Recognise the model of a checkpoint by the names and shapes of its tensors."""

import json
import re
from collections.abc import Callable, Mapping

from ..errors import MultiTalkError, quoted
from ..method.wan import I2V_CHANNELS, LATENT_CHANNELS
from .adapter_keys import check_keys, find_parameters
from .adapter_sizes import shape_from_sizes
from .quantised import stored_parts
from .reading import StoredTensor

Stored = Mapping[str, StoredTensor]
Found = tuple[str, dict[str, str]]

# The end of the name of each layer's first tensor.
LORA_NAMES = {
    "LoRA": re.compile(r"[._](lora_down|lora_A|lora\.down|lora_linear_layer\.down)(\.\w+)?\.weight$"),
    "LoHa": re.compile(r"\.hada_w1_a$"),
    "LoKr": re.compile(r"\.lokr_w1(_a)?$"),
    "LoRA of differences alone": re.compile(r"\.(diff|diff_b)$"),
}
KNOWN_MODELS = {"Wan2.1 14B": (5120, 40), "Wan2.1 1.3B": (1536, 30)}


def recognise(stored: Stored, metadata: Mapping[str, str]) -> Found:
    """The kind of a checkpoint in words, and its details by label."""
    for recogniser in RECOGNISERS:
        try:
            if found := recogniser(stored, metadata):
                return found
        except (IndexError, ValueError):  # names of this kind, but tensors of other dimensions
            continue
    prefixes = sorted({quoted(name.split(".")[0]) for name in stored})
    return "unknown", {"names begin with": ", ".join(prefixes[:8])} if prefixes else {}


def kind_in_words(stored: Stored, metadata: Mapping[str, str]) -> str | None:
    """The kind with an article, for use in a sentence; None if unknown."""
    kind, _ = recognise(stored, metadata)
    return None if kind == "unknown" else f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def _adapter(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    parameters, unexpected = find_parameters(stored, "this file")
    if not any("audio_cross_attn" in key for key in parameters):
        return None
    kind = "MultiTalk or InfiniteTalk audio adapter"
    if transformer := _wan_transformer(stored, metadata):
        kind = f"{kind} with a {transformer[0]}"
    try:
        check_keys(parameters, unexpected, "this file")
        weights = {key: stored[parts[stored_parts(parts)[0]]] for key, parts in parameters.items()}
        shape = shape_from_sizes({key: tensor.shape for key, tensor in weights.items()})
    except MultiTalkError as error:
        return f"incomplete or changed {kind}", {"fault": str(error)}
    last = shape.blocks[-1]
    fits = [name for name, (width, depth) in KNOWN_MODELS.items() if width == shape.width and last < depth]
    details = {
        "audio layers": f"{len(shape.blocks)}, in blocks {shape.blocks[0]} to {last}",
        "model width": str(shape.width),
        "audio tokens": f"{shape.context_tokens} of {shape.audio_width} for each speaker and latent frame",
        "window": f"{shape.window} audio frames of {shape.feature_size} numbers",
        "fits": ", ".join(fits) or f"models {shape.width} wide with at least {last + 1} blocks",
        "adapter numbers": f"{sum(tensor.numbers for tensor in weights.values()):,}",
    }
    return kind, details | (transformer[1] if transformer else {})


def _lora(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    for kind, last in LORA_NAMES.items():
        layers = [name for name in stored if last.search(name)]
        if layers and kind == "LoRA":
            ranks = sorted({stored[name].shape[0] for name in layers})
            return kind, {"rank": ", ".join(map(str, ranks)), "layers": str(len(layers))}
        if layers:
            return kind, {"layers": str(len(layers))}
    return None


def _wan_transformer(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    original = _below(stored, "blocks.0.self_attn.norm_q.weight")
    tensors = original or _below(stored, "blocks.0.attn1.norm_q.weight")
    patch = tensors.get("patch_embedding.weight")
    if patch is None or len(patch.shape) != 5:
        return None
    width, channels = patch.shape[:2]
    depth = _count(tensors, "blocks.")
    image_embedder = any(
        name.startswith(("img_emb.", "condition_embedder.image_embedder.")) for name in tensors
    )
    purposes = {LATENT_CHANNELS: "text to video", I2V_CHANNELS: "image to video"}
    purpose = purposes.get(channels, "of another kind")
    names = [name for name, size in KNOWN_MODELS.items() if size == (width, depth)]
    details = {
        "model": f"{names[0]}, {purpose}" if names else f"{purpose}, of a size of its own",
        "input channels": str(channels),
        "image embedder": "yes" if image_embedder else "no",
        "depth": f"{depth} blocks",
        "width": str(width),
        "heads": str(_heads(width, metadata)),
        "key names": "original" if original else "diffusers",
    }
    return "Wan2.1 diffusion transformer", details


def _heads(width: int, metadata: Mapping[str, str]) -> int:
    """Wan's heads are 128 wide, unless ComfyUI's metadata or a diffusers config.json say otherwise."""
    try:
        config = json.loads(metadata["config"])
        return int(config.get("transformer", {}).get("num_heads") or config["num_attention_heads"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return width // 128


def _wan_vae(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    original = _below(stored, "decoder.head.0.gamma")
    tensors = original or _below(stored, "decoder.norm_out.gamma")
    latent = tensors.get("conv2.weight") or tensors.get("post_quant_conv.weight")
    if latent is None:
        return None
    return "Wan VAE", {
        "latent channels": str(latent.shape[0]),
        "key names": "original" if original else "diffusers",
    }


def _wav2vec2(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    tensors = _below(stored, "feature_extractor.conv_layers.0.conv.weight")
    projection = tensors.get("feature_projection.projection.weight")
    if projection is None:
        return None
    layers, width = _count(tensors, "encoder.layers."), projection.shape[0]
    return "wav2vec2 audio encoder", {
        "layers": str(layers),
        "width": str(width),
        "feature size": str(layers * width),
    }


def _clip_vision(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    open_clip = _below(stored, "visual.transformer.resblocks.0.attn.in_proj_weight")
    wan = _below(stored, "visual.transformer.0.attn.to_qkv.weight")
    hugging_face = _below(stored, "embeddings.class_embedding")
    for tensors, layers, embedding in (
        (open_clip, "visual.transformer.resblocks.", "visual.class_embedding"),
        (wan, "visual.transformer.", "visual.cls_embedding"),
        (hugging_face, "encoder.layers.", "embeddings.class_embedding"),
    ):
        if embedding in tensors:
            width = tensors[embedding].shape[-1]
            return "CLIP vision encoder", {"layers": str(_count(tensors, layers)), "width": str(width)}
    return None


def _text_encoder(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    original = _below(stored, "blocks.0.attn.q.weight")
    hugging_face = _below(stored, "encoder.block.0.layer.0.SelfAttention.q.weight")
    for tensors, layers, embedding, second_bias in (
        (original, "blocks.", "token_embedding.weight", "blocks.1.pos_embedding.embedding.weight"),
        (hugging_face, "encoder.block.", "shared.weight",
         "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight"),
    ):  # fmt: skip
        if embedding in tensors:
            words, width = tensors[embedding].shape
            # umt5 has position biases in every layer, t5 in the first only.
            kind = "umt5 text encoder" if second_bias in tensors else "t5 text encoder (Wan needs umt5)"
            return kind, {
                "layers": str(_count(tensors, layers)),
                "width": str(width),
                "vocabulary": f"{words:,}",
            }
    return None


def _below(stored: Stored, anchor: str) -> dict[str, StoredTensor]:
    """Tensors with the same prefix as the anchor, named without it; empty if the anchor is missing."""
    for name in stored:
        if name == anchor or name.endswith(f".{anchor}"):
            prefix = name.removesuffix(anchor)
            return {
                key.removeprefix(prefix): tensor for key, tensor in stored.items() if key.startswith(prefix)
            }
    return {}


def _count(stored: Stored, layers: str) -> int:
    """Number of numbered layers under this name."""
    pattern = re.compile(rf"{re.escape(layers)}(\d+)\.")
    return len({match[1] for name in stored if (match := pattern.match(name))})


RECOGNISERS: tuple[Callable[[Stored, Mapping[str, str]], Found | None], ...] = (
    _lora,
    _adapter,
    _wan_transformer,
    _wan_vae,
    _wav2vec2,
    _clip_vision,
    _text_encoder,
)
