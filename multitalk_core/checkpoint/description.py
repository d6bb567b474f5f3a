"""What a checkpoint contains, for the `inspect` command: read from names and shapes, never the numbers."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from ..errors import MultiTalkError
from .adapter_file import blocks_of, expected_keys, find_parameters, shape_from_sizes
from .reading import StoredTensor, checkpoint_files, list_tensors

Stored = Mapping[str, StoredTensor]
Found = tuple[str, dict[str, str]]

KNOWN_MODELS = {"Wan2.1 14B": (5120, 40), "Wan2.1 1.3B": (1536, 30)}
PRECISIONS = {
    "F32": "fp32", "F16": "fp16", "BF16": "bf16", "F8_E4M3": "fp8 (e4m3fn)", "F8_E5M2": "fp8 (e5m2)", "I8": "int8",
}  # fmt: skip


@dataclass(frozen=True)
class Description:
    """What a checkpoint is, in words for the person who chose it."""

    path: str
    kind: str
    """For example "Wan2.1 diffusion transformer"; "unknown" where nothing was recognised."""
    details: Mapping[str, str]
    """Label and value of everything worth telling of this kind."""
    tensors: int
    numbers: int
    size: int
    """In bytes, on disk."""
    precisions: Mapping[str, int]
    """Numbers stored in each precision, the commonest first."""

    def lines(self) -> list[str]:
        """The description as aligned lines of text."""
        total = sum(self.precisions.values())
        shares = [f"{name} {100 * count / total:.3g} %" for name, count in self.precisions.items() if count]
        rows = {
            "file": self.path,
            "kind": self.kind,
            **self.details,
            "tensors": f"{self.tensors:,} with {self.numbers:,} numbers",
            "precision": ", ".join(shares) or "none",
            "size": f"{self.size / 1e9:.2f} GB" if self.size >= 1e9 else f"{self.size / 1e6:.2f} MB",
        }
        width = max(map(len, rows)) + 2
        return [f"{label:<{width}}{value}" for label, value in rows.items()]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def describe(path: str | PathLike[str]) -> Description:
    """Reads names, shapes and metadata of a checkpoint, or of the parts of a diffusers model folder.

    Raises
    ------
    MultiTalkError
        The checkpoint cannot be read.
    """
    path = Path(path)
    if (path / "model_index.json").is_file():
        return _describe_model_folder(path)
    stored, metadata = list_tensors(path)
    kind, details = _recognise(stored, metadata)
    return _description(path, kind, details, stored, checkpoint_files(path))


def _describe_model_folder(folder: Path) -> Description:
    try:
        pipeline = json.loads((folder / "model_index.json").read_bytes())["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MultiTalkError(f"{folder / 'model_index.json'} cannot be read: download it again.") from error
    details: dict[str, str] = {}
    stored: dict[str, StoredTensor] = {}
    files: list[Path] = []
    for part in sorted(file.parent for file in folder.glob("*/config.json")):
        part_stored, metadata = list_tensors(part)
        kind, part_details = _recognise(part_stored, metadata)
        details[part.name] = ", ".join([kind, *(f"{label} {value}" for label, value in part_details.items())])
        stored |= {f"{part.name}.{name}": tensor for name, tensor in part_stored.items()}
        files += checkpoint_files(part)
    return _description(folder, f"diffusers model folder ({pipeline})", details, stored, files)


def _description(
    path: Path, kind: str, details: dict[str, str], stored: Stored, files: list[Path]
) -> Description:
    precisions: Counter[str] = Counter()
    for tensor in stored.values():
        precisions[PRECISIONS.get(tensor.dtype, tensor.dtype)] += tensor.numbers
    return Description(
        path=str(path),
        kind=kind,
        details=details,
        tensors=len(stored),
        numbers=precisions.total(),
        size=sum(file.stat().st_size for file in files),
        precisions=dict(precisions.most_common()),
    )


def _recognise(stored: Stored, metadata: Mapping[str, str]) -> Found:
    for recogniser in RECOGNISERS:
        if found := recogniser(stored, metadata):
            return found
    prefixes = sorted({name.split(".")[0] for name in stored})
    return "unknown", {"names begin with": ", ".join(prefixes[:8])} if prefixes else {}


def _adapter(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    parameters = find_parameters(stored, "this file")
    blocks = blocks_of(parameters)
    if not blocks or set(expected_keys(blocks)) != set(parameters):
        return None
    weights = {key: next(parts[part] for part in ("weight", "bias", "weight._data") if part in parts)
               for key, parts in parameters.items()}  # fmt: skip
    shape = shape_from_sizes({key: stored[source].shape for key, source in weights.items()})
    fits = [
        name for name, (width, depth) in KNOWN_MODELS.items() if width == shape.width and blocks[-1] < depth
    ]
    details = {
        "blocks": f"{len(blocks)} ({blocks[0]} to {blocks[-1]})",
        "width": str(shape.width),
        "audio tokens": f"{shape.context_tokens} of {shape.audio_width} for each speaker and latent frame",
        "window": f"{shape.window} audio frames of {shape.feature_size} numbers",
        "fits": ", ".join(fits) or f"models {shape.width} wide with at least {blocks[-1] + 1} blocks",
        "adapter numbers": f"{sum(stored[source].numbers for source in weights.values()):,}",
    }
    if model := _wan_transformer(stored, metadata):
        return f"MultiTalk or InfiniteTalk audio adapter with a {model[0]}", details | model[1]
    return "MultiTalk or InfiniteTalk audio adapter", details


def _lora(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    downs = [name for name in stored if re.search(r"\.(lora_down|lora_A)(\.\w+)?\.weight$", name)]
    if not downs:
        return None
    ranks = sorted({stored[name].shape[0] for name in downs})
    return "LoRA", {"rank": ", ".join(map(str, ranks)), "layers": str(len(downs))}


def _wan_transformer(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    original = _below(stored, "blocks.0.self_attn.q.weight")
    tensors = original or _below(stored, "blocks.0.attn1.to_q.weight")
    patch = tensors.get("patch_embedding.weight")
    if patch is None or len(patch.shape) != 5:
        return None
    width, channels = patch.shape[:2]
    depth = _count(tensors, "blocks.")
    image_embedder = any(
        name.startswith(("img_emb.", "condition_embedder.image_embedder.")) for name in tensors
    )
    purpose = {16: "text to video", 36: "image to video"}.get(channels, "of another kind")
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
    """Wan's heads are 128 wide; ComfyUI lets a `config` in the metadata say otherwise."""
    try:
        return int(json.loads(metadata.get("config", "{}"))["transformer"]["num_heads"])
    except (ValueError, KeyError, TypeError):
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
    hugging_face = _below(stored, "vision_model.encoder.layers.0.self_attn.q_proj.weight")
    for tensors, layers, embedding in (
        (open_clip, "visual.transformer.resblocks.", "visual.class_embedding"),
        (wan, "visual.transformer.", "visual.cls_embedding"),
        (hugging_face, "vision_model.encoder.layers.", "vision_model.embeddings.class_embedding"),
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
    """The tensors that share the prefix in front of the anchor, without it; none where the anchor is not found."""
    for name in stored:
        if name == anchor or name.endswith(f".{anchor}"):
            prefix = name.removesuffix(anchor)
            return {
                key.removeprefix(prefix): tensor for key, tensor in stored.items() if key.startswith(prefix)
            }
    return {}


def _count(stored: Stored, layers: str) -> int:
    """How many numbered layers there are under this name."""
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
