"""Pictures of 8 bits: their form, and the resize that OpenCV does."""

import numpy as np
import torch
from torch import Tensor

from ..errors import MultiTalkError

FRACTION_BITS = 11  # of OpenCV's weights


def check_pictures(pictures: Tensor, measure: str, *, size: tuple[int, int] | None = None) -> None:
    """Refuse what is not [pictures, height, width, 3] in uint8.

    Parameters
    ----------
    pictures : Tensor
    measure : str
        What the message names.
    size : tuple of int, optional
        Height and width, when only these are allowed.

    Raises
    ------
    MultiTalkError
    """
    height, width = size or ("height", "width")
    formed = pictures.ndim == 4 and pictures.shape[-1] == 3 and pictures.numel() > 0
    if not formed or pictures.dtype != torch.uint8 or (size and tuple(pictures.shape[1:3]) != size):
        raise MultiTalkError(
            f"{measure} takes frames as uint8 [frames, {height}, {width}, 3], not {pictures.dtype} "
            f"{list(pictures.shape)}: give the film's frames as they were decoded."
        )


def resized_as_in_opencv(picture: Tensor, size: tuple[int, int], step: tuple[float, float]) -> Tensor:
    """Resize a picture bilinearly with the rounding of OpenCV's `INTER_LINEAR` on 8 bits.

    Parameters
    ----------
    picture : Tensor [height, width, channels], uint8
    size : tuple of int
        New height and width.
    step : tuple of float
        Pixels of the picture from one new row to the next, and from one new column to the next.

    Returns
    -------
    Tensor [*size, channels], uint8
    """
    rows, row_weights = _positions(size[0], step[0])
    columns, column_weights = _positions(size[1], step[1])
    outside = (columns < 0) | (columns >= picture.shape[1] - 1)
    column_weights[outside] = 0  # along a row OpenCV repeats the border, down a column it weighs it twice
    pixels = picture.int()

    def at(positions: Tensor, axis: int) -> Tensor:
        return pixels.index_select(axis, positions.clamp(0, pixels.shape[axis] - 1))

    one = 1 << FRACTION_BITS
    left, right = at(columns, 1), at(columns + 1, 1)
    pixels = left * (one - column_weights)[:, None] + right * column_weights[:, None]
    weights = row_weights[:, None, None]
    upper = (at(rows, 0) >> 4) * (one - weights) >> 16
    lower = (at(rows + 1, 0) >> 4) * weights >> 16
    return (upper + lower + 2 >> 2).to(torch.uint8)


def _positions(length: int, step: float) -> tuple[Tensor, Tensor]:
    """The pixel before each new one, and the weight of the pixel behind it, in 1/2048."""
    positions = ((np.arange(length) + 0.5) * step - 0.5).astype(np.float32)
    before = np.floor(positions)
    weights = np.rint((positions - before) * np.float32(1 << FRACTION_BITS))
    return torch.from_numpy(before.astype(np.int64)), torch.from_numpy(weights.astype(np.int32))
