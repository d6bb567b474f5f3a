"""Where a video cuts to another shot: the picture changes at once, and nobody's face goes on."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from .face_detector import DetectedFace

LOOK = 24, 32  # height and width of what is compared
ABRUPT = 0.08  # mean change of the whole picture; a camera that pans fast makes as much, but faces go on
FASTEST = 4.0  # sizes a second that a face moves
INACCURATE = 0.1  # sizes by which a face is found beside its place


@dataclass(frozen=True)
class Cut:
    """Another shot begins.

    Attributes
    ----------
    second : float
        When.
    """

    second: float

    def __str__(self) -> str:
        return (
            f"The video seems to cut to another shot at {self.second:.1f} s, where nobody can be followed: "
            "dub each shot by itself."
        )


def look(picture: Tensor) -> Tensor:
    """A picture [height, width, 3] in so little detail that only large changes show."""
    return F.interpolate(picture.movedim(-1, 0)[None].float(), LOOK, mode="area")


def cuts(
    faces: Sequence[Sequence[DetectedFace | None]], changes: Sequence[float], seconds: Sequence[float]
) -> Iterator[Cut]:
    """The cuts of a video.

    Parameters
    ----------
    faces : sequence of sequences [pictures][persons] of DetectedFace or None
    changes : sequence of float
        Mean difference of each picture's look from the one before.
    seconds : sequence of float
        When each picture is shown.
    """
    for index in range(1, len(seconds)):
        pairs = [(one, other) for one, other in zip(faces[index - 1], faces[index], strict=True) if one]
        reach = INACCURATE + FASTEST * (seconds[index] - seconds[index - 1])
        if changes[index] > ABRUPT and pairs and not any(_goes_on(*pair, reach) for pair in pairs):
            yield Cut(seconds[index])


def _goes_on(before: DetectedFace, after: DetectedFace | None, reach: float) -> bool:
    return after is not None and math.dist(before.centre, after.centre) < reach * before.size
