"""Flow matching as Wan was trained: straight paths from clip to noise, timesteps shifted towards noise."""

import torch
from torch import Tensor


def shifted_levels(uniform: Tensor, shift: float) -> Tensor:
    """Noise levels in 0..1 from uniform numbers in 0..1, shifted as Wan's sampling timesteps are."""
    return shift * uniform / (1 + (shift - 1) * uniform)


def noised(latent: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """`latent` [rows, ...] on the straight path to `noise`, at each row's level [rows] in 0..1."""
    return torch.lerp(latent, noise, level.view(-1, *[1] * (latent.ndim - 1)))


def velocity(latent: Tensor, noise: Tensor) -> Tensor:
    """What the model predicts: the direction from latent to noise."""
    return noise - latent
