"""Training of the VAE and the audio encoder, saved as it goes, so that a killed run continues."""

import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from accelerate.utils import send_to_device
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset

from .state import load_state, save_state

WARM_UP = 30
SECONDS_BETWEEN_SAVES = 60
STEPS_BETWEEN_LINES = 50
BATCHES_AHEAD = 8
AVERAGED = 500  # steps, the last ones of a long training

Batch = TypeVar("Batch")


def fit(
    network: nn.Module,
    parameters: Sequence[nn.Parameter],
    *,
    batches: Dataset[Batch],
    loss_of: Callable[[Batch, int], Tensor],
    path: Path,
    steps: int,
    learning_rate: float = 2e-3,
) -> None:
    """Train `parameters` in place, on a GPU if there is one, continuing from the state in `path`, if any.

    The network ends as the moving average of its weights.

    Parameters
    ----------
    network : nn.Module
        Saved as a whole; what is not in `parameters` stays as it is.
    parameters : sequence of nn.Parameter
    batches : Dataset
        The batch of every step, made ahead of the training in processes of their own, one fewer than cores.
    loss_of : callable
        The loss of a batch, given the step. The randomness of both depends on the step alone, so that a
        continued run is the same.
    path : Path
    steps : int
    learning_rate : float
        After the warm-up; it falls to a twentieth along half a cosine.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.train().requires_grad_(False).to(device)
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.0)
    first, started = 0, time.monotonic()
    saved = started
    average = AveragedModel(network, avg_fn=followed)
    if (state := load_state(path)) is not None:
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    upcoming = DataLoader(
        batches,
        batch_size=None,
        sampler=range(first, steps),
        num_workers=max(1, (os.cpu_count() or 1) - 1),
        prefetch_factor=BATCHES_AHEAD,
    )
    for step, batch in enumerate(upcoming, first):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * warm_cosine(step, WARM_UP, steps)
        torch.manual_seed(step)  # of dropout
        loss = loss_of(send_to_device(batch, device), step)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        average.update_parameters(network)
        if step % STEPS_BETWEEN_LINES == 0:
            speed = (step + 1 - first) / (time.monotonic() - started)
            print(f"{path.stem} {step}: loss {loss.item():.4f}, {speed:.2f} steps/s", flush=True)
        if time.monotonic() - saved > SECONDS_BETWEEN_SAVES or step + 1 == steps:
            state = {
                "network": network.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step + 1,
            }
            save_state(path, state)
            saved = time.monotonic()
    network.load_state_dict(average.module.state_dict())
    network.eval().requires_grad_(False).cpu()


def followed(average: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
    """The moving average of a weight, over the last tenth of the steps or AVERAGED."""
    return torch.lerp(average, current, max(1 / AVERAGED, 10 / (10 + int(steps))))


def warm_cosine(step: int, warm_up: int, steps: int) -> float:
    """Factor on the learning rate: a linear warm-up, then half a cosine down to a twentieth."""
    if step < warm_up:
        return (step + 1) / warm_up
    progress = min(1.0, (step - warm_up) / max(1, steps - warm_up))
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))
