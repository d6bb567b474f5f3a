"""Face detection without a download: a majority vote over many passes of scikit-image's LBP cascade.

One pass finds faces and false positives alike. A face is found again when the picture is scaled, mirrored and
rotated slightly; a false positive is not. So all passes vote, and windows that agree are a face.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..guards.interruption import uninterrupted

if TYPE_CHECKING:
    from skimage.feature import Cascade

WORKING_SIDES = (240, 300, 375)  # square roots of the working areas, in pixels
ANGLES = (-10, 0, 10)  # degrees
SMALLEST_WINDOW = 24  # pixels; what the cascade was trained on
SAME_FACE = 0.4  # intersection over union

# Chosen on variants of one photograph and on small faces pasted into others: faces got at least 44 votes;
# false positives at most 45 next to a face twice as large, and at most 29 in pictures without faces.
ENOUGH_VOTES = 35
FEWEST_VOTES = 15  # when the number of faces is known
CERTAIN_VOTES = 60
SPEAKER_SCORE = 0.45  # of the best score: speakers' faces are within about twice each other's size


@dataclass(frozen=True)
class Face:
    """A square from eyebrows to chin, in source pixels.

    Attributes
    ----------
    row, column : float
        Centre.
    side : float
    votes : int
        Number of windows that agree, over all passes.
    """

    row: float
    column: float
    side: float
    votes: int

    @property
    def score(self) -> float:
        """Rank of the face: larger and more certain ones score higher."""
        return min(self.votes, CERTAIN_VOTES) * self.side


def find_faces(
    picture: np.ndarray, count: int | None = None, check_interrupted: Callable[[], None] = uninterrupted
) -> list[Face]:
    """Find frontal faces, the best first.

    Parameters
    ----------
    picture : np.ndarray [height, width, 3], uint8
    count : int, optional
        Known number of faces; at most this many are returned, and fewer votes suffice.
    check_interrupted : callable
        Called before every pass; raises to stop.

    Returns
    -------
    list of Face
    """
    faces = sorted(_faces(_windows(picture, check_interrupted)), key=lambda face: face.score, reverse=True)
    if count is not None:
        return [face for face in faces if face.votes >= FEWEST_VOTES][:count]
    certain = [face for face in faces if face.votes >= ENOUGH_VOTES]
    return [face for face in certain if face.score >= SPEAKER_SCORE * certain[0].score]


def _windows(picture: np.ndarray, check_interrupted: Callable[[], None]) -> np.ndarray:
    """The windows that all passes find, as rows of (row, column, side) in source pixels."""
    from PIL import Image
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    cascade = Cascade(lbp_frontal_face_cascade_filename())
    height, width = picture.shape[:2]
    found = []
    for working_side in WORKING_SIDES:
        scale = working_side / math.sqrt(height * width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        scaled = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
        if min(size) < SMALLEST_WINDOW:
            continue
        for angle in ANGLES:
            check_interrupted()
            turned = np.array(scaled.rotate(angle, Image.Resampling.BILINEAR))
            upright = _upright(_detect(cascade, turned), angle, size)
            mirrored = _detect(cascade, np.ascontiguousarray(turned[:, ::-1]))
            mirrored[:, 1] = size[0] - mirrored[:, 1]
            found += [upright / scale, _upright(mirrored, angle, size) / scale]
    windows = np.concatenate(found) if found else np.empty((0, 3))
    return windows[np.lexsort(windows.T)]  # the cascade's threads finish in any order


def _detect(cascade: "Cascade", picture: np.ndarray) -> np.ndarray:
    """One pass without merging: the centre and side of each window, as rows of (row, column, side)."""
    shorter = min(picture.shape[:2])
    windows = cascade.detect_multi_scale(
        picture,
        scale_factor=1.1,
        step_ratio=1.0,
        min_size=(SMALLEST_WINDOW, SMALLEST_WINDOW),
        max_size=(shorter, shorter),
        min_neighbor_number=1,
        intersection_score_threshold=0.999,
    )
    corners = np.array([(w["r"], w["c"], w["width"]) for w in windows], dtype=float).reshape(-1, 3)
    corners[:, :2] += corners[:, 2:] / 2
    return corners


def _upright(windows: np.ndarray, angle: float, size: tuple[int, int]) -> np.ndarray:
    """Windows found in a picture rotated about its centre, mapped back to the picture before."""
    radians = math.radians(angle)
    rows, columns = windows[:, 0] - size[1] / 2, windows[:, 1] - size[0] / 2
    back = windows.copy()
    back[:, 0] = columns * math.sin(radians) + rows * math.cos(radians) + size[1] / 2
    back[:, 1] = columns * math.cos(radians) - rows * math.sin(radians) + size[0] / 2
    return back


def _faces(windows: np.ndarray) -> list[Face]:
    """The window that most others agree with, averaged with those, is a face; repeat with the rest."""
    faces = []
    while len(windows):
        agree = _overlap(windows, windows) > SAME_FACE
        together = agree[agree.sum(axis=1).argmax()]
        row, column, side = windows[together].mean(axis=0)
        faces.append(Face(row, column, side, int(together.sum())))
        distance = np.hypot(windows[:, 0] - row, windows[:, 1] - column)
        windows = windows[~together & (distance > 0.75 * np.maximum(windows[:, 2], side))]
    return faces


def _overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of every window with every other."""
    first, second = first[:, None], second[None]
    reach = (first[..., 2:] + second[..., 2:]) / 2 - np.abs(first[..., :2] - second[..., :2])
    shorter = np.minimum(first[..., 2:], second[..., 2:])
    shared = np.clip(np.minimum(reach, shorter), 0, None).prod(axis=-1)
    return shared / (first[..., 2] ** 2 + second[..., 2] ** 2 - shared)
