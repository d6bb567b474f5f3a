"""What the kernels compute, in float64 and as plainly as it can be written: every way is measured against it.

Axes as in `localize`, `frame_attention` and `token_labels`. Whole matrices lie in memory, so that inputs have
to be small; on the CPU, as some GPUs have no float64.
"""

import math

import torch
from torch import Tensor


def exact_similarity(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Mean attention to each class, by the whole matrix."""
    query, key, masks = query.double(), key.double(), masks.double()
    scores = torch.einsum("bthc,brhc->bhtr", query, key[:, : masks.shape[-1]]) / math.sqrt(query.shape[-1])
    sums = torch.einsum("bhtr,bkr->bkt", scores.softmax(-1), masks.expand(len(query), -1, -1))
    return sums / query.shape[2] / masks.sum(-1).clamp(min=1)[..., None]


def exact_labels(similarity: Tensor, bounds: Tensor, background: float) -> Tensor:
    """Labels of tokens, one person after another."""
    similarity, bounds = similarity.double(), bounds.double()
    owner = similarity.argmax(dim=1)
    labelled = torch.full_like(similarity[:, 0], background)
    for person, (lowest, highest) in enumerate(bounds):
        own = similarity[:, person]
        least, most = own.amin(dim=-1, keepdim=True), own.amax(dim=-1, keepdim=True)
        stretched = lowest + (own - least) / (most - least + 1e-8) * (highest - lowest)
        labelled = torch.where(owner == person, stretched, labelled)
    return labelled


def exact_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    query_labels: Tensor | None = None,
    key_labels: Tensor | None = None,
    may_attend: Tensor | None = None,
    summed: bool = False,
) -> Tensor:
    """Attention to the voices of a token's frame that it may attend to, by the whole matrix."""
    query = rotated_exactly(query, query_labels)
    key = rotated_keys(key, key_labels)
    rows, frames, voices = key.shape[:3]
    if may_attend is None:
        may_attend = torch.ones(rows, 1, voices, dtype=torch.bool)
    may_attend = may_attend.expand(-1, query.shape[1], -1).unflatten(1, (frames, -1))  # b f n v
    scores = torch.einsum("bfnhc,bfvahc->bfnhva", query.unflatten(1, (frames, -1)), key)
    weights = (scores / math.sqrt(query.shape[-1])).exp() * may_attend[:, :, :, None, :, None]
    sums = weights.sum(-1 if summed else (-2, -1), keepdim=True)
    weights = (weights / sums).nan_to_num()
    return torch.einsum("bfnhva,bfvahc->bfnhc", weights, value.double()).flatten(1, 2)


def rotated_exactly(vectors: Tensor, labels: Tensor | None) -> Tensor:
    """Vectors [b, t, h, c] as complex numbers, turned by their labels [b, t]."""
    pairs = torch.view_as_complex(vectors.double().unflatten(-1, (-1, 2)).contiguous())
    if labels is not None:
        channels = vectors.shape[-1]
        speeds = 10000.0 ** -(torch.arange(0, channels, 2, dtype=torch.float64) / channels)
        angles = labels.double()[:, :, None, None] * speeds
        pairs = pairs * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(pairs).flatten(-2)


def rotated_keys(key: Tensor, labels: Tensor | None) -> Tensor:
    """Keys [b, f, v, a, h, c] turned by their voices' labels [b, v]."""
    if labels is None:
        return key.double()
    frames, voices, tokens = key.shape[1:4]
    each = labels[:, None, :, None].expand(-1, frames, -1, tokens).flatten(1)
    return rotated_exactly(key.flatten(1, 3), each).unflatten(1, (frames, voices, tokens))


def relative_error(found: Tensor, exact: Tensor) -> float:
    """max|a - b| / max|b|."""
    return float((found.double() - exact).abs().max() / exact.abs().max())
