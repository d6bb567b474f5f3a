"""What the peers compute at the two hooks, restated in torch so that it can be counted.

The arithmetic and its order are theirs: ComfyUI's MultiTalk node, and the reference implementation.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BASE = 10000.0
QUERY_PARTS = 8  # ComfyUI's node takes an eighth of the tokens at a time


@dataclass(frozen=True)
class PeerLayer:
    """The linear layers of one audio layer, and the heads that they are for."""

    norm: nn.Module
    query: nn.Module
    key_value: nn.Module
    projection: nn.Module
    heads: int


def similarity_by_comfyui(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Axes 1 t h c, 1 t h c and, on the host, k r to k t: product and softmax again for every class."""
    masks = masks.to(query.device)
    tokens, heads, channels = query.shape[1:]
    total = torch.zeros(len(masks), tokens).to(query)
    for first in (0, heads // 2):
        half = slice(first, first + heads // 2)
        queries = query[:, :, half].transpose(1, 2) * (1 / channels**0.5)
        keys = key[:, : masks.shape[1], half].permute(0, 2, 3, 1)
        maps = [_class_map(queries, keys, mask) for mask in masks]
        total += torch.cat(maps)
    return total / 2


def _class_map(queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
    found = queries.new_zeros(queries.shape[:3])
    part = queries.shape[2] // QUERY_PARTS
    for start in range(0, queries.shape[2], part):
        tokens = slice(start, start + part)
        scores = queries[:, :, tokens] @ keys
        scores = (scores - scores.max(dim=-1, keepdim=True).values).exp()
        scores = scores / (scores.sum(dim=-1, keepdim=True) + 1e-8)
        found[:, :, tokens] = (scores * mask).sum(-1) / (mask.sum() + 1e-8)
    return found.mean(dim=1)


def similarity_as_released(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """The same by one softmax over the whole matrix of a half of the heads."""
    masks = masks.to(query.device).to(query.dtype)
    tokens, heads, channels = query.shape[1:]
    total = torch.zeros(len(masks), tokens).to(query)
    for first in (0, heads // 2):
        half = slice(first, first + heads // 2)
        queries = (query[:, :, half] * (1 / channels**0.5)).transpose(1, 2)
        keys = key[:, : masks.shape[1], half].transpose(1, 2)
        attention = (queries @ keys.transpose(-2, -1)).softmax(-1)
        maps = [((attention * mask).sum(-1) / mask.sum()).permute(0, 2, 1).mean(-1) for mask in masks]
        total += torch.cat(maps)
    return total / 2


def labels_of_two(similarity: Tensor) -> Tensor:
    """Axes k t to t: labels of the first two persons and of the background."""
    highest, lowest = similarity.max(1).values, similarity.min(1).values
    scaled = []
    for person, (low, high) in enumerate(((0, 4), (20, 24))):
        stretched = (similarity[person] - lowest[person]) / (highest[person] - lowest[person] + 1e-8)
        scaled.append(stretched * (high - low) + low)
    scaled.append(torch.full_like(scaled[0], 12))
    classes = similarity.argmax(dim=0).clamp(max=2)
    return torch.stack(scaled, dim=1).gather(1, classes[:, None])[:, 0]


def turned(vectors: Tensor, labels: Tensor) -> Tensor:
    """Axes b h t c and t: the whole tensor in float32, and its pairs swapped in a copy."""
    speeds = (1 / BASE ** (torch.arange(0, vectors.shape[-1], 2).float() / vectors.shape[-1])).to(
        labels.device
    )
    angles = (labels.float()[:, None] * speeds).repeat_interleave(2, dim=-1)
    cosine, sine = angles.cos(), angles.sin()
    exact = vectors.float()
    first, second = exact.unflatten(-1, (-1, 2)).unbind(-1)
    swapped = torch.stack((-second, first), dim=-1).flatten(-2)
    return (exact * cosine + swapped * sine).type_as(vectors)


def audio_layer(
    layer: PeerLayer, hidden: Tensor, audio: Tensor, *, similarity: Tensor | None, scaled: bool
) -> Tensor:
    """Axes 1 f·n width and f v·a width: both peers' audio layer with what it is added to.

    ComfyUI's node multiplies by its audio scale first (`scaled`); the reference implementation has none.
    """
    frames, heads = len(audio), layer.heads
    query = layer.query(layer.norm(hidden)).unflatten(-1, (heads, -1)).transpose(1, 2)  # 1 h f·n c
    key, value = layer.key_value(audio).unflatten(-1, (2, heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
    if similarity is not None:
        query = turned(query, labels_of_two(similarity))
        voices = torch.zeros(audio.shape[1], dtype=key.dtype, device=key.device)
        voices[: len(voices) // 2] = 2
        voices[len(voices) // 2 :] = 22
        keys = key.transpose(0, 1).flatten(1, 2)[None]  # 1 h f·v·a c
        keys = turned(keys, voices.repeat(frames))
        key = keys[0].unflatten(1, (frames, -1)).transpose(0, 1)
    query = query[0].unflatten(1, (frames, -1)).transpose(0, 1)  # f h n c
    attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2)
    added = layer.projection(attended.flatten(2)).flatten(0, 1)[None]
    return hidden + added * 1.0 if scaled else hidden + added
