"""The audio cross-attention layer (paper 3.2), its queries and keys rotated by labels (3.3, Eq. 4).

Axes: b rows, f latent frames, n video tokens of a latent frame, v voices, a audio tokens of a voice and
latent frame, h heads, c channels of a head. f·n is one axis: all video tokens, frame by frame.
"""

from typing import Any

from torch import Tensor, nn

from ..kernels import frame_attention
from ..kernels.frame_attention import Attention, torch_attention
from .binding import Binding
from .wan import Grid


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
        return self.attend(self.q_linear(hidden), audio, binding=binding)

    def attend(self, query: Tensor, audio: Tensor, *, binding: Binding) -> Tensor:
        """The same from the video tokens' queries, [b, f·n, width], so that the tokens themselves can go."""
        query = query.unflatten(-1, (self.heads, -1))  # b f·n h c
        key, value = self.kv_linear(audio).unflatten(-1, (2, self.heads, -1)).unbind(-3)  # b f v a h c
        attended = frame_attention(
            query,
            key,
            value,
            query_labels=None if binding.labels is None else binding.labels.tokens,
            key_labels=None if binding.labels is None else binding.labels.voices,
            may_attend=binding.may_attend,
            summed=binding.summed,
            attend=self.attention,
        )
        del query, key, value  # as large as the result that comes now
        result: Tensor = self.proj(attended.flatten(2))  # b f·n width
        if binding.may_attend is not None and binding.may_attend.shape[1] > 1:
            # The projection's bias, too, is for tokens with a voice alone; a whole row always has one.
            result *= binding.may_attend.any(dim=-1, keepdim=True)
        return result
