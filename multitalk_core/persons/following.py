"""Persons through a video: whose face is whose from picture to picture, and where that is doubtful."""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from ..errors import MultiTalkError
from ..guards.interruption import uninterrupted
from ..media.video_source import Video
from .box import Box
from .face_detector import DetectedFace, FaceDetector, Point
from .masks import Persons

SHORT_GAP = 0.5  # seconds that a face may be unseen before its person counts as lost
MEMORY = 0.3  # seconds over which a face's motion is measured
REACH = 1.0  # how far from where it is expected a face is looked for, in its sizes
REACH_LATER = 2.0  # how much farther with every second that it is unseen
LARGEST_REACH = 3.0
LIKE_SIZE = math.log(2)  # largest change of size
DOUBT = 0.5  # what a face of no certainty costs, in sizes
CLEARLY = 0.25  # sizes between two faces before one is left of the other

_Sighting = tuple[float, DetectedFace]  # the second and the face


@dataclass(frozen=True)
class Loss:
    """A person whose face is not seen for longer than SHORT_GAP.

    Attributes
    ----------
    person : int
        Index from 0.
    second : float
        When it was seen last.
    until : float, optional
        The second in which it was found again.
    """

    person: int
    second: float
    until: float | None

    def __str__(self) -> str:
        until = "on" if self.until is None else f"to {self.until:.1f} s"
        return f"Person {self.person + 1} is lost from {self.second:.1f} s {until}."


@dataclass(frozen=True)
class Swap:
    """Two persons who change sides.

    Attributes
    ----------
    persons : (int, int)
        Indices from 0, ascending.
    second : float
        When.
    """

    persons: tuple[int, int]
    second: float

    def __str__(self) -> str:
        first, other = (person + 1 for person in self.persons)
        return f"Persons {first} and {other} change sides at {self.second:.1f} s."


@dataclass(frozen=True)
class FollowedFaces:
    """The faces of persons in every picture.

    Attributes
    ----------
    faces : tuple of tuples [pictures][persons] of DetectedFace or None
        Persons in the order of the first picture; None where a person is lost. Short gaps are filled.
    events : tuple of Loss and Swap
        In the order of time: what the user should look at.
    """

    faces: tuple[tuple[DetectedFace | None, ...], ...]
    events: tuple[Loss | Swap, ...]


def follow_video(
    detector: FaceDetector,
    video: Video,
    persons: Persons | None = None,
    *,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> FollowedFaces:
    """Detect faces in every picture of a video, and follow those that are certain in the first.

    Parameters
    ----------
    detector : FaceDetector
    video : Video
    persons : Persons, optional
        On the first picture: only their faces are followed, in their order.
    check_interrupted : callable
        Called for every picture; raises where the user has interrupted.

    Raises
    ------
    MultiTalkError
        When a person has no certain face in the first picture.
    """
    first = detector.faces(video.picture(), check_interrupted)
    if persons is not None:
        first = [_face_in(mask, first, number) for number, mask in enumerate(persons.masks, start=1)]
    later = (detector.candidates(picture, check_interrupted) for picture in video.pictures(video.times[1:]))
    seconds = (video.times - video.times[0]) * float(video.time_base)
    return follow_faces(itertools.chain([first], later), seconds.tolist())


def _face_in(mask: Tensor, faces: Sequence[DetectedFace], number: int) -> DetectedFace:
    """The largest face whose centre lies in a person's mask [height, width]."""
    height, width = mask.shape

    def is_inside(face: DetectedFace) -> bool:
        column, row = map(int, face.centre)
        return 0 <= row < height and 0 <= column < width and bool(mask[row, column])

    inside = [face for face in faces if is_inside(face)]
    if not inside:
        raise MultiTalkError(
            f"No face of person {number} was found in the video's first picture, so their mouth cannot be "
            "followed: cut the video so that it begins with all faces, or give a mask of the mouths."
        )
    return max(inside, key=lambda face: face.size)


def follow_faces(pictures: Iterable[Sequence[DetectedFace]], seconds: Sequence[float]) -> FollowedFaces:
    """Keep each person's index through a video.

    A face goes to the person whose face is expected nearest to it and of like size, seen from where and how
    fast that person's face moved before.

    Parameters
    ----------
    pictures : iterable of sequences of DetectedFace
        What was detected in each picture. The faces of the first are the persons.
    seconds : sequence of float
        When each picture is shown, ascending.
    """
    timed = zip(seconds, pictures, strict=True)
    start, persons = next(timed)
    tracks = [_Track([(start, face)]) for face in persons]
    for second, found in timed:
        _assign(tracks, found, second)
    columns = [track.filled(seconds) for track in tracks]
    faces = tuple(zip(*columns, strict=True)) if columns else ((),) * len(seconds)
    events: list[Loss | Swap] = [
        Loss(i, *gap) for i, track in enumerate(tracks) for gap in track.gaps(seconds[-1])
    ]
    events += _swaps(faces, seconds)
    return FollowedFaces(faces, tuple(sorted(events, key=lambda event: event.second)))


@dataclass
class _Track:
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

    def _expected(self, second: float) -> Point:
        """Where the face would be had it moved on, but no longer than for a short gap."""
        last_second, last = self.sightings[-1]
        recent = [seen for seen in self.sightings if seen[0] >= last_second - MEMORY]
        first_second, first = recent[0]
        if first_second == last_second:
            return last.centre
        ahead = min(second - last_second, SHORT_GAP) / (last_second - first_second)
        (column, row), (start_column, start_row) = last.centre, first.centre
        return column + ahead * (column - start_column), row + ahead * (row - start_row)

    def gaps(self, end: float) -> list[tuple[float, float | None]]:
        """From when to when the face was unseen for long."""
        times = [second for second, _ in self.sightings]
        gaps: list[tuple[float, float | None]] = [
            (last, found) for last, found in itertools.pairwise(times) if found - last > SHORT_GAP
        ]
        return [*gaps, (times[-1], None)] if end - times[-1] > SHORT_GAP else gaps

    def filled(self, seconds: Sequence[float]) -> list[DetectedFace | None]:
        """The face in every picture: as seen, else on its way over a short gap."""
        seen = iter(self.sightings)
        before: _Sighting | None = None
        after = next(seen, None)
        faces: list[DetectedFace | None] = []
        for second in seconds:
            while after is not None and after[0] <= second:
                before, after = after, next(seen, None)
            faces.append(_between(before, after, second, last_second=seconds[-1]))
        return faces


def _between(
    before: _Sighting | None, after: _Sighting | None, second: float, *, last_second: float
) -> DetectedFace | None:
    """A face between two sightings or after the last, None in a long gap."""
    if before is None:
        return None
    start, face = before
    if start == second:
        return face
    if after is None:
        return face if last_second - start <= SHORT_GAP else None
    end, later = after
    if end - start > SHORT_GAP:
        return None
    return _mixed(face, later, (second - start) / (end - start))


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


def _assign(tracks: Sequence[_Track], found: Sequence[DetectedFace], second: float) -> None:
    """Give each face to at most one person and each person at most one face, the likeliest pairs first."""
    pairs = [
        (track.cost(face, second), i, j) for i, track in enumerate(tracks) for j, face in enumerate(found)
    ]
    free_tracks, free_faces = set(range(len(tracks))), set(range(len(found)))
    for cost, i, j in sorted(pairs):
        if cost < math.inf and i in free_tracks and j in free_faces:
            tracks[i].sightings.append((second, found[j]))
            free_tracks.remove(i)
            free_faces.remove(j)


def _swaps(faces: Sequence[Sequence[DetectedFace | None]], seconds: Sequence[float]) -> list[Swap]:
    """Whenever two persons are clearly on other sides of each other than before."""
    swaps = []
    for pair in itertools.combinations(range(len(faces[0])), 2):
        side = 0.0
        for second, row in zip(seconds, faces, strict=True):
            one, other = (row[person] for person in pair)
            if one is None or other is None:
                continue
            apart = (other.centre[0] - one.centre[0]) / max(one.size, other.size)
            if abs(apart) < CLEARLY:
                continue
            if side * apart < 0:
                swaps.append(Swap(pair, second))
            side = apart
    return swaps
