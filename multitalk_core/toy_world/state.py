"""A long training's state on disk: whole or not at all, so that a run killed at any moment resumes."""

from pathlib import Path
from typing import Any

import torch

from ..files.whole import whole_file


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers and dicts of them; what lay there stays until the new file is complete."""
    with whole_file(path) as part:
        torch.save(state, part)


def load_state(path: Path) -> dict[str, Any] | None:
    """What `save_state` wrote, or None where there is nothing yet."""
    return torch.load(path, weights_only=True) if path.exists() else None
