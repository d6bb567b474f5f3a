"""FID: Inception's features of film frames (Heusel et al., 2017), as torch-fidelity computes them."""

import torch
from torch import Tensor

from .inception_network import SIDE, InceptionNetwork
from .measure_network import MeasureNetwork, Progress, in_batches, unreported
from .pixels import check_pictures

BATCH = 16  # pictures; 299×299 each


class Fid(MeasureNetwork):
    """Features for FID."""

    architecture = InceptionNetwork

    def features(self, frames: Tensor, *, progress: Progress = unreported) -> Tensor:
        """Compute the features of frames; FID is the `frechet_distance` between two sets of them.

        Parameters
        ----------
        frames : Tensor [frames, height, width, 3], uint8
        progress : callable

        Returns
        -------
        Tensor [frames, 2048], float32

        Raises
        ------
        MultiTalkError
            When the frames have another form.
        """
        check_pictures(frames, "FID")
        return in_batches(frames, self._features, size=BATCH, progress=progress)

    def _features(self, frames: Tensor) -> Tensor:
        pictures = resized_as_in_tensorflow(frames.to(self.device).movedim(-1, 1).float(), SIDE)
        return self.network((pictures - 128) / 128)


def resized_as_in_tensorflow(pictures: Tensor, side: int) -> Tensor:
    """Resize [pictures, channels, height, width] to squares bilinearly, as TensorFlow 1 does.

    A pixel at index i comes from i · (size before / size after), without the half pixel that others add, and
    without antialiasing.
    """
    for axis in (-2, -1):
        length = pictures.shape[axis]
        position = torch.arange(side, dtype=torch.float32, device=pictures.device) * (length / side)
        before = position.long().clamp(max=length - 1)
        after = (before + 1).clamp(max=length - 1)
        share = (position - before).unsqueeze(-1) if axis == -2 else position - before
        first, second = pictures.index_select(axis, before), pictures.index_select(axis, after)
        pictures = first + (second - first) * share
    return pictures
