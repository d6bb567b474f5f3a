"""What every launch of a Triton kernel asks of the GPU."""

import torch

from .configs import Config, config


def config_of(table: dict[int, Config], device: torch.device) -> Config:
    """The table's entry for a device; for the interpreter, which has none, the first."""
    if device.type != "cuda":
        return next(iter(table.values()))
    major, minor = torch.cuda.get_device_capability(device)
    return config(table, 10 * major + minor)
