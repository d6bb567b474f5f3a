"""A person's face through a video: when and where it was seen, and where it is in between."""

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .box import Box
from .face_detector import DetectedFace, Point

SHORT_GAP = 0.5  # seconds that a face may be unseen before its person counts as lost
MEMORY = 0.3  # seconds over which a face's motion is measured
REACH = 1.0  # how far from where it is expected a face is looked for, in its sizes
REACH_LATER = 2.0  # how much farther with every second that it is unseen
LARGEST_REACH = 3.0
LIKE_SIZE = math.log(2)  # largest change of size
DOUBT = 0.5  # what a face of no certainty costs, in sizes

_Sighting = tuple[float, DetectedFace]  # the second and the face


@dataclass(frozen=True)
class Gap:
    """A time longer than SHORT_GAP in which a face is unseen.

    Attributes
    ----------
    start : float
        The second when it was seen last.
    end : float, optional
        The second in which it was found again.
    leaves : bool
        Whether it moved out of the picture.
    """

    start: float
    end: float | None
    leaves: bool


@dataclass
class FaceTrack:
    """When and where a person's face was seen."""

    sightings: list[_Sighting]

    def cost(self, face: DetectedFace, second: float) -> float:
        """How unlikely it is that a face is this person's: 0 where it was expected, infinite out of reach."""
        last_second, last = self.sightings[-1]
        unseen = second - last_second
        distance = math.dist(face.centre, self._expected(second)) / last.size
        growth = abs(math.log(face.size / last.size))
        reach = min(LARGEST_REACH, REACH + REACH_LATER * unseen)
        if distance > reach or growth > LIKE_SIZE:
            return math.inf
        return distance + growth + DOUBT * (1 - face.certainty)

    def _expected(self, second: float, after: int = -1) -> Point:
        """Where the face would be had it moved on after a sighting, but no longer than for a short gap."""
        last_second, last = self.sightings[after]
        first_second, first = self.sightings[bisect_left(self.sightings, last_second - MEMORY, key=_when)]
        if first_second == last_second:
            return last.centre
        ahead = min(second - last_second, SHORT_GAP) / (last_second - first_second)
        (column, row), (start_column, start_row) = last.centre, first.centre
        return column + ahead * (column - start_column), row + ahead * (row - start_row)

    def gaps(self, end: float, size: tuple[int, int]) -> list[Gap]:
        """When the face is unseen for long in a video of this height and width that ends in this second."""
        times: list[float | None] = [*map(_when, self.sightings), None]
        return [
            Gap(last, found, self._leaves(index, size))
            for index, (last, found) in enumerate(itertools.pairwise(times))
            if last is not None and (end if found is None else found) - last > SHORT_GAP
        ]

    def _leaves(self, sighting: int, size: tuple[int, int]) -> bool:
        """Whether the face is moving out of the picture when it is seen last."""
        column, row = self._expected(self.sightings[sighting][0] + SHORT_GAP, sighting)
        return not (0 <= row < size[0] and 0 <= column < size[1])

    def filled(self, seconds: Sequence[float], gaps: Iterable[Gap]) -> list[DetectedFace | None]:
        """The face in every picture outside some gaps: as seen, on its way, or where it was seen last."""
        unseen = {gap.start for gap in gaps}
        faces: list[DetectedFace | None] = []
        for second in seconds:
            index = bisect_right(self.sightings, second, key=_when) - 1
            start, face = self.sightings[index]
            if start < second and start in unseen:
                faces.append(None)
            elif start == second or index + 1 == len(self.sightings):
                faces.append(face)
            else:
                end, later = self.sightings[index + 1]
                faces.append(_mixed(face, later, (second - start) / (end - start)))
        return faces


def _when(sighting: _Sighting) -> float:
    return sighting[0]


def _mixed(one: DetectedFace, other: DetectedFace, share: float) -> DetectedFace:
    """A face on its way from one place to another."""

    def point(start: Point, end: Point) -> Point:
        return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])

    (left, top), (right, bottom) = (
        point((one.box.left, one.box.top), (other.box.left, other.box.top)),
        point((one.box.right, one.box.bottom), (other.box.right, other.box.bottom)),
    )
    return replace(
        one,
        box=Box(left, top, right, bottom),
        certainty=min(one.certainty, other.certainty),
        eyes=(point(one.eyes[0], other.eyes[0]), point(one.eyes[1], other.eyes[1])),
        nose=point(one.nose, other.nose),
        mouth=(point(one.mouth[0], other.mouth[0]), point(one.mouth[1], other.mouth[1])),
    )
