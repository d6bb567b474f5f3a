"""A face cut out as Deep3DFaceRecon wants it: scaled and moved to its mean face, not rotated."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import MultiTalkError
from .reconstruction_network import SIDE

# Left eye, right eye, nose, left and right corner of the mouth of the mean face: right, up and forward.
# Means of landmarks in BFM/similarity_Lm3D_all.mat of Deep3DFaceRecon_pytorch (MIT).
STANDARD_POINTS = (
    (-0.3114865720272064, 0.29036077857017517, 0.13377952575683594),
    (0.30979886651039124, 0.289720356464386, 0.1317952573299408),
    (0.003253498813137412, -0.04617932438850403, 0.5524424314498901),
    (-0.25216928124427795, -0.3813391625881195, 0.22405731678009033),
    (0.24846619367599487, -0.38128235936164856, 0.22235769033432007),
)
FACE_SIZE = 102.0  # pixels of the cut picture for a length of 1 on the mean face
MOST_PIXELS = 100_000_000  # of a scaled picture: a face of a few pixels would be blown up beyond memory


@dataclass(frozen=True)
class FaceAlignment:
    """Where in a picture the cut lies.

    Attributes
    ----------
    scale : float
        Of the picture.
    centre : tuple of float
        The mean face's origin in the picture: x to the right, y upwards.
    size : tuple of int
        Width and height of the scaled picture.
    left, top : int
        Corner of the cut in the scaled picture.
    """

    scale: float
    centre: tuple[float, float]
    size: tuple[int, int]
    left: int
    top: int


def face_alignment(points: NDArray[np.float32], height: int, width: int) -> FaceAlignment:
    """Fit the mean face's points to a face's, across and up each by itself.

    Parameters
    ----------
    points : array [5, 2]
        Left eye, right eye, nose, left and right corner of the mouth, as seen in the picture, in pixels: x to
        the right, y downwards.
    height, width : int
        Of the picture.

    Raises
    ------
    MultiTalkError
        When the points are not finite or do not span a face.
    """
    upwards = points.astype(np.float32)
    upwards[:, 1] = height - 1 - upwards[:, 1]
    standard = np.column_stack([np.array(STANDARD_POINTS), np.ones(len(STANDARD_POINTS))])
    size = 0.0
    if np.isfinite(upwards).all():
        fitted = np.linalg.lstsq(standard, upwards.astype(np.float64), rcond=None)[0]
        size = float(np.linalg.norm(fitted[:3], axis=0).mean())
    if not (size > 0 and 1 <= height * width * (FACE_SIZE / size) ** 2 <= MOST_PIXELS):
        raise MultiTalkError(
            "The five points of a face do not span a face in the picture: give eyes, nose and corners of the "
            "mouth of a face that is large enough to see."
        )
    scale, (across, up) = FACE_SIZE / size, (float(value) for value in fitted[3])
    new_width, new_height = int(width * scale), int(height * scale)
    return FaceAlignment(
        scale=scale,
        centre=(across, up),
        size=(new_width, new_height),
        left=int(new_width / 2 - SIDE / 2 + (across - width / 2) * scale),
        top=int(new_height / 2 - SIDE / 2 + (height / 2 - up) * scale),
    )


def aligned_face(picture: Tensor, points: Tensor) -> Tensor:
    """Scale a picture and cut a face out of it; black where the cut leaves the picture.

    Parameters
    ----------
    picture : Tensor [height, width, 3], uint8
    points : Tensor [5, 2]
        As in `face_alignment`.

    Returns
    -------
    Tensor [224, 224, 3], uint8
    """
    from PIL import Image

    height, width = picture.shape[:2]
    cut = face_alignment(points.cpu().numpy(), height, width)
    scaled = Image.fromarray(picture.cpu().numpy()).resize(cut.size, Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(scaled.crop((cut.left, cut.top, cut.left + SIDE, cut.top + SIDE))))
