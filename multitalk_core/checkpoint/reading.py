"""Reading safetensors and GGUF: a file, shards, a folder or an index; anything else is refused."""

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..files.given import check_file, read_json, unreadable, without_doubles
from .gguf_file import is_gguf, list_gguf, load_gguf
from .other_formats import PICKLE_SUFFIXES, START_BYTES, pickle_error, refuse_other_formats

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]

ITEM_BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8,
    "C64": 64, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip
LONGEST_HEADER = 10_000_000  # bytes; the largest supported model has 130 kB
SHARD_NAME = re.compile(r"(.+)-(\d+)-of-(\d+)\.safetensors")


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a file, without its numbers.

    Attributes
    ----------
    file : Path
    dtype : str
        In the notation of safetensors, F32, BF16, F8_E4M3, I8 …, or of GGUF, Q8_0, Q4_K …
    shape : tuple of int
    """

    file: Path
    dtype: str
    shape: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """How many numbers the tensor has."""
        return math.prod(self.shape)


def read_tensors(paths: Paths) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read all tensors of a checkpoint, on the CPU and in their stored precision, and its metadata.

    Parameters
    ----------
    paths : path or sequence of paths
        One .safetensors file, or one shard for all of its shards; a list of files, a folder, or an index.

    Raises
    ------
    MultiTalkError
        When the checkpoint is missing, incomplete, damaged, or not safetensors.
    """
    tensors, metadata = list_tensors(paths)
    return load_tensors(tensors), metadata


def list_tensors(paths: Paths) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    """List names, precisions and shapes of a checkpoint's tensors, and read its metadata.

    Raises
    ------
    MultiTalkError
        As in `read_tensors`.
    """
    tensors: dict[str, StoredTensor] = {}
    metadata: dict[str, str] = {}
    for file in checkpoint_files(paths):
        found, about = _header(file)
        for name in found.keys() & tensors.keys():
            raise MultiTalkError(
                f"{tensors[name].file} and {file} both contain the tensor {name}: "
                "they are two checkpoints, so choose one of the files."
            )
        tensors |= found
        metadata |= about
    return tensors, metadata


def load_tensors(
    stored: Mapping[str, StoredTensor], *, blocks_as: torch.dtype = torch.bfloat16
) -> dict[str, Tensor]:
    """Load tensors onto the CPU in their stored precision.

    Parameters
    ----------
    stored : mapping of str to StoredTensor
    blocks_as : torch.dtype
        Precision of what a GGUF file stores in blocks, which torch has no precision for.

    Raises
    ------
    MultiTalkError
        When a file cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    names_by_file: dict[Path, list[str]] = {}
    for name, tensor in stored.items():
        names_by_file.setdefault(tensor.file, []).append(name)
    loaded: dict[str, Tensor] = {}
    for file, names in names_by_file.items():
        if is_gguf(file):
            loaded |= load_gguf(file, names, blocks_as)
            continue
        try:
            with safe_open(file, framework="pt") as opened:
                loaded |= {name: opened.get_tensor(name) for name in names}
        except (OSError, SafetensorError) as error:
            raise MultiTalkError(f"{file} cannot be read ({error}): download or copy it again.") from error
    return {name: loaded[name] for name in stored}


def checkpoint_files(paths: Paths) -> list[Path]:
    """The files of a checkpoint: those of an index or a folder, and all shards for one of them."""
    if not isinstance(paths, str | PathLike):
        if not paths:
            raise MultiTalkError("No checkpoint file was given: name at least one .safetensors file.")
        return list(dict.fromkeys(file for path in paths for file in checkpoint_files(path)))
    path = Path(paths)
    if os.path.isdir(path):
        return _files_in_folder(path)
    if path.name.endswith(".safetensors.index.json"):
        return _files_of_index(path)
    shard = SHARD_NAME.fullmatch(path.name)
    if shard is None or not 0 < int(shard[2]) <= int(shard[3]):
        return [path]
    stem, digits, count = shard[1], len(shard[2]), shard[3]
    return [
        _existing_shard(path.with_name(f"{stem}-{number:0{digits}d}-of-{count}.safetensors"), path)
        for number in range(1, int(count) + 1)
    ]


def _files_in_folder(folder: Path) -> list[Path]:
    index = sorted(folder.glob("*.safetensors.index.json"))
    files = index[:1] or sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.gguf"))
    if files:
        return checkpoint_files(files)
    pickles = sorted(file for file in folder.glob("*") if file.suffix in PICKLE_SUFFIXES)
    if pickles:
        raise pickle_error(pickles[0])
    raise MultiTalkError(
        f"The folder {folder} contains no .safetensors file: choose the folder with the weights."
    )


def _files_of_index(index: Path) -> list[Path]:
    if not os.path.exists(index):
        raise _missing_error(index)
    found = read_json(index, "index")
    try:
        shards = {index.with_name(name) for name in found["weight_map"].values()}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise MultiTalkError(f"The index {index} cannot be read: download it again.") from error
    return [_existing_shard(shard, index) for shard in sorted(shards)]


def _existing_shard(shard: Path, mentioned_by: Path) -> Path:
    if not os.path.isfile(shard):
        raise MultiTalkError(
            f"The shard {shard.name} that belongs to {mentioned_by} is missing: "
            "download it into the same folder."
        )
    return shard


def _header(file: Path) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    if not os.path.exists(file):  # also false for a name that is too long
        raise _missing_error(file)
    check_file(file, "checkpoint", "download it again")
    if is_gguf(file):
        listed, metadata = list_gguf(file)
        return {name: StoredTensor(file, *about) for name, about in listed.items()}, metadata
    return _read_header(file)


def _read_header(file: Path) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    """Parse the header here, for clear messages, and let safetensors check that the file is valid."""
    from safetensors import SafetensorError, safe_open

    size = file.stat().st_size
    try:
        with file.open("rb") as opened:
            start = opened.read(START_BYTES)
            refuse_other_formats(file, start)
            header_size = int.from_bytes(start[:8], "little")
            if size < 8 + min(header_size, LONGEST_HEADER):
                raise _cut_short_error(file)
            if header_size > LONGEST_HEADER:
                raise _damaged_error(file)
            opened.seek(8)
            header = opened.read(header_size)
        tensors, metadata, end = _parse_header(file, header)
        if size < 8 + header_size + end:
            raise _cut_short_error(file)
        with safe_open(file, framework="pt"):
            return tensors, metadata
    except OSError as error:
        raise unreadable(file, "checkpoint", error) from error
    except SafetensorError as error:
        raise _damaged_error(file) from error


def _parse_header(file: Path, header: bytes) -> tuple[dict[str, StoredTensor], dict[str, str], int]:
    """The header's tensors and metadata, and where the last tensor ends, in bytes after the header."""
    try:
        entries: dict[str, Any] = json.loads(header, object_pairs_hook=without_doubles)
        metadata = {str(key): str(value) for key, value in entries.pop("__metadata__", {}).items()}
        tensors, last = {}, 0
        for name, entry in entries.items():
            tensor = StoredTensor(file, entry["dtype"], tuple(int(size) for size in entry["shape"]))
            begin, end = entry["data_offsets"]
            if (end - begin) * 8 != tensor.numbers * ITEM_BITS[tensor.dtype]:
                raise _damaged_error(file)
            tensors[name] = tensor
            last = max(last, end)
    except (
        MultiTalkError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise _damaged_error(file) from error
    return tensors, metadata, last


def _missing_error(file: Path) -> MultiTalkError:
    return MultiTalkError(f"{file} does not exist: check the path, or download the file first.")


def _cut_short_error(file: Path) -> MultiTalkError:
    return MultiTalkError(f"{file} ends too early, its download or copy was cut short: download it again.")


def _damaged_error(file: Path) -> MultiTalkError:
    return MultiTalkError(f"{file} is damaged or not a safetensors file: download it again.")
