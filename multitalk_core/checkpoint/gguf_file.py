"""GGUF files: names, shapes and numbers of their tensors, by the gguf package of llama.cpp."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..errors import MultiTalkError

if TYPE_CHECKING:
    from gguf import GGUFReader

BEGINNING = b"GGUF"
ORIGINAL_SHAPE = "comfy.gguf.orig_shape."  # before the converter joined dimensions
BLOCKS = ("Q", "IQ", "TQ", "MXFP4", "NVFP4")  # how the names of precisions in blocks begin
MOST_READS = 5_000_000  # of a header; the largest vocabularies take a fifth


def is_gguf(file: Path) -> bool:
    """Whether an existing file begins as GGUF."""
    try:
        with file.open("rb") as opened:
            return opened.read(4) == BEGINNING
    except OSError:  # reading it says so
        return False


def is_block_type(dtype: str) -> bool:
    """Whether a precision is one of GGUF's that can be converted, such as Q8_0 or Q4_K."""
    if not dtype.startswith(BLOCKS):
        return False
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize

    kind = GGMLQuantizationType[dtype]
    try:
        dequantize(np.zeros((1, GGML_QUANT_SIZES[kind][1]), np.uint8), kind)
    except NotImplementedError:
        return False
    return True


def list_gguf(file: Path) -> tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, str]]:
    """Precision and shape of every tensor by name, and the metadata that are single texts.

    Raises
    ------
    MultiTalkError
        When the file is damaged, or the package is missing.
    """
    with _opened(file) as reader:
        if not reader.tensors:
            raise MultiTalkError(f"{file} is a GGUF file without tensors: download it again.")
        tensors = {
            tensor.name: (tensor.tensor_type.name, _shape(reader, tensor)) for tensor in reader.tensors
        }
        texts = {name: field.contents() for name, field in reader.fields.items() if len(field.data) == 1}
        return tensors, {name: text for name, text in texts.items() if isinstance(text, str)}


def load_gguf(file: Path, names: Iterable[str], blocks_as: torch.dtype) -> dict[str, Tensor]:
    """Load tensors; what is stored in blocks is converted to `blocks_as`.

    Raises
    ------
    MultiTalkError
        As `list_gguf`.
    """
    with _opened(file) as reader:
        tensors = {tensor.name: tensor for tensor in reader.tensors}
        return {
            name: _numbers(tensors[name], blocks_as).reshape(_shape(reader, tensors[name])) for name in names
        }


def _numbers(tensor: Any, blocks_as: torch.dtype) -> Tensor:
    from gguf.quants import dequantize

    if tensor.data.dtype.kind == "f":
        return torch.from_numpy(np.array(tensor.data))
    if tensor.tensor_type.name == "BF16":
        return torch.from_numpy(np.array(tensor.data)).view(torch.bfloat16)
    with np.errstate(all="ignore"):  # whether the numbers are finite is asked elsewhere
        return torch.from_numpy(dequantize(tensor.data, tensor.tensor_type)).to(blocks_as)


def _shape(reader: "GGUFReader", tensor: Any) -> tuple[int, ...]:
    """The shape in the order of torch, which is the reverse of GGUF's."""
    original = reader.get_field(ORIGINAL_SHAPE + tensor.name)
    shape = tensor.shape[::-1] if original is None else original.contents()
    return tuple(int(size) for size in shape)


@contextmanager
def _opened(file: Path) -> Iterator["GGUFReader"]:
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise MultiTalkError(
            f"{file} is a GGUF file, which is read with the package gguf: install it with "
            "`pip install gguf`, or use the .safetensors version."
        ) from error

    class CheckedReader(GGUFReader):
        """A reader that stops where the file does, and at headers that never end."""

        reads = 0

        def _get(self, offset: int, dtype: Any, count: int = 1, override_order: Any = None) -> Any:  # noqa: PLR0917
            self.reads += 1
            numbers = super()._get(offset, dtype, count, override_order)
            if len(numbers) < int(count):
                raise MultiTalkError(
                    f"{file} ends too early, its download or copy was cut short: download it again."
                )
            if self.reads > MOST_READS:
                raise ValueError("the header is too long")
            return numbers

    try:
        yield CheckedReader(file)
    except (MultiTalkError, MemoryError):
        raise
    except Exception as error:  # the reader raises almost anything for damaged files
        raise MultiTalkError(f"{file} is damaged or not a GGUF file: download it again.") from error
