"""What every launch of a Triton kernel asks of the GPU."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from .configs import Config, config

# Products and sums in one instruction: Triton warns from 3.9 and stops from 3.10 where it is not asked.
FUSED = {"enable_fp_fusion": True}

Launch = TypeVar("Launch", bound=Callable[..., Any])


def config_of(table: dict[int, Config], device: torch.device) -> Config:
    """The table's entry for a device; for the interpreter, which has none, the first."""
    if device.type != "cuda":
        return next(iter(table.values()))
    major, minor = torch.cuda.get_device_capability(device)
    return config(table, 10 * major + minor)


def on_its_gpu(launch: Launch) -> Launch:
    """Launch on the GPU of the queries: Triton takes the current one, which may be another."""

    @functools.wraps(launch)
    def guarded(query: torch.Tensor, *arguments: Any, **options: Any) -> Any:
        with torch.cuda.device_of(query):
            return launch(query, *arguments, **options)

    return guarded  # type: ignore[return-value]
