"""Where one person's mouth moves in a clip of a film: found by their face, or given by the user."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..guards.interruption import uninterrupted
from ..media.video_source import FittedVideo, VideoInMemory
from .face_detector import DetectedFace, FaceDetector
from .following import follow_video
from .mouth_region import mouth_mask


@dataclass(frozen=True, eq=False)
class FoundMouth:
    """The mouth of the face that is in a person's mask when the clip begins, followed through the clip.

    Attributes
    ----------
    detector : FaceDetector
    fps : float
        Of the film.
    check_interrupted : callable
        Called for every frame; raises where the user has interrupted.
    """

    detector: FaceDetector
    fps: float
    check_interrupted: Callable[[], None] = uninterrupted

    def in_clip(self, frames: Tensor, start: int, masks: Tensor, *, person: int) -> Tensor:
        """As in `PersonRegion`."""
        video = VideoInMemory(frames, Fraction(self.fps))
        faces = follow_video(self.detector, video, check_interrupted=self.check_interrupted).faces
        index = _largest_in(masks[person], faces[0])
        if index is None:
            raise MultiTalkError(
                f"no face of person {person + 1} is seen where the clip begins; give a region that is white "
                "over their mouth."
            )
        height, width = masks.shape[1:]
        own = [[face] if (face := found[index]) is not None else [] for found in faces]
        return torch.stack([mouth_mask(seen, height, width) for seen in own])


@dataclass(frozen=True, eq=False)
class GivenRegion:
    """The user's region, without what lies on other persons.

    Attributes
    ----------
    region : FittedVideo
        White over mouths.
    """

    region: FittedVideo

    def in_clip(self, frames: Tensor, start: int, masks: Tensor, *, person: int) -> Tensor:
        """As in `PersonRegion`."""
        others = (masks.any(dim=0) & ~masks[person]).float()
        return self.region.frames(start, len(frames)).mean(-1) * (1 - others)


def _largest_in(mask: Tensor, faces: Sequence[DetectedFace | None]) -> int | None:
    """Which of the faces in a mask [height, width] is the largest; None where there is none."""
    height, width = mask.shape
    sizes = {}
    for index, face in enumerate(faces):
        if face is not None:
            column, row = map(int, face.centre)
            if 0 <= row < height and 0 <= column < width and mask[row, column]:
                sizes[index] = face.size
    return max(sizes, key=lambda index: sizes[index], default=None)
