"""The state of a long training on disk, written atomically so that a killed run can continue."""

from pathlib import Path
from typing import Any

import torch

from ..files.whole import whole_file


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers and dicts of them; the old file stays until the new one is complete."""
    with whole_file(path) as part:
        torch.save(state, part)


def load_state(path: Path) -> dict[str, Any] | None:
    """Read what `save_state` wrote; None if there is no file."""
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None
