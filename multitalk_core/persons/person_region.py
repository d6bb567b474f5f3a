"""Where one person's mouth moves in a clip of a film: found by their face, or given by the user."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from fractions import Fraction

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..guards.interruption import uninterrupted
from ..media.video_source import FittedVideo, VideoInMemory
from .face_detector import DetectedFace, FaceDetector
from .following import follow_video
from .mouth_region import mouth_mask

LEAST_INSIDE = 0.3  # of a face's box that its person's mask covers; masks by tokens are coarse


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
        index = _face_in(masks[person], faces[0])
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
    """The part of the user's region that is on this person, or nearest to them.

    Attributes
    ----------
    region : FittedVideo
        White over mouths.
    """

    region: FittedVideo

    def in_clip(self, frames: Tensor, start: int, masks: Tensor, *, person: int) -> Tensor:
        """As in `PersonRegion`."""
        own = (_nearest(masks) == person).float()
        return self.region.frames(start, len(frames)).mean(-1) * own


def _nearest(masks: Tensor) -> Tensor:
    """Index of the person whose mask is nearest to each pixel, in sizes of the mask, [height, width]."""
    distances = torch.full(masks.shape, torch.inf)
    rows, columns = torch.arange(masks.shape[1])[:, None], torch.arange(masks.shape[2])
    for distance, mask in zip(distances, masks, strict=True):
        if mask.any():
            row, column = mask.nonzero().float().mean(dim=0)
            distance[:] = torch.hypot(rows - row, columns - column) / mask.sum().sqrt()
            distance[mask] = 0
    return distances.argmin(dim=0)


def _face_in(mask: Tensor, faces: Sequence[DetectedFace | None]) -> int | None:
    """Which face has most of its pixels in a mask [height, width]; None where none has enough."""
    shares: dict[int, float] = {}
    for index, face in enumerate(faces):
        if face is not None:
            left, top, right, bottom = (max(0, round(edge)) for edge in astuple(face.box))
            shares[index] = float(mask[top:bottom, left:right].sum()) / face.size**2
    best = max(shares, key=lambda index: shares[index], default=None)
    return None if best is None or shares[best] < LEAST_INSIDE else best
