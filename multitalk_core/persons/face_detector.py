"""Faces in a picture, found by RetinaFace: boxes, certainties and five landmarks."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..checkpoint import read_tensors
from ..errors import MultiTalkError
from ..guards.interruption import uninterrupted
from ..media.picture import levels
from .box import Box
from .face_network import MEAN_COLOUR, FaceNetwork, anchors, decoded_boxes, decoded_points

WEIGHTS = Path(__file__).parent / "assets" / "face_detector.safetensors"
WORKING_SIDE = 640  # pixels; the longer side of what the network sees
CERTAIN = 0.70  # measured in docs/persons.md
SUSPECTED = 0.30  # what sentences mention of faces that were not certain enough
SAME_FACE = 0.4  # intersection over union
INSIDE = 0.6  # of the smaller box: a face within a face
SPEAKER_SIZE = 0.3  # of the largest face: smaller ones are passers-by and posters

Point = tuple[float, float]
"""Column and row, in pixels of the picture."""


@dataclass(frozen=True)
class DetectedFace:
    """A face in pixels of its picture.

    Attributes
    ----------
    box : Box
        From the forehead to the chin; may stick out of the picture.
    certainty : float
        0..1
    eyes, mouth : tuple of two points
        The eyes and the corners of the mouth, the person's right ones first: left in the picture where the
        face is upright.
    nose : point
        Its tip.
    """

    box: Box
    certainty: float
    eyes: tuple[Point, Point]
    nose: Point
    mouth: tuple[Point, Point]

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return (self.box.left + self.box.right) / 2, (self.box.top + self.box.bottom) / 2

    @property
    def size(self) -> float:
        """The side of a square as large as the box."""
        return math.sqrt((self.box.right - self.box.left) * (self.box.bottom - self.box.top))


class FaceDetector:
    """RetinaFace-mobilenet0.25 with the weights of a file.

    Parameters
    ----------
    weights : Path, optional
        A safetensors file that `tools/make_face_detector.py` writes, or one of the same tensors; by default
        the one that comes with the package.

    Raises
    ------
    MultiTalkError
        When the file is missing, damaged or holds something else.
    """

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self.network = FaceNetwork().eval().requires_grad_(False)
        expected = {name: tensor.shape for name, tensor in self.network.state_dict().items()}
        state, _ = read_tensors(weights)
        if {name: tensor.shape for name, tensor in state.items()} != expected:
            raise MultiTalkError(
                f"{weights} is no face model: give a RetinaFace-mobilenet0.25 as "
                "tools/make_face_detector.py writes it, or leave the face model out."
            )
        if not all(tensor.isfinite().all() for tensor in state.values()):
            raise MultiTalkError(f"The face model {weights} holds no finite numbers: download it again.")
        self.network.load_state_dict(state)

    def candidates(
        self, picture: Tensor, check_interrupted: Callable[[], None] = uninterrupted
    ) -> list[DetectedFace]:
        """All that may be faces, from certainty SUSPECTED on, ordered left to right.

        Parameters
        ----------
        picture : Tensor [height, width, 3], float, in 0..1
        check_interrupted : callable
            Called before the picture is looked at; raises where the user has interrupted.
        """
        check_interrupted()
        return distinct(_found(self.network, picture, WORKING_SIDE))

    def faces(
        self, picture: Tensor, check_interrupted: Callable[[], None] = uninterrupted
    ) -> list[DetectedFace]:
        """The faces of those who may speak, ordered left to right.

        Parameters
        ----------
        picture : Tensor [height, width, 3], float, in 0..1
        check_interrupted : callable
            Called before the picture is looked at; raises where the user has interrupted.
        """
        return certain(self.candidates(picture, check_interrupted))


def certain(candidates: Sequence[DetectedFace]) -> list[DetectedFace]:
    """The certain faces, without those that are much smaller than the largest."""
    faces = [face for face in candidates if face.certainty >= CERTAIN]
    largest = max((face.size for face in faces), default=0.0)
    return [face for face in faces if face.size >= SPEAKER_SIZE * largest]


def distinct(faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    """Each face once, where it is most certain, ordered left to right."""
    kept: list[DetectedFace] = []
    for face in sorted(faces, key=lambda face: face.certainty, reverse=True):
        if not any(_same(face, other) for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda face: face.centre)


def _same(one: DetectedFace, other: DetectedFace) -> bool:
    shared = overlap(one.box, other.box)
    smaller, larger = sorted((one.size**2, other.size**2))
    return shared > SAME_FACE * (smaller + larger - shared) or shared > INSIDE * smaller


def overlap(one: Box, other: Box) -> float:
    """The area that two boxes share, in square pixels."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0.0, across) * max(0.0, down)


def _found(network: FaceNetwork, picture: Tensor, longer_side: int) -> list[DetectedFace]:
    """What the network finds in a picture that is scaled to this longer side, many times each."""
    height, width = picture.shape[:2]
    scale = longer_side / max(height, width)
    pixels = _pixels(picture, max(1, round(height * scale)), max(1, round(width * scale)))
    with torch.inference_mode():
        certainties, offsets, landmarks = network(pixels)
    likely = (certainties >= SUSPECTED).nonzero()[:, 0]
    of = anchors(*pixels.shape[-2:])[likely]
    boxes = decoded_boxes(offsets[likely], of) / scale
    points = decoded_points(landmarks[likely], of) / scale
    return [
        _face(certainty, box, [(column, row) for column, row in five])
        for certainty, box, five in zip(
            certainties[likely].tolist(), boxes.tolist(), points.tolist(), strict=True
        )
    ]


def _face(certainty: float, box: list[float], points: list[Point]) -> DetectedFace:
    right_eye, left_eye, nose, right_corner, left_corner = points
    return DetectedFace(Box(*box), certainty, (right_eye, left_eye), nose, (right_corner, left_corner))


def _pixels(picture: Tensor, height: int, width: int) -> Tensor:
    """The picture as the network takes it, [1, 3, height, width]."""
    from PIL import Image

    image = Image.fromarray(levels(picture).cpu().numpy())
    resized = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = torch.frombuffer(bytearray(resized.tobytes()), dtype=torch.uint8).float()
    return (pixels.view(height, width, 3) - torch.tensor(MEAN_COLOUR)).movedim(-1, 0)[None].contiguous()
