"""The audio cross-attention layer (paper 3.2), its queries and keys rotated by labels (3.3, Eq. 4).

Axes: b rows, f latent frames, n video tokens of a latent frame, v voices, a audio tokens of a voice and
latent frame, h heads, c channels of a head. f·n is one axis: all video tokens, frame by frame.
"""

from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .binding import Binding
from .labels import rotate
from .wan import Grid


class Attention(Protocol):
    """An attention function of a host, scale 1/sqrt(c)."""

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None) -> Tensor:
        """Attend.

        Parameters
        ----------
        query : Tensor [b, h, n, c]
        key, value : Tensor [b, h, keys, c]
        mask : Tensor [b, 1, n or 1, keys], bool, or None
            True where a query attends to a key.

        Returns
        -------
        Tensor [b, h, n, c]
        """
        ...


def torch_attention(query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None) -> Tensor:
    """Torch's own attention."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


class AudioCrossAttention(nn.Module):
    """Video tokens attend, latent frame by latent frame, to that frame's audio tokens.

    Parameters
    ----------
    width : int
        Channels of the video tokens.
    heads : int
    audio_width : int
        Channels of the audio tokens.
    layers : module
        Where `Linear` comes from: torch.nn or ComfyUI's operations.
    attention : Attention
    """

    def __init__(
        self,
        width: int,
        heads: int,
        audio_width: int,
        *,
        layers: Any = nn,
        attention: Attention = torch_attention,
        **tensor_options: Any,
    ):
        super().__init__()
        self.heads = heads
        self.attention = attention
        self.q_linear = layers.Linear(width, width, **tensor_options)
        self.kv_linear = layers.Linear(audio_width, 2 * width, **tensor_options)
        self.proj = layers.Linear(width, width, **tensor_options)

    def forward(self, hidden: Tensor, audio: Tensor, grid: Grid, *, binding: Binding) -> Tensor:
        """What each video token gets from the voices.

        Parameters
        ----------
        hidden : Tensor [b, f·n, width]
            Normalised video tokens, as many as the grid has.
        audio : Tensor [b, f, v, a, audio width]
        grid : Grid
        binding : Binding

        Returns
        -------
        Tensor [b, f·n, width]
        """
        query = self.q_linear(hidden).unflatten(-1, (self.heads, -1))  # b f·n h c
        key, value = self.kv_linear(audio).unflatten(-1, (2, self.heads, -1)).unbind(-3)  # b f v a h c
        if binding.labels is not None:
            query = rotate(query, binding.labels.tokens[:, :, None])
            key = rotate(key, binding.labels.voices[:, None, :, None, None])
        query = query.unflatten(1, (grid.frames, -1)).flatten(0, 1).transpose(1, 2)  # b·f h n c
        attend = self._summed if binding.summed else self._together
        attended = attend(query, key, value, may_attend=binding.may_attend)
        attended = attended.transpose(1, 2).flatten(2)  # b·f n h·c
        result: Tensor = self.proj(attended.unflatten(0, (-1, grid.frames)).flatten(1, 2))  # b f·n width
        if binding.may_attend is not None:
            result = result * binding.may_attend.any(dim=-1, keepdim=True)
        return result

    def _together(self, query: Tensor, key: Tensor, value: Tensor, *, may_attend: Tensor | None) -> Tensor:
        """One attention over the tokens of all voices."""
        frames, audio_tokens = key.shape[1], key.shape[3]
        mask = None
        if may_attend is not None:
            # A token without voices keeps all keys here, and its result is dropped after the projection.
            mask = may_attend | ~may_attend.any(dim=-1, keepdim=True)  # b f·n v, or b 1 v
            mask = mask.repeat_interleave(audio_tokens, dim=-1)  # b f·n v·a, or b 1 v·a
            mask = mask.unflatten(1, (frames, -1)) if mask.shape[1] > 1 else mask[:, None]  # b f n v·a
            mask = mask.expand(-1, frames, -1, -1).flatten(0, 1)[:, None]  # b·f 1 n v·a
        return self.attention(query, _as_keys(key.flatten(2, 3)), _as_keys(value.flatten(2, 3)), mask=mask)

    def _summed(self, query: Tensor, key: Tensor, value: Tensor, *, may_attend: Tensor | None) -> Tensor:
        """One attention for each voice, summed; a voice that a row may not attend to adds nothing."""
        frames = key.shape[1]
        total = torch.zeros_like(query)
        for voice in range(key.shape[2]):
            attended = self.attention(
                query, _as_keys(key[:, :, voice]), _as_keys(value[:, :, voice]), mask=None
            )
            if may_attend is not None:
                rows = may_attend[:, 0, voice].repeat_interleave(frames)  # b·f
                attended = attended * rows[:, None, None, None]
            total = total + attended
        return total


def _as_keys(tokens: Tensor) -> Tensor:
    """Axes b f keys h c to b·f h keys c."""
    return tokens.flatten(0, 1).transpose(1, 2)
