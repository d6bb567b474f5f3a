"""Where each person is: similarity of every video token to the persons in the first frame (paper 3.3).

Axes: b rows, t video tokens, r tokens of the first latent frame, k classes (persons, then the background),
h heads, c channels of a head.
"""

import torch
from torch import Tensor

from ..kernels import localize


@torch.no_grad()
def class_similarity(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Mean attention of every token to each class's tokens in the first frame (paper 3.3).

    Parameters
    ----------
    query, key : Tensor [b, t, h, c]
        Of the self-attention, after its norms and 3-D RoPE.
    masks : Tensor [b or 1, k, r]
        0 or 1 on the first latent frame; the background is the last class. An empty class gets
        similarity 0.

    Returns
    -------
    Tensor [b, k, t], float32
    """
    return localize(query, key, masks)


def token_classes(similarity: Tensor) -> Tensor:
    """Class of every token: the largest of its similarities (paper 3.3).

    Parameters
    ----------
    similarity : Tensor [b, k, t]
        The background is the last class.

    Returns
    -------
    Tensor [b, t], int64 in 0..k - 1
    """
    return similarity.argmax(dim=1)
