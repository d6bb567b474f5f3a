"""Checkpoints of a training run: whole or not at all, the newest two kept."""

import os
import shutil
from pathlib import Path

from accelerate import Accelerator
from safetensors.torch import load_file
from torch import Tensor

from ..errors import MultiTalkError

KEPT = 2


def save_checkpoint(accelerator: Accelerator, folder: Path, step: int) -> None:
    """Save weights, optimizer and schedule after `step` updates; every process calls it."""
    partial, final = folder / ".partial", checkpoint_path(folder, step)
    if accelerator.is_main_process:
        shutil.rmtree(partial, ignore_errors=True)
    accelerator.wait_for_everyone()
    accelerator.save_state(str(partial))
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        os.replace(partial, final)
        for old in checkpoints(folder)[:-KEPT]:
            shutil.rmtree(old)


def load_newest(accelerator: Accelerator, folder: Path) -> int:
    """Load the newest checkpoint; return how many updates were made, 0 where there is none."""
    saved = checkpoints(folder)
    if not saved:
        return 0
    accelerator.load_state(str(saved[-1]))
    return _step_of(saved[-1])


def newest_weights(folder: Path) -> tuple[dict[str, Tensor], int]:
    """The model's state in the newest checkpoint, and after how many updates.

    Raises
    ------
    MultiTalkError
        When there is no checkpoint.
    """
    saved = checkpoints(folder)
    if not saved:
        raise MultiTalkError(f"{folder} holds no checkpoint yet: train first.")
    return load_file(saved[-1] / "model.safetensors"), _step_of(saved[-1])


def checkpoints(folder: Path) -> list[Path]:
    """Whole checkpoints, the oldest first."""
    return sorted(folder.glob("step-*"))


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the state after `step` updates lies."""
    return folder / f"step-{step:08d}"


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
