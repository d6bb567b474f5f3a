"""Audio adapters on disk, under the key names MultiTalk and InfiniteTalk were released with."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor

from ..errors import MultiTalkError
from .quantised import QUANTISED_SUFFIXES, dequantise
from .reading import Paths, StoredTensor, list_tensors, load_tensors

PROJECTION_LAYERS = ("proj1", "proj1_vf", "proj2", "proj3", "norm")
BLOCK_LAYERS = ("audio_cross_attn.q_linear", "audio_cross_attn.kv_linear", "audio_cross_attn.proj", "norm_x")

# Whatever prefix a repack put in front is dropped; WanVideoWrapper exports say multitalk_audio_proj.
_PARAMETER = re.compile(
    rf"(?:.+\.)?(?:multitalk_)?((?:audio_proj\.(?:{'|'.join(PROJECTION_LAYERS)})"
    rf"|blocks\.\d+\.(?:{'|'.join(map(re.escape, BLOCK_LAYERS))}))\.)"
    rf"(weight|bias|{'|'.join(map(re.escape, QUANTISED_SUFFIXES))})"
)
# Scales of activations and notes of quantisers: nothing of the weights themselves.
_IGNORED = re.compile(r"(?:.*\.)?(?:scaled_fp8|scale_input|input_scale|output_scale|comfy_quant)")
_ADAPTER_SPACE = re.compile(r"(?:.+\.)?(?:multitalk_)?(?:audio_proj|blocks\.\d+\.audio_cross_attn)\..+")


@dataclass(frozen=True)
class AdapterShape:
    """The dimensions of an audio adapter, all read from its weights."""

    blocks: tuple[int, ...]
    """The DiT blocks that have an audio layer."""
    width: int
    """Of the DiT's hidden states."""
    audio_width: int
    """Of an audio token."""
    context_tokens: int
    """Audio tokens for each speaker and latent frame."""
    intermediate: int
    """Of the audio projection's hidden layers."""
    window: int
    """Audio frames around a video frame."""
    feature_size: int
    """Layers × channels of the audio features of a frame."""
    temporal_stride: int = 4
    """Video frames for each latent frame after the first."""


def read_adapter(paths: Paths, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """A MultiTalk or InfiniteTalk adapter, alone or inside a whole DiT, under its released key names.

    Parameters
    ----------
    paths
        One .safetensors file, shards, a folder or an index.
    dtype
        Of the tensors returned. By default they keep their own; quantised weights become bfloat16.

    Raises
    ------
    MultiTalkError
        The checkpoint cannot be read, is no adapter, or lacks or adds tensors.
    """
    stored, _ = list_tensors(paths)
    return adapter_from_tensors(stored, _name(paths), dtype)


def adapter_from_tensors(
    stored: Mapping[str, StoredTensor], name: str, dtype: torch.dtype | None = None
) -> dict[str, Tensor]:
    """`read_adapter` for a checkpoint whose tensors are already listed; `name` is for error sentences."""
    parameters = find_parameters(stored, name)
    _check_keys(parameters, name)
    loaded = load_tensors({key: stored[key] for parts in parameters.values() for key in parts.values()})
    return {
        key: dequantise(key, {part: loaded[source] for part, source in parts.items()}, dtype)
        for key, parts in parameters.items()
    }


def find_parameters(stored: Iterable[str], name: str) -> dict[str, dict[str, str]]:
    """Released key → part ("weight", "bias" or a part of a quantised weight) → key in the file.

    Raises
    ------
    MultiTalkError
        There are audio layers this adapter does not have, or two adapters in one file.
    """
    parameters: dict[str, dict[str, str]] = {}
    unexpected = []
    for source in stored:
        match = _PARAMETER.fullmatch(source)
        if match is None:
            if _ADAPTER_SPACE.fullmatch(source) and not _IGNORED.fullmatch(source):
                unexpected.append(source)
            continue
        layer, part = match.groups()
        parts = parameters.setdefault(layer + ("bias" if part == "bias" else "weight"), {})
        if part in parts:
            raise MultiTalkError(
                f"{name} holds two adapters ({parts[part]} and {source}): split it into two files."
            )
        parts[part] = source
    if parameters and unexpected:
        raise MultiTalkError(
            f"{name} is not a MultiTalk adapter, it has {_some(unexpected)} besides: use a released MultiTalk "
            "or InfiniteTalk file."
        )
    return parameters


def expected_keys(blocks: Iterable[int]) -> list[str]:
    """The keys of an adapter on these blocks, in the released order."""
    layers = [f"audio_proj.{layer}" for layer in PROJECTION_LAYERS]
    layers += [f"blocks.{block}.{layer}" for block in blocks for layer in BLOCK_LAYERS]
    return [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]


def blocks_of(keys: Iterable[str]) -> tuple[int, ...]:
    """The numbers of the blocks that occur in released key names."""
    return tuple(sorted({int(key.split(".")[1]) for key in keys if key.startswith("blocks.")}))


def _check_keys(keys: Iterable[str], name: str) -> None:
    blocks = blocks_of(keys)
    if not blocks or not any(key.startswith("audio_proj.") for key in keys):
        raise MultiTalkError(
            f"{name} holds no audio adapter (tensors audio_proj.* and blocks.N.audio_cross_attn.*): "
            "choose a MultiTalk or InfiniteTalk file."
        )
    if missing := [key for key in expected_keys(blocks) if key not in keys]:
        raise MultiTalkError(
            f"The adapter in {name} lacks {_some(missing)}: download it again, with all its shards."
        )
    if unexpected := sorted(set(keys) - set(expected_keys(blocks))):
        raise MultiTalkError(f"The adapter in {name} has {_some(unexpected)} besides: use a released file.")


def adapter_shape(state: Mapping[str, Tensor]) -> AdapterShape:
    """The dimensions of an adapter; meta tensors serve as well.

    Raises
    ------
    MultiTalkError
        Tensors are missing, or their shapes contradict each other.
    """
    _check_keys(state.keys(), "this state")
    sizes = {key: tuple(tensor.shape) for key, tensor in state.items()}
    return shape_from_sizes(sizes)


def shape_from_sizes(sizes: Mapping[str, tuple[int, ...]]) -> AdapterShape:
    """`adapter_shape` from the shapes alone."""
    blocks, stride = blocks_of(sizes), AdapterShape.temporal_stride
    for key in ("audio_proj.proj1.weight", "audio_proj.proj1_vf.weight", "audio_proj.proj3.weight"):
        if len(sizes[key]) != 2:
            raise _size_error(key, sizes[key], "a matrix")
    intermediate, first = sizes["audio_proj.proj1.weight"]
    later = sizes["audio_proj.proj1_vf.weight"][1]
    feature_size, rest = divmod(later - first, stride - 1)
    window = first // feature_size if feature_size > 0 else 0
    if rest or window * feature_size != first or window % 2 == 0:
        raise _size_error(
            "audio_proj.proj1_vf.weight",
            sizes["audio_proj.proj1_vf.weight"],
            f"an input for {stride - 1} more frames than the odd window of audio_proj.proj1.weight "
            f"{list(sizes['audio_proj.proj1.weight'])}",
        )
    audio_width = sizes["audio_proj.norm.weight"][0]
    context_tokens = sizes["audio_proj.proj3.weight"][0] // audio_width
    width = sizes[f"blocks.{blocks[0]}.norm_x.weight"][0]
    shape = AdapterShape(blocks, width, audio_width, context_tokens, intermediate, window, feature_size)
    for key, expected in expected_sizes(shape).items():
        if sizes[key] != expected:
            raise _size_error(key, sizes[key], str(list(expected)))
    return shape


def expected_sizes(shape: AdapterShape) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of such an adapter."""
    first = shape.window * shape.feature_size
    later = (shape.window + shape.temporal_stride - 1) * shape.feature_size
    matrices = {
        "audio_proj.proj1": (shape.intermediate, first),
        "audio_proj.proj1_vf": (shape.intermediate, later),
        "audio_proj.proj2": (shape.intermediate, shape.intermediate),
        "audio_proj.proj3": (shape.context_tokens * shape.audio_width, shape.intermediate),
        "audio_proj.norm": (shape.audio_width,),
    }
    for block in shape.blocks:
        matrices |= {
            f"blocks.{block}.audio_cross_attn.q_linear": (shape.width, shape.width),
            f"blocks.{block}.audio_cross_attn.kv_linear": (2 * shape.width, shape.audio_width),
            f"blocks.{block}.audio_cross_attn.proj": (shape.width, shape.width),
            f"blocks.{block}.norm_x": (shape.width,),
        }
    return {
        f"{layer}.{part}": size if part == "weight" else size[:1]
        for layer, size in matrices.items()
        for part in ("weight", "bias")
    }


def check_adapter(
    shape: AdapterShape, model_width: int, model_depth: int, model_name: str = "the model"
) -> None:
    """Refuses an adapter that was made for a DiT of another width or depth.

    Raises
    ------
    MultiTalkError
    """
    if shape.width != model_width:
        raise MultiTalkError(
            f"The adapter is for a model {shape.width} wide and {model_name} is {model_width} wide: choose the "
            "adapter made for this model, or the model the adapter was made for."
        )
    if shape.blocks[-1] >= model_depth:
        raise MultiTalkError(
            f"The adapter reaches to block {shape.blocks[-1]} and {model_name} has only blocks 0 to "
            f"{model_depth - 1}: choose the adapter made for this model."
        )


def write_adapter(
    path: str | PathLike[str], state: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Writes an adapter, whole or not at all: a file already there stays until the new one is complete.

    Raises
    ------
    MultiTalkError
        The state is no adapter, or the disk does not take it.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    path = Path(path)
    if path.suffix != ".safetensors":
        raise MultiTalkError(
            f"An adapter is written as safetensors: name the file {path.with_suffix('.safetensors')}."
        )
    adapter_shape(state)
    tensors = {key: tensor.detach().cpu().contiguous() for key, tensor in state.items()}
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.touch()
        mode = partial.stat().st_mode  # save_file makes files only their owner can read
        save_file(tensors, partial, metadata={"format": "pt", **(metadata or {})})
        partial.chmod(mode)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except (OSError, SafetensorError) as error:
        raise MultiTalkError(
            f"The adapter could not be written to {path} ({error}): choose another folder or free some space; "
            "nothing was changed."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _name(paths: Paths) -> str:
    return str(paths) if isinstance(paths, str | PathLike) else ", ".join(map(str, paths))


def _some(keys: list[str]) -> str:
    shown = ", ".join(keys[:3])
    return shown if len(keys) <= 3 else f"{shown} … ({len(keys)} tensors in all)"


def _size_error(key: str, size: tuple[int, ...], expected: str) -> MultiTalkError:
    return MultiTalkError(
        f"The adapter's tensor {key} is {list(size)} where {expected} is expected: the file is damaged."
    )
