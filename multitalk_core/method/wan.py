"""The geometry of Wan2.1: latent frames, token grids."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """Size of a clip's token grid: latent frames, token rows and token columns."""

    frames: int
    height: int
    width: int

    @property
    def tokens_per_frame(self) -> int:
        """Tokens of one latent frame."""
        return self.height * self.width


def latent_frames(frames: int) -> int:
    """Latent frames of 4n + 1 video frames."""
    return 1 + (frames - 1) // 4
