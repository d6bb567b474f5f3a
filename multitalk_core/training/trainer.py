"""The training loop. Batches depend on seed and step alone, so a killed run can continue."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from .order import ClipOrder
from .recipe import Recipe
from .saving import load_newest, save_checkpoint
from .shards import ShardedClips
from .training_model import TrainingModel, flow_loss

SECONDS_BETWEEN_SAVES = 60.0

# number of updates, mean loss of the last one
Progress = Callable[[int, float], None]
# the model as wrapped for several processes, number of updates
AfterUpdate = Callable[[nn.Module, int], None]


def train(
    model: TrainingModel,
    clips: ShardedClips,
    recipe: Recipe,
    *,
    folder: Path,
    accelerator: Accelerator | None = None,
    on_step: Progress | None = None,
    seconds_between_saves: float = SECONDS_BETWEEN_SAVES,
    i2v_clips: ShardedClips | None = None,
    after_update: AfterUpdate | None = None,
) -> None:
    """Train `model` in place, starting from the newest checkpoint in `folder` if there is one.

    Parameters
    ----------
    model : TrainingModel
    clips : ShardedClips
    recipe : Recipe
        Its batch must be divisible among processes and accumulation steps.
    folder : Path
        Folder of the checkpoints.
    accelerator : Accelerator, optional
        Sets precision, processes, gradient accumulation and trackers.
    on_step : Progress, optional
        Called on the main process.
    seconds_between_saves : float
        The last update is always saved.
    i2v_clips : ShardedClips, optional
        Clips without voices, for the I2V task.
    after_update : AfterUpdate, optional
        Called after every update on every process.
    """
    accelerator = accelerator or Accelerator()
    device = accelerator.device
    order = ClipOrder(clips, recipe, i2v_clips)
    folder.mkdir(parents=True, exist_ok=True)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    wrapped, optimizer = accelerator.prepare(model.train(), optimizer)
    trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    step, saved = load_newest(accelerator, wrapped, optimizer, folder=folder), time.monotonic()
    while step < recipe.steps:
        rate = recipe.learning_rate * rate_share(recipe, step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        total, norm = torch.zeros((), device=device), None
        for rows in own_rows(recipe, accelerator):
            batch, draws = order.batch(step, rows)
            with accelerator.accumulate(wrapped):
                loss = flow_loss(wrapped, batch.to(device), draws.to(device), shift=recipe.shift).mean()
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    norm = accelerator.clip_grad_norm_(trained, recipe.clip_norm)
                optimizer.step()
                optimizer.zero_grad()
            total += loss.detach() / accelerator.gradient_accumulation_steps
        step += 1
        # All processes must save together, but their clocks differ.
        is_due = total.new_tensor(time.monotonic() - saved > seconds_between_saves)
        mean, due = accelerator.reduce(torch.stack([total, is_due]), "mean").tolist()
        accelerator.log({"loss": mean, "learning rate": rate} | _logged(norm), step)
        if on_step is not None and accelerator.is_main_process:
            on_step(step, mean)
        if after_update is not None:
            after_update(wrapped, step)
        if step == recipe.steps or due > 0:
            save_checkpoint(accelerator, wrapped, optimizer, folder=folder, step=step)
            saved = time.monotonic()


def rate_share(recipe: Recipe, step: int) -> float:
    """Factor on the learning rate: a linear warm-up, then half a cosine to the final share."""
    if step < recipe.warm_up:
        return (step + 1) / recipe.warm_up
    progress = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.final_rate + (1 - recipe.final_rate) * 0.5 * (1 + math.cos(math.pi * progress))


def own_rows(recipe: Recipe, accelerator: Accelerator) -> Iterator[range]:
    """Rows of an update for this process, one range per accumulation step."""
    parts = accelerator.num_processes * accelerator.gradient_accumulation_steps
    size = recipe.batch // parts
    for part in range(accelerator.process_index, parts, accelerator.num_processes):
        yield range(part * size, (part + 1) * size)


def _logged(norm: Tensor | float | None) -> dict[str, float]:
    """The gradient norm as a plain number for trackers; DeepSpeed has none at this point."""
    if norm is None:
        return {}
    return {"gradient norm": float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)}
