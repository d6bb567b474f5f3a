"""The audio adapter (paper 3.2): the projection of Eq. 2, and one audio layer for each DiT block.

Axes: v voices, f latent frames, a audio tokens of a voice and latent frame.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..kernels.frame_attention import Attention, torch_attention
from .adapter_shape import AdapterShape
from .attention import AudioCrossAttention
from .binding import Binding
from .wan import Grid
from .windows import first_and_later_frames


class AudioProjection(nn.Module):
    """Windows of audio features to audio tokens, one set for each latent frame (paper Eq. 2)."""

    def __init__(self, shape: AdapterShape, *, layers: Any = nn, **tensor_options: Any):
        super().__init__()
        token_size = shape.context_tokens * shape.audio_width
        self.audio_width = shape.audio_width
        self.proj1 = layers.Linear(shape.first_inputs, shape.intermediate, **tensor_options)
        self.proj1_vf = layers.Linear(shape.later_inputs, shape.intermediate, **tensor_options)
        self.proj2 = layers.Linear(shape.intermediate, shape.intermediate, **tensor_options)
        self.proj3 = layers.Linear(shape.intermediate, token_size, **tensor_options)
        self.norm = layers.LayerNorm(shape.audio_width, eps=1e-5, **tensor_options)

    def forward(self, windows: Tensor) -> Tensor:
        """Audio tokens of every voice.

        Parameters
        ----------
        windows : Tensor [v, 4n + 1 video frames, window, layers, channels]

        Returns
        -------
        Tensor [v, f, a, audio width], where f is n + 1
        """
        tokens: Tensor = self.norm(self.unnormalised(windows))
        return tokens

    def unnormalised(self, windows: Tensor) -> Tensor:
        """The tokens before their layer norm, same shapes as `forward`."""
        first, later = first_and_later_frames(windows)
        projected = torch.cat(
            [self.proj1(first.flatten(2)).relu(), self.proj1_vf(later.flatten(2)).relu()], dim=1
        )
        tokens: Tensor = self.proj3(self.proj2(projected).relu())  # v f a·width
        return tokens.unflatten(-1, (-1, self.audio_width))


class AudioLayer(nn.Module):
    """Layer norm and audio cross-attention, added after a DiT block's text cross-attention (paper 3.2)."""

    def __init__(
        self, shape: AdapterShape, heads: int, *, layers: Any, attention: Attention, **tensor_options: Any
    ):
        super().__init__()
        self.norm_x = layers.LayerNorm(shape.width, eps=1e-6, **tensor_options)
        self.audio_cross_attn = AudioCrossAttention(
            shape.width, heads, shape.audio_width, layers=layers, attention=attention, **tensor_options
        )

    def forward(self, hidden: Tensor, audio: Tensor, grid: Grid, *, binding: Binding) -> Tensor:
        """What the layer adds to `hidden`; shapes as in `AudioCrossAttention.forward`."""
        attention: AudioCrossAttention = self.audio_cross_attn
        return attention.attend(attention.q_linear(self.norm_x(hidden)), audio, binding=binding)


class AudioAdapter(nn.Module):
    """Everything MultiTalk adds to Wan2.1; its state has the released key names.

    Parameters
    ----------
    shape : AdapterShape
        Read from the checkpoint by `adapter_shape`.
    heads : int
        Attention heads of the DiT.
    layers : module
        Where `Linear` and `LayerNorm` come from: torch.nn or ComfyUI's operations.
    attention : Attention
    """

    def __init__(
        self,
        shape: AdapterShape,
        heads: int,
        *,
        layers: Any = nn,
        attention: Attention = torch_attention,
        **tensor_options: Any,
    ):
        super().__init__()
        self.shape = shape
        self.heads = heads
        self.audio_proj = AudioProjection(shape, layers=layers, **tensor_options)
        self.blocks = nn.ModuleDict(
            {
                str(block): AudioLayer(shape, heads, layers=layers, attention=attention, **tensor_options)
                for block in shape.blocks
            }
        )

    def voice_tokens(self, windows: Tensor) -> Tensor:
        """Audio tokens of all voices, and of no voice: the zero embedding of one person.

        Parameters
        ----------
        windows : Tensor [v, 4n + 1, window, layers, channels]
            On the device and in the precision to compute in.

        Returns
        -------
        Tensor [v + 1, f, a, audio width]
            The last entry is for rows without audio.
        """
        tokens: Tensor = self.audio_proj(torch.cat([windows, torch.zeros_like(windows[:1])]))
        return tokens
