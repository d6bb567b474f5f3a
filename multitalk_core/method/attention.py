"""The audio cross-attention layer (paper 3.2, 3.3)."""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from .labels import rotate
from .schemes import Binding
from .wan import Grid

# query, key, value [batch, heads, tokens, channels], mask [batch, 1, queries or 1, keys] or None -> as query
Attention = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


def torch_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Torch's own attention, scale 1/sqrt(channels)."""
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

    def forward(self, hidden: Tensor, audio: Tensor, grid: Grid, binding: Binding) -> Tensor:
        """What each video token hears.

        Parameters
        ----------
        hidden : Tensor [rows, tokens, width]
            Normalised video tokens, as many as the grid has.
        audio : Tensor [rows, latent frames, voices, audio tokens, audio width]
        grid : Grid
        binding : Binding

        Returns
        -------
        Tensor [rows, tokens, width]
        """
        query = self.q_linear(hidden).unflatten(-1, (self.heads, -1))
        key, value = self.kv_linear(audio).unflatten(-1, (2, self.heads, -1)).unbind(-3)
        if binding.query_labels is not None:
            query = rotate(query, binding.query_labels[:, :, None])
            key = rotate(key, binding.key_labels[:, None, :, None, None])
        query = query.unflatten(1, (grid.frames, -1)).flatten(0, 1).transpose(1, 2)
        if binding.summed:
            attended = self._one_by_one(query, key, value, grid, binding.heard)
        else:
            attended = self._together(query, key, value, grid, binding.heard)
        attended = attended.transpose(1, 2).flatten(2).unflatten(0, (-1, grid.frames)).flatten(1, 2)
        result = self.proj(attended)
        if binding.heard is not None:
            result = result * binding.heard.any(dim=-1, keepdim=True)
        return result

    def _together(
        self, query: Tensor, key: Tensor, value: Tensor, grid: Grid, heard: Tensor | None
    ) -> Tensor:
        """One attention over the tokens of all voices."""
        mask = None
        if heard is not None:
            # A token that hears nothing keeps all keys here, and its result is dropped after the projection.
            mask = heard | ~heard.any(dim=-1, keepdim=True)
            mask = mask.repeat_interleave(key.shape[3], dim=-1)
            mask = mask.unflatten(1, (grid.frames, -1)) if mask.shape[1] > 1 else mask[:, None]
            mask = mask.expand(-1, grid.frames, -1, -1).flatten(0, 1)[:, None]
        return self.attention(query, _keys(key.flatten(2, 3)), _keys(value.flatten(2, 3)), mask)

    def _one_by_one(
        self, query: Tensor, key: Tensor, value: Tensor, grid: Grid, heard: Tensor | None
    ) -> Tensor:
        """One attention a voice, the results added; a voice that a row does not hear adds nothing."""
        total = 0
        for voice in range(key.shape[2]):
            attended = self.attention(query, _keys(key[:, :, voice]), _keys(value[:, :, voice]), None)
            if heard is not None:
                attended = attended * heard[:, 0, voice].repeat_interleave(grid.frames)[:, None, None, None]
            total = total + attended
        return total


def _keys(tokens: Tensor) -> Tensor:
    """[rows, frames, tokens, heads, channels] -> [rows · frames, heads, tokens, channels]"""
    return tokens.flatten(0, 1).transpose(1, 2)
