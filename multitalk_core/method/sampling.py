"""One clip from noise, or from a video's noised latent: Euler steps, motion frames held."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from .conditioning import MotionLatent, SourceLatent, noised

# latent [rows, channels, frames, height, width], timestep in 1000..0 -> guided prediction of the same shape
Predict = Callable[[Tensor, Tensor], Tensor]


def clip_noise(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """A clip's noise, drawn on the CPU before its motion noises (the released order). float32"""
    return torch.randn(shape, generator=generator)


def sample_clip(
    predict: Predict,
    noise: Tensor,
    timesteps: Tensor,
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
        Of a video: noised to the first timestep's level to start from, and written over the latent outside
        its region, before the motion frames.

    Returns
    -------
    Tensor, shape of `noise`
    """

    def held(latent: Tensor, timestep: float) -> Tensor:
        """What is given, written over a latent."""
        if source is not None:
            latent = source.written_over(latent, noise, timestep)
        return latent if motion is None else motion.written_over(latent, timestep)

    latent = noise if source is None else noised(source.latent, noise, float(timesteps[0]))
    for step, (now, following) in enumerate(pairwise(timesteps)):
        latent = held(latent, float(now))
        latent = latent - predict(latent, now) * ((now - following) / 1000).to(latent.device)
        if on_step is not None:
            on_step(step, latent)
    return held(latent, 0.0)
