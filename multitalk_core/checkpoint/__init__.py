"""Checkpoint files: reading safetensors, the released audio adapters, and what a file contains."""

from .adapter_building import build_adapter
from .adapter_file import StoredAdapter, read_adapter, read_stored_adapter, write_adapter
from .adapter_sizes import adapter_shape, check_adapter
from .description import describe
from .image_to_video import check_image_to_video
from .other_formats import is_checkpoint
from .reading import list_tensors, read_tensors

__all__ = [
    "StoredAdapter",
    "adapter_shape",
    "build_adapter",
    "check_adapter",
    "check_image_to_video",
    "describe",
    "is_checkpoint",
    "list_tensors",
    "read_adapter",
    "read_stored_adapter",
    "read_tensors",
    "write_adapter",
]
