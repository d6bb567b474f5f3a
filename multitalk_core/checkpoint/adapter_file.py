"""Audio adapters on disk, under the key names of the MultiTalk and InfiniteTalk releases."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..files.whole import whole_file
from .adapter_keys import check_keys, find_parameters
from .adapter_sizes import adapter_shape
from .quantised import (
    FLOAT8_TYPES,
    asks_for_full_precision,
    check_parts,
    dequantise,
    scale_of,
    stored_parts,
)
from .reading import Paths, StoredTensor, list_tensors, load_tensors
from .recognition import other_kind


@dataclass(frozen=True)
class StoredAdapter:
    """An adapter whose matrices in float8 are as their file has them.

    Attributes
    ----------
    state : dict of Tensor
        Under the released key names.
    scales : dict of Tensor, float32
        One number for each matrix in float8, which its numbers are multiplied by.
    full_precision : bool
        Whether the file asks that float8 be used for storage alone, and products be computed in more.
    """

    state: dict[str, Tensor]
    scales: dict[str, Tensor]
    full_precision: bool


def read_adapter(paths: Paths, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """Read a MultiTalk or InfiniteTalk adapter, alone or inside a whole DiT, under its released key names.

    Parameters
    ----------
    paths : path or sequence of paths
        One .safetensors or .gguf file, shards, a folder or an index.
    dtype : torch.dtype, optional
        Of the tensors returned. By default they keep their own; quantised weights become bfloat16.

    Raises
    ------
    MultiTalkError
        When the checkpoint cannot be read, is not an adapter, or has missing or additional tensors.
    """
    parameters, _ = _load_parameters(paths, blocks_as=dtype or torch.bfloat16)
    return {key: dequantise(parts, dtype) for key, parts in parameters.items()}


def read_stored_adapter(paths: Paths) -> StoredAdapter:
    """Read an adapter as `read_adapter`, but leave its matrices in float8 as they are stored.

    Those with a scale for each row, which few layers compute with, become bfloat16.
    """
    parameters, stored = _load_parameters(paths, blocks_as=torch.bfloat16)
    state, scales = {}, {}
    for key, parts in parameters.items():
        numbers = parts[stored_parts(parts)[0]]
        scale = scale_of(parts)
        if numbers.dtype in FLOAT8_TYPES and numbers.dim() == 2 and scale.numel() == 1:
            state[key], scales[key] = numbers, scale.reshape(())
        else:
            state[key] = dequantise(parts, None)
    return StoredAdapter(state, scales, asks_for_full_precision(stored))


def _load_parameters(
    paths: Paths, *, blocks_as: torch.dtype
) -> tuple[dict[str, dict[str, Tensor]], dict[str, StoredTensor]]:
    """The parts of each parameter by released key, and all that the checkpoint lists."""
    stored, metadata = list_tensors(paths)
    name = str(paths) if isinstance(paths, str | PathLike) else ", ".join(map(str, paths))
    parameters, unexpected = find_parameters(stored, name)
    check_keys(parameters, unexpected, name, instead=other_kind(stored, metadata))
    for key, parts in parameters.items():
        check_parts(key, {part: stored[source] for part, source in parts.items()})
    wanted = {key: stored[key] for parts in parameters.values() for key in parts.values()}
    loaded = load_tensors(wanted, blocks_as=blocks_as)
    return {
        key: {part: loaded[source] for part, source in parts.items()} for key, parts in parameters.items()
    }, stored


def write_adapter(
    path: str | PathLike[str], state: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write an adapter; an existing file is replaced only when the new one is complete.

    Raises
    ------
    MultiTalkError
        When the state is not an adapter, or cannot be written.
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
    try:
        with whole_file(path) as part:
            part.touch()
            mode = part.stat().st_mode  # save_file makes files that only their owner can read
            save_file(tensors, part, metadata={"format": "pt", **(metadata or {})})
            part.chmod(mode)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error).rpartition("I/O error: ")[2]
        raise MultiTalkError(
            f"The adapter could not be written to {path} ({reason}): free some space or choose another "
            "folder; nothing was changed."
        ) from error
