"""Where mouths move: soft ellipses around the corners of the mouth, still or through a video."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ..media.video_source import DerivedVideo
from .face_detector import DetectedFace, Point

# In sizes of the face. An open mouth moves the chin; a smile reaches past the corners.
HALF_WIDTH, HALF_HEIGHT = 0.32, 0.3
BELOW = 0.06  # the ellipse's centre below the corners
SOFT = 0.3  # of the ellipse, from all to nothing


def mouth_mask(faces: Sequence[DetectedFace], height: int, width: int) -> Tensor:
    """White over the mouths, black elsewhere.

    Parameters
    ----------
    faces : sequence of DetectedFace
    height, width : int
        Size of the picture.

    Returns
    -------
    Tensor [height, width], float32, in 0..1
    """
    rows, columns = torch.arange(height)[:, None] + 0.5, torch.arange(width) + 0.5
    mask = torch.zeros(height, width)
    for face in faces:
        column, row = _middle(face.mouth)
        down_column, down_row = _downwards(face)
        across = ((columns - column) * down_row - (rows - row) * down_column) / face.size
        down = ((columns - column) * down_column + (rows - row) * down_row) / face.size
        radius = torch.hypot(across / HALF_WIDTH, (down - BELOW) / HALF_HEIGHT)
        mask = torch.maximum(mask, ((1 - radius) / SOFT).clamp(0, 1))
    return mask


def _middle(points: tuple[Point, Point]) -> Point:
    (column, row), (other_column, other_row) = points
    return (column + other_column) / 2, (row + other_row) / 2


def _downwards(face: DetectedFace) -> Point:
    """From the eyes to the mouth, of length 1."""
    (column, row), (mouth_column, mouth_row) = _middle(face.eyes), _middle(face.mouth)
    length = math.dist((column, row), (mouth_column, mouth_row))
    return (mouth_column - column) / length, (mouth_row - row) / length


@dataclass(frozen=True, eq=False)
class MouthRegion(DerivedVideo):
    """The mouths of a video's persons as a video of masks, to be fitted to the film as the video is.

    Attributes
    ----------
    faces : sequence of sequences [pictures][persons] of DetectedFace or None
        For every picture of the video; there is no mouth where a person is lost.
    """

    faces: Sequence[Sequence[DetectedFace | None]]

    @cached_property
    def size(self) -> tuple[int, int]:
        """Height and width of the video in pixels."""
        height, width = self.video.picture().shape[:2]
        return height, width

    def pictures(self, times: np.ndarray) -> Iterator[Tensor]:
        """As in `Video`."""
        for index in np.searchsorted(self.times, times):
            faces = [face for face in self.faces[index] if face is not None]
            yield mouth_mask(faces, *self.size)[..., None].expand(-1, -1, 3)
