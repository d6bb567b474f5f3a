"""Dubbing: a video in place of the picture. Its motion and picture stay, the mouths are made anew."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from ..method.conditioning import SourceLatent, latent_region
from .clips import Clip

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
    region : SourceVideo, optional
        White where the film is made anew; where it is black each frame is the video's own, and grey mixes
        them. Everywhere without one.
    """

    video: SourceVideo
    denoise: float
    region: SourceVideo | None = None

    def frames(self, clip: Clip) -> Tensor:
        """The video under a clip, [1, 3, clip frames, height, width] in -1..1."""
        return self.video.frames(clip.start, clip.frames).movedim(-1, 0)[None] * 2 - 1

    def source(self, clip: Clip, frames: Tensor, encode: Callable[[Tensor], Tensor]) -> SourceLatent | None:
        """What sampling starts from and keeps to, or None where nothing of the video would be left in it."""
        if self.region is None and self.denoise == 1:
            return None
        region = None if self.region is None else latent_region(self._region(clip))
        return SourceLatent(encode(frames), self.denoise, region)

    def with_video(self, made: Tensor, clip: Clip, frames: Tensor) -> Tensor:
        """The frames made of a clip, in place, outside the region the video's `frames`."""
        return made if self.region is None else made.lerp_(frames, 1 - self._region(clip))

    def _region(self, clip: Clip) -> Tensor:
        """[1, 1, clip frames, height, width], in 0..1"""
        frames = self.region.frames(clip.start, clip.frames)
        return frames.mean(-1)[None, None]
