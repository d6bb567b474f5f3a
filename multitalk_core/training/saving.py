"""Checkpoints of a training run: written atomically, without frozen weights; the newest two stay."""

import os
import shutil
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from accelerate.utils import DistributedType
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from ..errors import MultiTalkError
from ..files.given import loading
from .training_model import TrainingModel

KEPT = 2
MODEL, OPTIMIZER, DEEPSPEED = "model.safetensors", "optimizer.pt", "deepspeed"
DAMAGED = "delete this folder to continue from the previous checkpoint"
# Full tensors under the unwrapped model's names, on the main process only.
WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True, strict=False)


def save_checkpoint(
    accelerator: Accelerator,
    model: nn.Module,
    optimizer: AcceleratedOptimizer,
    *,
    folder: Path,
    step: int,
) -> None:
    """Save the trained weights and the optimizer after `step` updates; every process must call it.

    Parameters
    ----------
    accelerator : Accelerator
    model : nn.Module
        Prepared by `accelerator`.
    optimizer : AcceleratedOptimizer
    folder : Path
    step : int
        Updates so far.
    """
    partial, final = folder / ".partial", checkpoint_path(folder, step)
    if accelerator.is_main_process:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
    accelerator.wait_for_everyone()
    if accelerator.distributed_type == DistributedType.DEEPSPEED:
        engine: Any = model  # DeepSpeed's
        engine.save_checkpoint(str(partial / DEEPSPEED), exclude_frozen_parameters=True)
        trained = {name for name, parameter in engine.module.named_parameters() if parameter.requires_grad}
        weights = {
            name: tensor for name, tensor in accelerator.get_state_dict(model).items() if name in trained
        }
    else:
        weights = get_model_state_dict(model, options=WHOLE)
        state = get_optimizer_state_dict(model, optimizer.optimizer, options=WHOLE)
        if accelerator.is_main_process:
            torch.save(state, partial / OPTIMIZER)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        save_file({name: tensor.contiguous() for name, tensor in weights.items()}, partial / MODEL)
        os.replace(partial, final)
        for old in checkpoints(folder)[:-KEPT]:
            shutil.rmtree(old)
    accelerator.wait_for_everyone()  # no process looks for the newest checkpoint before it exists


def load_newest(
    accelerator: Accelerator, model: nn.Module, optimizer: AcceleratedOptimizer, *, folder: Path
) -> int:
    """Load the newest checkpoint and return its number of updates; 0 if there is none.

    Raises
    ------
    MultiTalkError
        When it is damaged.
    """
    saved = checkpoints(folder)
    if not saved:
        return 0
    with loading(saved[-1], "checkpoint", DAMAGED):
        if accelerator.distributed_type == DistributedType.DEEPSPEED:
            engine: Any = model  # DeepSpeed's
            engine.load_checkpoint(str(saved[-1] / DEEPSPEED), load_module_strict=False)
        else:
            set_model_state_dict(model, load_file(saved[-1] / MODEL), options=WHOLE)
            state = torch.load(saved[-1] / OPTIMIZER, weights_only=True)
            set_optimizer_state_dict(model, optimizer.optimizer, state, options=WHOLE)
    return _step_of(saved[-1])


def newest_weights(folder: Path) -> tuple[dict[str, Tensor], int]:
    """The trained weights in the newest checkpoint, and its number of updates.

    Raises
    ------
    MultiTalkError
        When there is no checkpoint, or the newest is damaged.
    """
    saved = checkpoints(folder)
    if not saved:
        raise MultiTalkError(f"{folder} contains no checkpoint: train first.")
    with loading(saved[-1], "checkpoint", DAMAGED):
        return load_file(saved[-1] / MODEL), _step_of(saved[-1])


def start_from(model: TrainingModel, folder: Path) -> None:
    """Load the weights that another stage trained into `model`.

    Raises
    ------
    MultiTalkError
        When there is no checkpoint, or it is of another model.
    """
    state, _ = newest_weights(folder)
    own = model.state_dict()
    if misfits := [name for name in state if name not in own or own[name].shape != state[name].shape]:
        raise MultiTalkError(
            f"{folder} contains weights of another model ({misfits[0]} does not fit): choose the folder of "
            "an earlier stage of the same model."
        )
    model.load_state_dict(state, strict=False)


def checkpoints(folder: Path) -> list[Path]:
    """Complete checkpoints, oldest first."""
    return sorted(folder.glob("step-*"))


def checkpoint_path(folder: Path, step: int) -> Path:
    """Folder of the checkpoint after `step` updates."""
    return folder / f"step-{step:08d}"


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
