"""What an image-to-video clip is conditioned on: mask, given frames, and motion latents (paper 3.5)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .schedule import noised
from .wan import MASK_CHANNELS, SPATIAL_STRIDE, TEMPORAL_STRIDE, latent_frames

TOUCHED = 0.1  # of white: what is less may be a compressed mask's noise


def conditioning_mask(frames: int, given: int, *, height: int, width: int) -> Tensor:
    """Wan's mask channels: 1 where a video frame is given.

    Frame 0 counts four times; then every four frames are the four channels of one latent frame.

    Parameters
    ----------
    frames, given : int
        Video frames of the clip, and how many leading ones are given.
    height, width : int
        Of the latent.

    Returns
    -------
    Tensor [4, latent frames, height, width], float32
    """
    is_given = (torch.arange(frames) < given).float()
    is_given = torch.cat([is_given[:1].expand(MASK_CHANNELS), is_given[1:]])
    by_latent_frame = is_given.unflatten(0, (-1, MASK_CHANNELS)).T
    return by_latent_frame[:, :, None, None].expand(-1, -1, height, width).contiguous()


def conditioning_frames(given: Tensor, frames: int) -> Tensor:
    """Given frames, then mid-grey (0) up to the clip's length.

    Parameters
    ----------
    given : Tensor [rows, 3, given frames, height, width], in -1..1
    frames : int

    Returns
    -------
    Tensor [rows, 3, frames, height, width]
    """
    missing = given.new_zeros(*given.shape[:2], frames - given.shape[2], *given.shape[3:])
    return torch.cat([given, missing], dim=2)


@dataclass(frozen=True)
class SourceLatent:
    """The latent of a dubbed clip: sampling starts from it, and it is restored outside the region.

    Parameters
    ----------
    latent : Tensor [rows, channels, latent frames, height, width]
    denoise : float
        0..1, where on the schedule sampling starts; see `released_timesteps`.
    region : Tensor [1, 1, latent frames, height, width], optional
        1 where the latent is regenerated, 0 where it stays.
    """

    latent: Tensor
    denoise: float
    region: Tensor | None = None

    def written_over(self, latent: Tensor, noise: Tensor, level: float) -> Tensor:
        """Restore the dubbed video outside the region, at a noise level in 0..1."""
        if self.region is None:
            return latent
        return torch.where(self.region.to(latent) > 0, latent, noised(self.latent, noise, level))


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


def latent_region(region: Tensor) -> Tensor:
    """The places of a latent that a region of pixels touches.

    Parameters
    ----------
    region : Tensor [rows, 1, frames, height, width], in 0..1
        4n + 1 frames; as in the VAE the first one fills a latent frame, and every four that follow.

    Returns
    -------
    Tensor [rows, 1, latent frames, height / 8, width / 8], float32, 0 or 1
    """
    region = torch.cat([region[:, :, :1].expand(-1, -1, TEMPORAL_STRIDE - 1, -1, -1), region], dim=2)
    most = F.max_pool3d(region, (TEMPORAL_STRIDE, SPATIAL_STRIDE, SPATIAL_STRIDE))
    return (most > TOUCHED).float()


def motion_latent(encoded: Tensor, motion_frames: int, generator: torch.Generator) -> MotionLatent:
    """The motion frames' part of a clip's encoded conditioning frames [rows, channels, frames, ...]."""
    return MotionLatent(encoded[:, :, : latent_frames(motion_frames)], generator)
