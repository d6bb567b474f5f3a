"""Where a person's face is in every frame of a film: a box and five landmarks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..media.picture import resize_and_crop
from ..persons.box import Box
from ..persons.face_detector import DetectedFace, FaceDetector
from ..persons.following import follow_video
from ..persons.marking import persons_from_boxes
from .film_score import face_in_film
from .mouth_openness import CartoonFace, find_faces, follow_faces, mouth_openness
from .video_at_rate import VideoAtRate

DRAWN_HEIGHT = 400  # pixels; of the picture in which drawn faces are looked for, and of films without one
# Landmarks of a drawn face in its half widths: eyes, nose, corners of the mouth, the picture's left first.
DRAWN_POINTS = ((-0.39, -0.08), (0.39, -0.08), (0.0, 0.25), (-0.3, 0.6), (0.3, 0.6))


@dataclass(frozen=True, eq=False)
class PersonTrack:
    """A person's face through a film, in pixels; NaN where it is lost.

    Attributes
    ----------
    boxes : np.ndarray [frames, 4]
        Left, top, right and bottom.
    points : np.ndarray [frames, 5, 2]
        Column and row of the eyes, the nose and the corners of the mouth, left in the picture first.
    openness : np.ndarray [frames], optional
        Of a drawn mouth; of a photographed one it is not known.
    """

    boxes: np.ndarray
    points: np.ndarray
    openness: np.ndarray | None = None

    @property
    def seen(self) -> np.ndarray:
        """In which frames the face is followed, bool [frames]."""
        return ~np.isnan(self.boxes[:, 0])

    def stretches(self) -> list[tuple[int, int]]:
        """First frame of each unbroken part, and the frame after its last."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], self.seen, [False]]).astype(int)))
        return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def follow_persons(
    video: VideoAtRate,
    boxes: Sequence[Box] | None,
    *,
    count: int | None,
    detector: FaceDetector,
    picture: Tensor | None = None,
) -> list[PersonTrack | None]:
    """Follow each person's face from the first frame on; None for a person without one there.

    Drawn faces, those of the toy world, are followed by their eyes where each box has one of them.

    Parameters
    ----------
    video : VideoAtRate
    boxes : sequence of Box, optional
        One a person: the largest face whose centre lies in it is theirs.
    count : int, optional
        Without boxes: how many persons, the largest faces, from left to right; by default all.
    detector : FaceDetector
    picture : Tensor [height, width, 3], in 0..1, optional
        What the film was made from, in which drawn faces are found more surely than in the film.
    """
    photographed = picture is not None and detector.faces(picture)
    drawn = [] if photographed else drawn_faces(video, boxes, picture)
    if drawn:
        frames = torch.stack([*video.pictures(video.times)])
        return [_followed(frames, face) for face in drawn]
    persons = None if boxes is None else persons_from_boxes(boxes, *video.size, order="given")
    followed = follow_video(detector, video, persons, all_seen=False)
    tracks = [_photographed(column) for column in zip(*followed.faces, strict=True)]
    if boxes is None and count is not None:
        sizes = [_width(track) for track in tracks]
        largest = sorted(sorted(range(len(tracks)), key=lambda index: -sizes[index])[:count])
        tracks = [tracks[index] for index in largest] + [None] * (count - len(largest))
    return tracks


def drawn_faces(video: VideoAtRate, boxes: Sequence[Box] | None, picture: Tensor | None) -> list[CartoonFace]:
    """The drawn face in each box, or all of them without boxes; none unless each box has just one."""
    height, width = video.size
    if picture is None and height > DRAWN_HEIGHT:
        return []
    if picture is None:
        wider = round(width * DRAWN_HEIGHT / height)
        enlarged = resize_and_crop(video.picture().movedim(-1, 0), DRAWN_HEIGHT, wider)
        picture = enlarged.movedim(0, -1)
    try:
        found = find_faces(picture)
    except MultiTalkError:
        return []
    faces = [face_in_film(face, picture.shape[:2], video.size) for face in found]
    if boxes is None:
        return faces
    owners = [[face for face in faces if _is_in(box, face.x * height, face.y * height)] for box in boxes]
    each = len(faces) == len(boxes) and all(len(own) == 1 for own in owners)
    return [own[0] for own in owners] if each else []


def _width(track: PersonTrack | None) -> float:
    return 0.0 if track is None else float(track.boxes[0, 2] - track.boxes[0, 0])


def _photographed(faces: Sequence[DetectedFace | None]) -> PersonTrack | None:
    if faces[0] is None:
        return None
    boxes, points = np.full((len(faces), 4), np.nan), np.full((len(faces), 5, 2), np.nan)
    for index, face in enumerate(faces):
        if face is not None:
            boxes[index] = face.box.left, face.box.top, face.box.right, face.box.bottom
            points[index] = [*face.eyes, face.nose, *face.mouth]
    return PersonTrack(boxes, points)


def _is_in(box: Box, column: float, row: float) -> bool:
    return box.left <= column < box.right and box.top <= row < box.bottom


def _followed(frames: Tensor, face: CartoonFace) -> PersonTrack:
    height = frames.shape[1]
    paths = follow_faces(frames, [face])
    centres, half = paths[0].double().numpy() * height, face.size * height
    points = centres[:, None] + half * np.array(DRAWN_POINTS)
    openness = mouth_openness(frames, [face], paths)[0].double().numpy()
    return PersonTrack(np.concatenate([centres - half, centres + half], axis=1), points, openness)
