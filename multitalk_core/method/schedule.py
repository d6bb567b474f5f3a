"""Flow matching as Wan was trained: straight paths from clip to noise, and the timesteps along them.

A noise level runs from 0, the clip, to 1, noise alone; a timestep is 1000 times that.
"""

from typing import TypeVar

import torch
from torch import Tensor

TIMESTEPS = 1000

Level = TypeVar("Level", float, Tensor)


def shifted(level: Level, shift: float) -> Level:
    """A noise level in 0..1, moved towards noise by a shift above 1; 0 and 1 stay."""
    return shift * level / (1 + (shift - 1) * level)


def noised(latent: Tensor, noise: Tensor, level: float | Tensor) -> Tensor:
    """The latent on its straight path to noise, at a noise level in 0..1.

    Parameters
    ----------
    latent, noise : Tensor
    level : float or Tensor
        Broadcastable to `latent`.
    """
    return (1 - level) * latent + level * noise


def released_timesteps(steps: int = 40, shift: float = 7.0, denoise: float = 1.0) -> Tensor:
    """The timesteps of the reference implementation: 1000..1 evenly, shifted towards noise, then 0.

    Parameters
    ----------
    steps : int
    shift : float
        7 at 480p, 11 at 720p, 2 with few-step LoRAs.
    denoise : float
        0..1, the share of the way from 1000 to 1, before the shift, at which sampling starts; below 1 where
        it starts from a video.

    Returns
    -------
    Tensor [steps + 1], float32, in 1000..0
    """
    first = 1 + (TIMESTEPS - 1) * denoise
    levels = torch.linspace(first, 1, steps, dtype=torch.float64).float() / TIMESTEPS
    timesteps = shifted(levels, shift) * TIMESTEPS
    return torch.cat([timesteps, timesteps.new_zeros(1)])
