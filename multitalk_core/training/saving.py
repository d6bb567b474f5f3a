"""Checkpoints of a training run: whole or not at all, the newest two kept; frozen weights are not in them."""

import os
import shutil
from pathlib import Path

from accelerate import Accelerator
from safetensors.torch import load_file
from torch import Tensor, nn

from ..errors import MultiTalkError
from .model import TrainingModel

KEPT = 2


def save_checkpoint(accelerator: Accelerator, folder: Path, step: int) -> None:
    """Save trained weights and optimizer after `step` updates; every process calls it."""
    partial, final = folder / ".partial", checkpoint_path(folder, step)
    if accelerator.is_main_process:
        shutil.rmtree(partial, ignore_errors=True)
    accelerator.wait_for_everyone()
    hook = accelerator.register_save_state_pre_hook(_leave_out_frozen)
    accelerator.save_state(str(partial))
    hook.remove()
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
    accelerator.load_state(str(saved[-1]), strict=False)
    return _step_of(saved[-1])


def newest_weights(folder: Path) -> tuple[dict[str, Tensor], int]:
    """The trained part of the model's state in the newest checkpoint, and after how many updates.

    Raises
    ------
    MultiTalkError
        When there is no checkpoint.
    """
    saved = checkpoints(folder)
    if not saved:
        raise MultiTalkError(f"{folder} holds no checkpoint yet: train first.")
    return load_file(saved[-1] / "model.safetensors"), _step_of(saved[-1])


def start_from(model: TrainingModel, folder: Path) -> None:
    """Load what another stage trained into `model`, before its own training.

    Raises
    ------
    MultiTalkError
        When there is no checkpoint, or one of another model.
    """
    state, _ = newest_weights(folder)
    own = model.state_dict()
    if strange := [name for name in state if name not in own or own[name].shape != state[name].shape]:
        raise MultiTalkError(
            f"{folder} holds a training of another model ({strange[0]} does not fit): choose the folder of "
            "an earlier stage of the same model."
        )
    model.load_state_dict(state, strict=False)


def checkpoints(folder: Path) -> list[Path]:
    """Whole checkpoints, the oldest first."""
    return sorted(folder.glob("step-*"))


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the state after `step` updates lies."""
    return folder / f"step-{step:08d}"


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def _leave_out_frozen(models: list[nn.Module], weights: list[dict[str, Tensor]], folder: str) -> None:
    """Before accelerate writes `weights`."""
    for model, state in zip(models, weights, strict=True):
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                del state[name]
