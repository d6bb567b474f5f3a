"""Audio adapters on disk, under the key names of the MultiTalk and InfiniteTalk releases."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..files.whole import whole_file
from .adapter_keys import check_keys, find_parameters
from .adapter_sizes import adapter_shape
from .quantised import check_parts, dequantise
from .reading import Paths, list_tensors, load_tensors
from .recognition import other_kind


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
    stored, metadata = list_tensors(paths)
    name = str(paths) if isinstance(paths, str | PathLike) else ", ".join(map(str, paths))
    parameters, unexpected = find_parameters(stored, name)
    check_keys(parameters, unexpected, name, instead=other_kind(stored, metadata))
    for key, parts in parameters.items():
        check_parts(key, {part: stored[source] for part, source in parts.items()})
    wanted = {key: stored[key] for parts in parameters.values() for key in parts.values()}
    loaded = load_tensors(wanted, blocks_as=dtype or torch.bfloat16)
    return {
        key: dequantise({part: loaded[source] for part, source in parts.items()}, dtype)
        for key, parts in parameters.items()
    }


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
