"""Rotation of vectors by labels (paper Eq. 3 and 4)."""

import torch
from torch import Tensor

BASE = 10000.0
AT_ONCE = 2**23  # numbers rotated at a time: all at once, a 480p clip needs a gigabyte of float32 beside it


def rotate(vectors: Tensor, labels: Tensor) -> Tensor:
    """Rotate vectors by their labels (paper Eq. 3 and 4).

    Pairs of neighbouring channels rotate by label * 10000^(-2i/channels), in float32. Label 0 is the
    identity. The paper's Eq. 4 writes the angle twice; this is the rotation of the reference implementation.

    Parameters
    ----------
    vectors : Tensor [..., h, c]
        An even number of channels.
    labels : Tensor
        Broadcastable to the shape of `vectors` without its last dimension.

    Returns
    -------
    Tensor, shape and dtype of `vectors`
    """
    channels = vectors.shape[-1]
    exponents = torch.arange(0, channels, 2, device=vectors.device, dtype=torch.float32) / channels
    angles = labels.float()[..., None] * BASE**-exponents
    cosines, sines = (part.expand(*vectors.shape[:-1], -1) for part in (angles.cos(), angles.sin()))
    rotated = torch.empty_like(vectors)
    heads = vectors.shape[-2]
    at_once = max(1, AT_ONCE * heads // vectors.numel())
    for start in range(0, heads, at_once):
        some = slice(start, start + at_once)
        cosine, sine = cosines[..., some, :], sines[..., some, :]
        even, odd = vectors[..., some, 0::2], vectors[..., some, 1::2]
        # In float32: half precision is promoted, then rounded.
        rotated[..., some, 0::2] = even * cosine - odd * sine
        rotated[..., some, 1::2] = odd * cosine + even * sine
    return rotated
