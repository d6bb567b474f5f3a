"""How others compute the two hooks, restated: the code released with MultiTalk, and ComfyUI's own node.

Arithmetic and order are theirs, so that it can be counted and timed. Both hold a tokens × reference matrix in
the model's precision; ComfyUI's computes it again for every class, in eighths of the tokens. Both average
over two halves of the heads, rotate all heads in float32, and know at most two persons where they rotate.

Axes, of one row: t video tokens, r tokens of the first latent frame, k classes, f latent frames, n video
tokens and a audio tokens of a latent frame, h heads, c channels.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from multitalk_core.kernels.rotation import BASE
from multitalk_core.method.adapter import AudioLayer
from multitalk_core.method.audio_patch import AudioRows

HALVES, PARTS = 2, 8  # of the heads, of the tokens
MOST_PERSONS = 2

Similarity = Callable[[Tensor, Tensor, Tensor], Tensor]


def similarity_as_released(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Axes 1 t h c, 1 t h c and k r to k t: one softmax over the whole matrix for all classes."""
    masks = masks.to(query.device).to(query.dtype)
    total = torch.zeros(len(masks), query.shape[1]).to(query)
    for queries, keys in _halves(query, key, masks.shape[1]):
        probabilities = (queries @ keys).softmax(-1)
        total += torch.cat([((probabilities * mask).sum(-1) / mask.sum()).mean(dim=1) for mask in masks])
    return total / HALVES


def similarity_by_comfyui(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Axes 1 t h c, 1 t h c and k r to k t: product and softmax again for every class, in parts."""
    masks = masks.bool().to(query.device)
    total = torch.zeros(len(masks), query.shape[1]).to(query)
    for queries, keys in _halves(query, key, masks.shape[1]):
        total += torch.cat([_class_map(queries, keys, mask) for mask in masks])
    return total / HALVES


def _halves(query: Tensor, key: Tensor, reference: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Scaled queries 1 h t c and keys 1 h c r, one half of the heads after the other."""
    heads, channels = query.shape[2:]
    for first in (0, heads // 2):
        half = slice(first, first + heads // 2)
        queries = query[:, :, half].transpose(1, 2) * (1 / channels**0.5)
        yield queries, key[:, :reference, half].permute(0, 2, 3, 1)


def _class_map(queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
    """Axes 1 h t c, 1 h c r and r to 1 t."""
    found = queries.new_zeros(queries.shape[:3])
    part = max(1, queries.shape[2] // PARTS)
    for start in range(0, queries.shape[2], part):
        tokens = slice(start, start + part)
        scores = queries[:, :, tokens] @ keys
        scores = (scores - scores.max(dim=-1, keepdim=True).values).exp()
        scores = scores / (scores.sum(dim=-1, keepdim=True) + 1e-8)
        found[:, :, tokens] = (scores * mask).sum(-1) / (mask.sum() + 1e-8)
    return found.mean(dim=1)


@dataclass(frozen=True)
class Peer:
    """What differs between the two.

    Attributes
    ----------
    similarity : callable
    scaled : bool
        Whether the audio layer's result is multiplied by a strength, of 1.
    """

    similarity: Similarity
    scaled: bool


PEERS = {
    "released": Peer(similarity_as_released, scaled=False),
    "comfyui": Peer(similarity_by_comfyui, scaled=True),
}


def peer_labels(similarity: Tensor) -> Tensor:
    """Axes k t to t: labels of the first two persons and of the background, in the model's precision."""
    highest, lowest = similarity.max(1).values, similarity.min(1).values
    scaled = []
    for person, (low, high) in enumerate(((0, 4), (20, 24))):
        stretched = (similarity[person] - lowest[person]) / (highest[person] - lowest[person] + 1e-8)
        scaled.append(stretched * (high - low) + low)
    scaled.append(torch.full_like(scaled[0], 12))
    classes = similarity.argmax(dim=0).clamp(max=MOST_PERSONS)
    return torch.stack(scaled, dim=1).gather(1, classes[:, None])[:, 0]


def peer_rotation(vectors: Tensor, labels: Tensor) -> Tensor:
    """Axes 1 h t c and t: the whole tensor in float32, and its pairs swapped in a copy."""
    channels = vectors.shape[-1]
    speeds = (1 / BASE ** (torch.arange(0, channels, 2).float() / channels)).to(labels.device)
    angles = (labels.float()[:, None] * speeds).repeat_interleave(2, dim=-1)
    exact = vectors.float()
    first, second = exact.unflatten(-1, (-1, 2)).unbind(-1)
    swapped = torch.stack((-second, first), dim=-1).flatten(-2)
    return (exact * angles.cos() + swapped * angles.sin()).type_as(vectors)


def peer_attention(
    query: Tensor, key: Tensor, value: Tensor, *, labels: tuple[Tensor, Tensor] | None
) -> Tensor:
    """Rotation by the labels of the video tokens, t, and the audio tokens, a; then torch's attention.

    Axes 1 h t c, f h a c and f h a c to f h n c.
    """
    frames = len(key)
    if labels is not None:
        query = peer_rotation(query, labels[0])
        keys = peer_rotation(key.transpose(0, 1).flatten(1, 2)[None], labels[1].repeat(frames))
        key = keys[0].unflatten(1, (frames, -1)).transpose(0, 1)
    query = query[0].unflatten(1, (frames, -1)).transpose(0, 1)
    return F.scaled_dot_product_attention(query, key, value)


class PeerVoices:
    """One block's voices as a peer computes them, with this adapter's layer.

    Parameters
    ----------
    layer : AudioLayer
    rows : AudioRows
        One row. Masks that lie on the host are copied in every block, as the peers' are.
    peer : Peer
    """

    def __init__(self, layer: AudioLayer, rows: AudioRows, peer: Peer):
        self.norm = layer.norm_x
        self.layer = layer.audio_cross_attn
        self.tokens = rows.tokens.squeeze(0).flatten(1, 2)  # f a width, a of all voices
        self.voices = rows.tokens.shape[2]
        self.masks = rows.masks.squeeze(0)
        self.peer = peer

    def locate(self, query: Tensor, key: Tensor) -> Tensor | None:
        """Axes 1 t h c to the similarity k t; one person is not located."""
        return None if self.voices == 1 else self.peer.similarity(query, key, self.masks)

    def add(self, hidden: Tensor, located: Tensor | None) -> Tensor:
        """Hidden states [1, t, width] with the voices."""
        heads = self.layer.heads
        query = self.layer.q_linear(self.norm(hidden)).unflatten(-1, (heads, -1)).transpose(1, 2)
        keys = self.layer.kv_linear(self.tokens).unflatten(-1, (2, heads, -1)).permute(2, 0, 3, 1, 4)
        key, value = keys.unbind(0)
        labels = None if located is None else (peer_labels(located), _voice_labels(key))
        attended = peer_attention(query, key, value, labels=labels).transpose(1, 2)
        added = self.layer.proj(attended.flatten(2)).flatten(0, 1)[None]
        return hidden + added * 1.0 if self.peer.scaled else hidden + added


def _voice_labels(key: Tensor) -> Tensor:
    """Of the audio tokens of two voices, the axis a of f h a c."""
    labels = torch.zeros(key.shape[2], dtype=key.dtype, device=key.device)
    half = len(labels) // 2
    labels[:half] = 2
    labels[half:] = 22
    return labels
