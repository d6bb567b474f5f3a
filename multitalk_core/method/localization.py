"""Where each person is: similarity of every video token to the persons in the first frame (paper 3.3).

Axes: b rows, t video tokens, r tokens of the first latent frame, k classes (persons, then the background),
h heads, c channels of a head.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# Heads go through attention in groups, so that float32 copies and results stay small beside the layer's own.
HEADS_AT_ONCE = 8


def class_similarity(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Mean attention of every token to each class's tokens in the first frame (paper 3.3).

    softmax(q·k / sqrt(c)) times the mask columns, each divided by its mask's size, is exactly an attention
    whose values are the normalised masks: one fused call, and no t × r matrix in memory. Always float32
    and always torch's own attention: quantised attention moves labels.

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
    rows, tokens, heads, channels = query.shape
    classes, reference_tokens = masks.shape[-2:]
    values = masks.float() / masks.float().sum(dim=-1, keepdim=True).clamp(min=1)
    # Fused kernels want values as wide as the keys; the columns beyond the classes are not read.
    values = F.pad(values.transpose(1, 2), (0, max(0, channels - classes)))
    values = values[:, None].expand(rows, -1, -1, -1)
    similarity = query.new_zeros(rows, tokens, classes, dtype=torch.float32)
    for start in range(0, heads, HEADS_AT_ONCE):
        group = slice(start, start + HEADS_AT_ONCE)
        group_query = query[:, :, group].transpose(1, 2).float()
        group_key = key[:, :reference_tokens, group].transpose(1, 2).float()
        group_values = values.expand(-1, group_query.shape[1], -1, -1)
        attended = F.scaled_dot_product_attention(group_query, group_key, group_values)
        similarity = similarity + attended[..., :classes].sum(dim=1)
    return (similarity / heads).transpose(1, 2)
