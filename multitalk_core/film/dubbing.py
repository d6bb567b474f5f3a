"""Dubbing: a video in place of the picture. Its motion stays, the mouths are regenerated."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from ..method.source_latent import SourceLatent, latent_region
from .clips import Clip

# A guess from the toy world, where the mouths then follow the new voices and some of the motion stays.
USUAL_DENOISE = 0.4


class SourceVideo(Protocol):
    """A video as the frames of a film."""

    def frames(self, start: int, count: int) -> Tensor:
        """Film frames from `start` on, [count, height, width, 3] in 0..1; the last repeats past the end."""


@dataclass(frozen=True, kw_only=True)
class DubbedClip:
    """The dubbed video under one clip, decoded.

    Attributes
    ----------
    frames : Tensor [1, 3, clip frames, height, width], in -1..1
    region : Tensor [1, 1, clip frames, height, width], in 0..1, or None
        1 where the film is regenerated; None regenerates everything.
    denoise : float
        As in `Dubbing`.
    unchanged : int
        Frames of the latent at the end that stay the video's while the region mixes their pixels.
    """

    frames: Tensor
    region: Tensor | None
    denoise: float
    unchanged: int = 0

    def source(self, encode: Callable[[Tensor], Tensor]) -> SourceLatent | None:
        """What sampling starts from and keeps to, or None where nothing of the video would be left in it."""
        if self.region is None and self.denoise == 1:
            return None
        region = None if self.region is None else latent_region(self.region)
        if region is not None and self.unchanged:
            region[:, :, -self.unchanged :] = 0
        return SourceLatent(encode(self.frames), self.denoise, region)

    def restored(self, made: Tensor) -> Tensor:
        """Generated frames, changed in place: outside the region they are the video's own."""
        return made if self.region is None else made.lerp_(self.frames, 1 - self.region)


@dataclass(frozen=True)
class Dubbing:
    """A video, and how much of it is regenerated.

    Attributes
    ----------
    video : SourceVideo
        At the film's size and frame rate.
    denoise : float
        Above 0, up to 1: where on the schedule sampling begins, from the video's latent at that noise level;
        1 is noise alone.
    region : SourceVideo, optional
        White where the film is regenerated; where it is black each frame is the video's own, and grey mixes
        them. Everywhere without one.
    masks : mapping of clip index to Tensor [persons + 1, tokens of a frame]
        Person masks of the video's frame at the start of those clips for which it is not the film's picture;
        the background last.
    concerns : tuple of str
        Sentences about the persons in the video that a user should read.
    """

    video: SourceVideo
    denoise: float
    region: SourceVideo | None = None
    masks: Mapping[int, Tensor] = field(default_factory=dict)
    concerns: tuple[str, ...] = ()

    def clip(self, clip: Clip) -> DubbedClip:
        """Decode what lies under a clip; video and region are read once."""
        frames = self.video.frames(clip.start, clip.frames).movedim(-1, 0)[None] * 2 - 1
        region = None
        if self.region is not None:
            region = self.region.frames(clip.start, clip.frames).mean(-1)[None, None]
        return DubbedClip(frames=frames, region=region, denoise=self.denoise)
