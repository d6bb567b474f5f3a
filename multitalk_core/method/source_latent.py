"""The latent of a dubbed video: where sampling starts, and what is restored outside the region."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .schedule import noised
from .wan import SPATIAL_STRIDE, TEMPORAL_STRIDE

TOUCHED = 0.1  # of white: what is less may be a compressed mask's noise


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
