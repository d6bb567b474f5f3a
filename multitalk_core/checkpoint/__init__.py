"""Checkpoint files: reading safetensors, the released audio adapters, and what a file contains."""

from .adapter_file import read_adapter, write_adapter
from .adapter_shape import AdapterShape, adapter_shape, check_adapter
from .description import Description, describe
from .reading import StoredTensor, list_tensors, load_tensors, read_tensors

__all__ = [
    "AdapterShape",
    "Description",
    "StoredTensor",
    "adapter_shape",
    "check_adapter",
    "describe",
    "list_tensors",
    "load_tensors",
    "read_adapter",
    "read_tensors",
    "write_adapter",
]
