"""Persons through a video: whose face is whose from picture to picture, and where that is doubtful."""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass

from torch import Tensor

from ..errors import MultiTalkError
from ..guards.interruption import uninterrupted
from ..media.video_source import Video
from .cuts import Cut, cuts, look
from .face_detector import DetectedFace, FaceDetector
from .face_track import FaceTrack, Gap
from .masks import Persons

CLEARLY = 0.25  # sizes between two faces before one is left of the other


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
    leaves : bool
        Whether the person moves out of the picture.
    """

    person: int
    second: float
    until: float | None
    leaves: bool = False

    def __str__(self) -> str:
        leaves = "leaves the picture and " if self.leaves else ""
        until = "on" if self.until is None else f"to {self.until:.1f} s"
        return f"Person {self.person + 1} {leaves}is lost from {self.second:.1f} s {until}."


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
    places : tuple of tuples [pictures][persons] of DetectedFace or None
        As `faces`, but a face that is lost within the picture is where it should be: on its way to where it
        is found again, or where it was seen last. None where a person has left the picture.
    events : tuple of Loss, Swap and Cut
        In the order of time: what the user should look at.
    """

    faces: tuple[tuple[DetectedFace | None, ...], ...]
    places: tuple[tuple[DetectedFace | None, ...], ...]
    events: tuple[Loss | Swap | Cut, ...]


def follow_video(
    detector: FaceDetector,
    video: Video,
    persons: Persons | None = None,
    *,
    pictures: int | None = None,
    all_seen: bool = True,
    note: Callable[[str], None] | None = None,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> FollowedFaces:
    """Detect faces in every picture of a video, and follow those that are certain in the first.

    Parameters
    ----------
    detector : FaceDetector
    video : Video
    persons : Persons, optional
        On the first picture: only their faces are followed, in their order.
    pictures : int, optional
        How many pictures, from the first on; by default all.
    all_seen : bool
        Whether each person must have a face in the first picture; those without one are nowhere else either.
    note : callable, optional
        Gets a sentence for the user before all pictures are looked at.
    check_interrupted : callable
        Called for every picture; raises where the user has interrupted.

    Raises
    ------
    MultiTalkError
        When a person has no certain face in the first picture, if `all_seen`.
    """
    picture, times = video.picture(), video.times[:pictures]
    height, width = picture.shape[:2]
    found = detector.faces(picture, check_interrupted)
    first: list[DetectedFace | None] = [*found]
    if persons is not None:
        first = [face_in(mask, found) for mask in persons.masks]
    if all_seen and None in first:
        raise MultiTalkError(
            f"No face of person {first.index(None) + 1} was found in the video's first picture, so their "
            "mouth cannot be followed: cut the video so that it begins with all faces, or give a mask of the "
            "mouths."
        )
    if note is not None and len(times) > 1 and any(first):
        note(f"Follows the persons' faces through {len(times)} pictures of the video.")
    later, changes, before = [], [0.0], look(picture)
    for each in video.pictures(times[1:]) if any(first) else ():
        later.append(detector.candidates(each, check_interrupted))
        now = look(each)
        changes.append(float((now - before).abs().mean()))
        before = now
    seconds = ((times - times[0]) * float(video.time_base)).tolist()
    return follow_faces(first, later, seconds, size=(height, width), changes=changes)


def face_in(mask: Tensor, faces: Sequence[DetectedFace]) -> DetectedFace | None:
    """The largest face whose centre lies in a person's mask [height, width]."""
    height, width = mask.shape

    def is_inside(face: DetectedFace) -> bool:
        column, row = map(int, face.centre)
        return 0 <= row < height and 0 <= column < width and bool(mask[row, column])

    return max(filter(is_inside, faces), key=lambda face: face.size, default=None)


def follow_faces(
    first: Sequence[DetectedFace | None],
    later: Iterable[Sequence[DetectedFace]],
    seconds: Sequence[float],
    *,
    size: tuple[int, int],
    changes: Sequence[float] = (),
) -> FollowedFaces:
    """Keep each person's index through a video.

    A face goes to the person whose face is expected nearest to it and of like size, seen from where and how
    fast that person's face moved before.

    Parameters
    ----------
    first : sequence of DetectedFace or None
        The persons' faces in the first picture.
    later : iterable of sequences of DetectedFace
        What is detected in each picture after it; not read where the first has no face.
    seconds : sequence of float
        When each picture is shown, ascending.
    size : (height, width)
        Of the pictures.
    changes : sequence of float, optional
        How much each picture differs from the one before, for `cuts`.
    """
    tracks = {i: FaceTrack([(seconds[0], face)]) for i, face in enumerate(first) if face is not None}
    for second, found in zip(seconds[1:], later, strict=True) if tracks else ():
        _assign([*tracks.values()], found, second)
    gaps = {i: track.gaps(seconds[-1], size) for i, track in tracks.items()}

    def filled(unseen: Callable[[Gap], bool]) -> tuple[tuple[DetectedFace | None, ...], ...]:
        nowhere: list[DetectedFace | None] = [None] * len(seconds)
        columns = [
            tracks[i].filled(seconds, filter(unseen, gaps[i])) if i in tracks else nowhere
            for i in range(len(first))
        ]
        return tuple(zip(*columns, strict=True)) if columns else ((),) * len(seconds)

    faces, places = filled(lambda gap: True), filled(lambda gap: gap.leaves)
    events: list[Loss | Swap | Cut] = [Loss(i, *astuple(gap)) for i, own in gaps.items() for gap in own]
    events += _swaps(faces, seconds)
    events += cuts([dict(track.sightings) for track in tracks.values()], changes, seconds)
    return FollowedFaces(faces, places, tuple(sorted(events, key=lambda event: event.second)))


def _assign(tracks: Sequence[FaceTrack], found: Sequence[DetectedFace], second: float) -> None:
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
