"""How clips are joined, and what helps beyond what the released code does: measured in docs/steadiness.md."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .colour import LAB

SEAM_FRAMES = 4  # what users start with: no seam shows then on a still scene


@dataclass(frozen=True)
class Joins:
    """Corrections between clips; the defaults are the released code's, which has the first alone.

    Attributes
    ----------
    colour_method : str
        One of COLOUR_METHODS.
    seam_frames : int
        Frames of a clip over which fades what decoding its motion frames again has changed in the last of
        them; 0 cuts.
    codec_correction : float
        Share, 0..1, of what the VAE changes in the motion frames that is made up for before it encodes them.
    """

    colour_method: str = LAB
    seam_frames: int = 0
    codec_correction: float = 0.0

    def made_up(
        self, frames: Tensor, encode: Callable[[Tensor], Tensor], decode: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Motion frames [1, 3, frames, height, width] as they should be encoded, to be decoded alike."""
        if not self.codec_correction:
            return frames
        return frames + self.codec_correction * (frames - decode(encode(frames)).to(frames))

    def faded(self, frames: Tensor, before: Tensor, motion_frames: int) -> Tensor:
        """A clip, in place, that goes on from what was last seen of the one before.

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
        changed = before[:, :, -1:] - frames[:, :, motion_frames - 1 : motion_frames]
        left = 1 - torch.arange(1, count + 1) / (count + 1)
        faded = frames[:, :, motion_frames : motion_frames + count]
        faded += changed * left.to(frames).view(-1, 1, 1)
        faded.clamp_(-1, 1)
        return frames
