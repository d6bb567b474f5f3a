"""Expressions of faces, of which E-FID is the Fréchet distance (Tian et al., "EMO", 2024)."""

import torch
from torch import Tensor

from ..errors import MultiTalkError
from .face_alignment import STANDARD_POINTS, aligned_face
from .measure_network import MeasureNetwork, Progress, in_batches, unreported
from .pixels import check_pictures
from .reconstruction_network import EXPRESSION, ReconstructionNetwork

BATCH = 16  # pictures


class ExpressionNet(MeasureNetwork):
    """Expression coefficients of faces, for E-FID."""

    architecture = ReconstructionNetwork

    def expressions(self, frames: Tensor, points: Tensor, *, progress: Progress = unreported) -> Tensor:
        """Compute the expression of one face a frame; E-FID is the `frechet_distance` of two sets of them.

        Parameters
        ----------
        frames : Tensor [frames, height, width, 3], uint8
        points : Tensor [frames, 5, 2]
            Left eye, right eye, nose, left and right corner of the mouth, as seen in the picture, in pixels.
        progress : callable

        Returns
        -------
        Tensor [frames, 64], float32

        Raises
        ------
        MultiTalkError
            When they have another form, or the points of a frame do not span a face.
        """
        return self.coefficients(frames, points, progress=progress)[:, EXPRESSION]

    def coefficients(self, frames: Tensor, points: Tensor, *, progress: Progress = unreported) -> Tensor:
        """All 257 coefficients [frames, 257]; parameters as in `expressions`."""
        check_pictures(frames, "E-FID")
        if tuple(points.shape) != (len(frames), len(STANDARD_POINTS), 2):
            raise MultiTalkError(
                f"E-FID takes five points a frame, [{len(frames)}, 5, 2], not {list(points.shape)}: "
                "give eyes, nose and corners of the mouth for every frame."
            )

        def compute(numbers: Tensor) -> Tensor:
            faces = torch.stack([aligned_face(frames[number], points[number]) for number in numbers.tolist()])
            return self.network(faces.to(self.device).movedim(-1, 1).float() / 255)

        return in_batches(torch.arange(len(frames)), compute, size=BATCH, progress=progress)
