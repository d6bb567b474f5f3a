"""What an image-to-video clip is conditioned on: the given frames, and the mask that marks them."""

import torch
from torch import Tensor

from .wan import MASK_CHANNELS


def conditioning_mask(frames: int, given: int, *, height: int, width: int) -> Tensor:
    """Wan's mask channels: 1 where a video frame is given.

    Frame 0 counts four times; then every four frames are the four channels of one latent frame.

    Parameters
    ----------
    frames, given : int
        Video frames of the clip, and how many leading ones are given.
    height, width : int
        Of the latent.

    Returns
    -------
    Tensor [4, latent frames, height, width], float32
    """
    is_given = (torch.arange(frames) < given).float()
    is_given = torch.cat([is_given[:1].expand(MASK_CHANNELS), is_given[1:]])
    by_latent_frame = is_given.unflatten(0, (-1, MASK_CHANNELS)).T
    return by_latent_frame[:, :, None, None].expand(-1, -1, height, width).contiguous()


def conditioning_frames(given: Tensor, frames: int) -> Tensor:
    """Given frames, then mid-grey (0) up to the clip's length.

    Parameters
    ----------
    given : Tensor [rows, 3, given frames, height, width], in -1..1
    frames : int

    Returns
    -------
    Tensor [rows, 3, frames, height, width]
    """
    missing = given.new_zeros(*given.shape[:2], frames - given.shape[2], *given.shape[3:])
    return torch.cat([given, missing], dim=2)
