"""Faces as a detector gives them, for tests."""

from multitalk_core.persons.box import Box
from multitalk_core.persons.face_detector import DetectedFace


def face(column: float, row: float, size: float, looks: float = 0.0, certainty: float = 0.99) -> DetectedFace:
    """An upright face of three quarters as wide as it is high.

    Parameters
    ----------
    column, row : float
        Its centre.
    size : float
        Its height.
    looks : float
        -1 in profile to the left, 0 to the front, 1 to the right.
    """
    half = 0.375 * size
    features = column + looks * half

    def pair(apart: float, below: float):
        apart *= 1 - abs(looks)
        return (features - apart * size, row + below * size), (features + apart * size, row + below * size)

    return DetectedFace(
        box=Box(column - half, row - size / 2, column + half, row + size / 2),
        certainty=certainty,
        eyes=pair(0.19, -0.1),
        nose=(features, row + 0.1 * size),
        mouth=pair(0.15, 0.25),
    )
