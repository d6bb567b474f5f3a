"""Corrections where one clip follows another, beyond the reference implementation: docs/steadiness.md."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..files.digests import Json
from .colour import ColourMethod, lab_statistics, match_statistics

SEAM_FRAMES = 4  # what users start with: no seam shows then on a still scene


@dataclass(frozen=True, kw_only=True)
class SeamCorrection:
    """Corrections between clips; the defaults are those of the reference implementation.

    Attributes
    ----------
    colour_strength : float
        Of the match with the picture's colours, 0..1.
    colour_method : str
        A ColourMethod.
    seam_frames : int
        Frames over which the jump at a clip boundary is faded out; 0 keeps a hard cut.
    codec_correction : float
        How much VAE loss in the motion frames to pre-compensate, 0..1.

    Raises
    ------
    MultiTalkError
        For an unknown colour method.
    """

    colour_strength: float = 1.0
    colour_method: str = ColourMethod.LAB
    seam_frames: int = 0
    codec_correction: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "colour_method", ColourMethod(self.colour_method))

    def description(self) -> dict[str, Json]:
        """Every value, by the name that a user reads where a film starts again."""
        return {
            "colour strength": self.colour_strength,
            "colour method": str(self.colour_method),
            "seam frames": self.seam_frames,
            "codec correction": self.codec_correction,
        }

    def matched(self, frames: Tensor, reference: Tensor) -> Tensor:
        """Match colours frame by frame, in place: a whole clip at once takes many times its memory.

        Parameters
        ----------
        frames : Tensor [1, 3, frames, height, width], in -1..1
        reference : Tensor [1, 3, 1 or frames, height, width], in -1..1
        """
        if not self.colour_strength:
            return frames.clamp_(-1, 1)
        goals = [lab_statistics(part) for part in reference.split(1, dim=2)]
        if len(goals) == 1:
            goals *= frames.shape[2]
        for index, goal in zip(range(frames.shape[2]), goals, strict=True):
            frame = frames[:, :, index : index + 1]
            frame.copy_(match_statistics(frame, goal, self.colour_strength, method=self.colour_method))
        return frames

    def precompensated(
        self, frames: Tensor, encode: Callable[[Tensor], Tensor], decode: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Motion frames [1, 3, frames, height, width] changed so that the VAE gives them back more alike."""
        if not self.codec_correction:
            return frames
        return frames + self.codec_correction * (frames - decode(encode(frames)).to(frames))

    def faded(self, frames: Tensor, before: Tensor, motion_frames: int) -> Tensor:
        """Fade out the jump from the clip before, in place.

        Parameters
        ----------
        frames : Tensor [1, 3, clip frames, height, width], in -1..1
        before : Tensor [1, 3, motion frames, height, width], in -1..1
            The end of the clip before, which the first `motion_frames` of `frames` repeat.
        motion_frames : int
            0 in the first clip, which is left as it is.
        """
        count = min(self.seam_frames, frames.shape[2] - motion_frames)
        if not (motion_frames and count):
            return frames
        jump = before[:, :, -1:] - frames[:, :, motion_frames - 1 : motion_frames]
        left = 1 - torch.arange(1, count + 1) / (count + 1)
        faded = frames[:, :, motion_frames : motion_frames + count]
        faded += jump * left.to(frames).view(-1, 1, 1)
        faded.clamp_(-1, 1)
        return frames
