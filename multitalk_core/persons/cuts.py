"""Where a video cuts to another shot: the picture changes at once, and nobody's face goes on."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
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
    sightings: Sequence[Mapping[float, DetectedFace]], changes: Sequence[float], seconds: Sequence[float]
) -> Iterator[Cut]:
    """The cuts of a video.

    Parameters
    ----------
    sightings : sequence [persons] of mappings of seconds to DetectedFace
        Where each person's face was seen.
    changes : sequence of float
        Mean difference of each picture's look from the one before.
    seconds : sequence of float
        When each picture is shown.
    """
    for (before, now), change in zip(itertools.pairwise(seconds), changes[1:], strict=False):
        if change > ABRUPT:
            pairs = [(seen[before], seen.get(now)) for seen in sightings if before in seen]
            reach = INACCURATE + FASTEST * (now - before)
            if pairs and not any(_goes_on(*pair, reach) for pair in pairs):
                yield Cut(now)


def _goes_on(before: DetectedFace, after: DetectedFace | None, reach: float) -> bool:
    return after is not None and math.dist(before.centre, after.centre) < reach * before.size
