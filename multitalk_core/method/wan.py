"""The geometry of Wan2.1: latent frames, token grids."""

from dataclasses import dataclass

from torch import Tensor

TEMPORAL_STRIDE = 4  # video frames for each latent frame after the first
SPATIAL_STRIDE = 8  # pixels along a side for each cell of the latent
PATCH = 2  # cells of the latent along a side for each token
TOKEN_STEP = SPATIAL_STRIDE * PATCH  # pixels along a side for each token
LATENT_CHANNELS = 16
MASK_CHANNELS = TEMPORAL_STRIDE


@dataclass(frozen=True)
class Grid:
    """Size of a clip's token grid: latent frames, token rows and token columns."""

    frames: int
    height: int
    width: int

    @classmethod
    def of_latent(cls, latent: Tensor) -> "Grid":
        """The grid of a latent [..., frames, height, width]."""
        frames, height, width = latent.shape[-3:]
        return cls(frames, height // PATCH, width // PATCH)

    @classmethod
    def of_video(cls, frames: int, height: int, width: int) -> "Grid":
        """The grid of 4n + 1 video frames of a size in pixels."""
        return cls(latent_frames(frames), height // TOKEN_STEP, width // TOKEN_STEP)

    @property
    def tokens_per_frame(self) -> int:
        """Tokens of one latent frame."""
        return self.height * self.width


def latent_frames(frames: int) -> int:
    """Latent frames of 4n + 1 video frames."""
    return 1 + (frames - 1) // TEMPORAL_STRIDE
