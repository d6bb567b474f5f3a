"""One clip from noise, or from a video's noised latent: Euler steps, motion frames written over the input."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from .motion_latent import MotionLatent
from .schedule import TIMESTEPS, noised
from .source_latent import SourceLatent

# latent [rows, channels, frames, height, width], timestep in 1000..0 -> guided prediction of the same shape
Predict = Callable[[Tensor, Tensor], Tensor]


def clip_noise(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """A clip's noise, float32, drawn on the CPU before its motion noises."""
    return torch.randn(shape, generator=generator)


def sample_clip(
    predict: Predict,
    noise: Tensor,
    timesteps: Tensor,
    *,
    motion: MotionLatent | None = None,
    on_step: Callable[[int, Tensor], None] | None = None,
    source: SourceLatent | None = None,
) -> Tensor:
    """Follow the guided prediction from noise to a latent.

    Parameters
    ----------
    predict : Predict
    noise : Tensor [rows, channels, latent frames, height, width], float32
    timesteps : Tensor [steps + 1], in 1000..0
    motion : MotionLatent, optional
        Written over the latent before every step and, clean, after the last.
    on_step : callable, optional
        Gets the index of the finished step and the latent.
    source : SourceLatent, optional
        Of a dubbed video: sampling starts from it, noised to the first timestep's level, and it is restored
        outside its region before every step, before the motion frames.

    Returns
    -------
    Tensor, shape of `noise`
    """

    def written_over(latent: Tensor, level: float) -> Tensor:
        if source is not None:
            latent = source.written_over(latent, noise, level)
        return latent if motion is None else motion.written_over(latent, level)

    latent = noise
    if source is not None:
        latent = noised(source.latent, noise, float(timesteps[0]) / TIMESTEPS)
    for step, (now, following) in enumerate(pairwise(timesteps)):
        latent = written_over(latent, float(now) / TIMESTEPS)
        latent = latent - predict(latent, now) * ((now - following) / TIMESTEPS).to(latent.device)
        if on_step is not None:
            on_step(step, latent)
    return written_over(latent, 0.0)
