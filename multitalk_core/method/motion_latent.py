"""The latent of the motion frames, by which a clip continues the one before (paper 3.5)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .schedule import noised
from .wan import latent_frames


@dataclass
class MotionLatent:
    """Latents of the motion frames, written over the start of the model's input (paper 3.5).

    MultiTalk writes them noised to the step's level, with fresh noise at every step; InfiniteTalk
    writes them clean.

    Parameters
    ----------
    latent : Tensor [rows, channels, motion latent frames, height, width]
    generator : torch.Generator
        On the CPU, so that a seed means the same film on every device.
    noised : bool
    """

    latent: Tensor
    generator: torch.Generator
    noised: bool = True

    def written_over(self, latent: Tensor, level: float) -> Tensor:
        """Write the motion frames over the start of a latent, at a noise level in 0..1.

        Parameters
        ----------
        latent : Tensor [rows, channels, latent frames, height, width]
        level : float

        Returns
        -------
        Tensor of the same shape
        """
        motion = self.latent
        if self.noised:
            noise = torch.randn(motion.shape, generator=self.generator).to(motion)
            motion = noised(motion, noise, level)
        return torch.cat([motion.to(latent), latent[:, :, motion.shape[2] :]], dim=2)


def motion_latent(encoded: Tensor, motion_frames: int, generator: torch.Generator) -> MotionLatent:
    """The motion frames' part of a clip's encoded conditioning frames [rows, channels, frames, ...]."""
    return MotionLatent(encoded[:, :, : latent_frames(motion_frames)], generator)
