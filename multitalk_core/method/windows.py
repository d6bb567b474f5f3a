"""The audio features around each video frame (paper Eq. 1) and their grouping by latent frame (Eq. 2).

Axes: v voices, F feature or video frames, w feature frames of a window, l layers, c channels.
"""

import torch
from torch import Tensor

from .wan import TEMPORAL_STRIDE


def window_indices(start: int, count: int, length: int, *, window: int = 5) -> Tensor:
    """The feature frames in the window of each video frame (paper Eq. 1).

    Parameters
    ----------
    start, count : int
        First video frame and number of video frames; absolute, so that a later clip sees the true
        earlier frames.
    length : int
        Feature frames there are; indices are clamped to 0..length - 1.
    window : int
        Odd number of feature frames in a window.

    Returns
    -------
    Tensor [count, window], int64
    """
    centres = torch.arange(start, start + count)[:, None]
    return (centres + torch.arange(window) - window // 2).clamp(0, length - 1)


def audio_windows(features: Tensor, start: int, count: int, *, window: int = 5) -> Tensor:
    """Feature windows of video frames start..start + count - 1 (paper Eq. 1).

    Parameters
    ----------
    features : Tensor [v, F, l, c]
    start, count, window : int
        As in `window_indices`.

    Returns
    -------
    Tensor [v, count, w, l, c]
    """
    return features[:, window_indices(start, count, features.shape[1], window=window).to(features.device)]


def first_and_later_frames(windows: Tensor) -> tuple[Tensor, Tensor]:
    """Split windows into the first frame's and, in groups of four, the later frames' (paper Eq. 2).

    A group of four video frames shares one latent frame. Of its windows stay: the first half and the
    middle of the first one, the middles of the two in between, and the middle and second half of the
    last one.

    Parameters
    ----------
    windows : Tensor [v, 4n + 1, w, l, c]

    Returns
    -------
    first : Tensor [v, 1, w, l, c]
    later : Tensor [v, n, w + 3, l, c]
    """
    middle = windows.shape[2] // 2
    groups = windows[:, 1:].unflatten(1, (-1, TEMPORAL_STRIDE))
    opening = groups[:, :, 0, : middle + 1]
    between = groups[:, :, 1:-1, middle]
    closing = groups[:, :, -1, middle:]
    return windows[:, :1], torch.cat([opening, between, closing], dim=2)
