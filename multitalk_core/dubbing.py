"""Dubbing: a video in place of the picture. Its motion and picture stay, the mouths are made anew."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from .clips import Clip
from .conditioning import SourceLatent

# A guess from the toy world, where the mouths then follow the new voices and some of the motion stays.
USUAL_DENOISE = 0.4


class SourceVideo(Protocol):
    """A video as the frames of a film."""

    def frames(self, start: int, count: int) -> Tensor:
        """Film frames from `start` on, [count, height, width, 3] in 0..1; past the end the last is held."""


@dataclass(frozen=True)
class Dubbing:
    """A video, and how much of it is made anew.

    Attributes
    ----------
    video : SourceVideo
        At the film's size and frame rate.
    denoise : float
        Above 0, up to 1: where on the schedule sampling begins, from the video's latent at that noise level;
        1 is noise alone.
    """

    video: SourceVideo
    denoise: float

    def frames(self, clip: Clip) -> Tensor:
        """The video under a clip, [1, 3, clip frames, height, width] in -1..1."""
        return self.video.frames(clip.start, clip.frames).movedim(-1, 0)[None] * 2 - 1

    def source(self, frames: Tensor, encode: Callable[[Tensor], Tensor]) -> SourceLatent | None:
        """What sampling starts from, or None where nothing of the video would be left in it."""
        return SourceLatent(encode(frames), self.denoise) if self.denoise < 1 else None
