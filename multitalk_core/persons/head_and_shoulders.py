"""From faces to persons: head and shoulders that do not reach into the neighbour."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .face_detector import DetectedFace

# All in heights of the face, which turning the head does not change; boxes go from the forehead to the chin.
HEAD_WIDTH, HEAD_HEIGHT = 0.6, 0.72  # half axes, hair included
HEAD_ABOVE = 0.12  # the head's centre above the face's
BACK_OF_HEAD = 0.25  # how far the centre of a head in profile lies behind its face's
SHOULDERS_WIDTH, SHOULDERS_HEIGHT = 1.3, 1.4  # half axes
SHOULDERS_BELOW = 1.9
BODY_BEHIND = 0.3  # how far the body of a head in profile lies behind its face
SLIMMER = 0.15  # how much less wide a body in profile is
WAIST = 2.6  # where the person ends below the face's centre


def head_and_shoulders(faces: Sequence[DetectedFace], height: int, width: int) -> Tensor:
    """Grow faces to persons; where two meet, the border lies farther from the larger and so nearer face.

    Parameters
    ----------
    faces : sequence of DetectedFace
    height, width : int
        Size of the picture.

    Returns
    -------
    Tensor [faces, height, width], bool
        In the order of the faces; no pixel belongs to two.
    """
    rows, columns = torch.arange(height)[:, None] + 0.5, torch.arange(width) + 0.5
    masks = torch.zeros(len(faces), height, width, dtype=torch.bool)
    nearest = torch.full((height, width), torch.inf)
    owners = torch.full((height, width), -1)
    for index, face in enumerate(faces):
        column, row = face.centre
        unit = face.box.bottom - face.box.top
        across, down = (columns - column) / unit, (rows - row) / unit
        masks[index] = _outline(across, down, turn(face))
        distance = across.square() + down.square()
        owners[distance < nearest] = index
        nearest = torch.minimum(nearest, distance)
    return masks & (owners == torch.arange(len(faces))[:, None, None])


def turn(face: DetectedFace) -> float:
    """Where a face looks: -1 in profile to the picture's left, 0 to the front, 1 to the right."""
    half = (face.box.right - face.box.left) / 2
    return max(-1.0, min(1.0, (face.nose[0] - face.centre[0]) / half))


def _outline(across: Tensor, down: Tensor, looks: float) -> Tensor:
    """Whether places, seen from the centre of the face, belong to its person."""
    behind = across + BACK_OF_HEAD * looks
    head = (behind / HEAD_WIDTH).square() + ((down + HEAD_ABOVE) / HEAD_HEIGHT).square() <= 1
    beside = (across + BODY_BEHIND * looks) / (SHOULDERS_WIDTH - SLIMMER * abs(looks))
    shoulders = beside.abs() ** 3 + ((down - SHOULDERS_BELOW) / SHOULDERS_HEIGHT).abs() ** 3 <= 1
    return head | (shoulders & (down <= WAIST))
