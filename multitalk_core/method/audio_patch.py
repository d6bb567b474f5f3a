"""The two hooks a DiT block calls, whatever library the block comes from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .adapter import AudioAdapter
from .labels import LabelRanges, spread_ranges
from .localization import class_similarity
from .schemes import Binding, bind, needs_localization
from .wan import Grid

# block, similarity [rows, persons + 1, tokens], query labels [rows, tokens] or None
Observer = Callable[[int, Tensor, Tensor | None], None]


@dataclass(frozen=True)
class AudioRows:
    """What the rows of one forward pass hear, and where their persons are in the first frame.

    Attributes
    ----------
    tokens : Tensor [rows, latent frames, voices, audio tokens, audio width]
        An audio-free row has the zero embedding as voice 0.
    audible : sequence of bool, one a row
        False for rows without audio.
    masks : Tensor [rows or 1, persons + 1, height · width]
        Token masks of the first frame, the background last.
    """

    tokens: Tensor
    audible: Sequence[bool]
    masks: Tensor


def audio_rows(voice_tokens: Tensor, masks: Tensor, audible: Sequence[bool]) -> AudioRows:
    """The same conversation in every row that is audible, none in the others.

    Parameters
    ----------
    voice_tokens : Tensor [speakers + 1, latent frames, audio tokens, audio width]
        From `AudioAdapter.voice_tokens`.
    masks : Tensor [persons + 1, height · width]
    audible : sequence of bool, one a row
    """
    voices = voice_tokens[:-1].transpose(0, 1)
    silence = torch.zeros_like(voices)
    silence[:, 0] = voice_tokens[-1]
    tokens = torch.stack([voices if row else silence for row in audible])
    return AudioRows(tokens, audible, masks[None].to(tokens.device))


class AudioPatch:
    """Binds voices to persons and adds what they hear to the DiT's hidden states.

    Parameters
    ----------
    adapter : AudioAdapter
    scheme : str
        One of SCHEMES.
    ranges : LabelRanges, optional
        The paper's, spread for more than two voices, where not given. One voice has no labels.
    scale : float
        Factor of the audio layers' output.
    observer : Observer, optional
        Called with what was located, block by block.
    """

    def __init__(
        self,
        adapter: AudioAdapter,
        scheme: str = "l-rope",
        ranges: LabelRanges | None = None,
        scale: float = 1.0,
        observer: Observer | None = None,
    ):
        self.adapter = adapter
        self.scheme = scheme
        self.ranges = ranges
        self.scale = scale
        self.blocks = frozenset(adapter.shape.blocks)
        self.observer = observer

    @torch.no_grad()
    def after_self_attention(
        self, block: int, query: Tensor, key: Tensor, rows: AudioRows, grid: Grid
    ) -> Binding | None:
        """Locate the persons by the block's own self-attention and bind their tokens to the voices.

        Parameters
        ----------
        block : int
        query, key : Tensor [rows, tokens, heads, channels]
            After norms and 3-D RoPE.
        rows : AudioRows
        grid : Grid

        Returns
        -------
        Binding for `after_text_attention`, or None for a block without audio.
        """
        if block not in self.blocks:
            return None
        voices = rows.tokens.shape[2]
        similarity = None
        if needs_localization(self.scheme, voices):
            similarity = class_similarity(query, key, rows.masks)
        ranges = self.ranges if self.ranges is not None and voices > 1 else spread_ranges(voices)
        binding = bind(self.scheme, ranges, rows.audible, grid, similarity, query.device)
        if self.observer is not None and similarity is not None:
            self.observer(block, similarity, binding.query_labels)
        return binding

    def after_text_attention(
        self, block: int, hidden: Tensor, rows: AudioRows, grid: Grid, binding: Binding
    ) -> Tensor:
        """What the block's audio layer adds to its hidden states (paper 3.2).

        Parameters
        ----------
        hidden : Tensor [rows, tokens, width]
            After the text cross-attention was added.

        Returns
        -------
        Tensor of the same shape and dtype
        """
        layer = self.adapter.blocks[str(block)]
        heard = layer(hidden.to(rows.tokens.dtype), rows.tokens, grid, binding)
        return (self.scale * heard).to(hidden.dtype)
