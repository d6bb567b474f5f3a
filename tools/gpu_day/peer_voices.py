"""How others compute the same, in own words: the code released with MultiTalk, and ComfyUI's own node.

Both hold a tokens × reference matrix in the model's precision; ComfyUI's computes it again for every class,
in eighths of the tokens. Both average over two halves of the heads, rotate all heads in float32, and know
at most two persons where they rotate.

Axes: b rows, t video tokens, r tokens of the first latent frame, k classes, h heads, c channels.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from multitalk_core.kernels.rotation import BASE
from multitalk_core.method.adapter import AudioLayer
from multitalk_core.method.audio_patch import AudioRows

HALVES, PARTS = 2, 8
MOST_PERSONS = 2

Similarity = Callable[[Tensor, Tensor, Tensor], Tensor]


def released_similarity(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Mean attention to each class, [k, t]: one matrix for all classes, whole."""
    masks = masks.to(query.dtype)
    total = query.new_zeros(len(masks), query.shape[1])
    for queries, keys in _halves(query, key, masks.shape[-1]):
        probabilities = (queries @ keys).softmax(-1)  # b h t r
        means = [(probabilities * mask).sum(-1) / mask.sum() for mask in masks]  # b h t
        total += torch.cat([mean.mean(1) for mean in means])
    return total / HALVES


def comfyui_similarity(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Mean attention to each class, [k, t]: matrix and softmax again for every class, in parts."""
    masks = masks.bool()
    total = query.new_zeros(len(masks), query.shape[1])
    for queries, keys in _halves(query, key, masks.shape[-1]):
        for index, mask in enumerate(masks):
            means = [_mean_by_hand(part, keys, mask) for part in queries.chunk(PARTS, dim=2)]
            total[index] += torch.cat(means, dim=-1).mean(1)[0]
    return total / HALVES


def _halves(query: Tensor, key: Tensor, reference: int) -> list[tuple[Tensor, Tensor]]:
    """Scaled queries b h t c and keys b h c r, one half of the heads after the other."""
    scaled = query * query.shape[-1] ** -0.5
    pairs = zip(scaled.chunk(HALVES, dim=2), key[:, :reference].chunk(HALVES, dim=2), strict=True)
    return [(queries.transpose(1, 2), keys.permute(0, 2, 3, 1)) for queries, keys in pairs]


def _mean_by_hand(queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
    scores = queries @ keys
    weights = (scores - scores.amax(-1, keepdim=True)).exp()
    weights = weights / (weights.sum(-1, keepdim=True) + 1e-8)
    return (weights * mask).sum(-1) / (mask.sum() + 1e-8)


def peer_labels(similarity: Tensor) -> Tensor:
    """Labels of the tokens of two persons, [t], in the model's precision."""
    lowest, highest = similarity.amin(-1, keepdim=True), similarity.amax(-1, keepdim=True)
    stretched = (similarity - lowest) / (highest - lowest + 1e-8) * 4
    labels = torch.stack([stretched[0], stretched[1] + 20, torch.full_like(stretched[0], 12)], dim=1)
    return labels[torch.arange(len(labels), device=labels.device), similarity.argmax(0)]


def peer_rotation(vectors: Tensor, labels: Tensor) -> Tensor:
    """Vectors [b, h, t, c] turned by their labels [t], whole and in float32."""
    channels = vectors.shape[-1]
    exponents = torch.arange(0, channels, 2, device=vectors.device).float() / channels
    angles = (labels.float()[:, None] / BASE**exponents).repeat_interleave(2, dim=-1)
    wide = vectors.float()
    even, odd = wide.unflatten(-1, (-1, 2)).unbind(-1)
    swapped = torch.stack([-odd, even], dim=-1).flatten(-2)
    return (wide * angles.cos() + swapped * angles.sin()).type_as(vectors)


class PeerVoices:
    """One block's voices as others compute them, with this adapter's layer.

    Parameters
    ----------
    layer : AudioLayer
    rows : AudioRows
        One row, of one or two voices.
    similarity : callable
        `released_similarity` or `comfyui_similarity`.
    """

    def __init__(self, layer: AudioLayer, rows: AudioRows, similarity: Similarity):
        self.norm = layer.norm_x
        self.layer = layer.audio_cross_attn
        self.tokens = rows.tokens[0].flatten(1, 2)  # latent frames, tokens of all voices, audio width
        self.voices = rows.tokens.shape[2]
        self.masks = rows.masks[0]
        self.similarity = similarity

    def locate(self, query: Tensor, key: Tensor) -> Tensor | None:
        """Similarity to each class; one person is not located."""
        return None if self.voices == 1 else self.similarity(query, key, self.masks)

    def add(self, hidden: Tensor, located: Tensor | None) -> Tensor:
        """Hidden states with the voices."""
        heads, frames = self.layer.heads, len(self.tokens)
        query = self.layer.q_linear(self.norm(hidden)).unflatten(-1, (heads, -1)).transpose(1, 2)  # b h t c
        keys = self.layer.kv_linear(self.tokens).unflatten(-1, (2, heads, -1)).permute(2, 0, 3, 1, 4)
        key, value = keys.unbind()  # frames h tokens c
        if located is not None:
            query = peer_rotation(query, peer_labels(located))
            half = key.shape[2] // 2
            of_voice = torch.full((key.shape[2],), 2.0, device=key.device)
            of_voice[half:] = 22.0
            key = peer_rotation(key, of_voice)
        query = query.unflatten(2, (frames, -1)).transpose(1, 2).flatten(0, 1)  # frames h n c
        attended = F.scaled_dot_product_attention(query, key, value)
        joined = attended.transpose(1, 2).flatten(2).flatten(0, 1)[None]  # b t width
        return hidden + self.layer.proj(joined) * 1.0


PEERS: dict[str, Similarity] = {"released": released_similarity, "comfyui": comfyui_similarity}
