"""The two hooks a DiT block calls, whatever library the block comes from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .adapter import AudioAdapter
from .labels import LabelRanges, spread_ranges
from .localization import class_similarity
from .schemes import Binding, bind, check_scheme, needs_localization
from .wan import Grid

# block, similarity [1, persons + 1, tokens], query labels [1, tokens] or None
Observer = Callable[[int, Tensor, Tensor | None], None]


@dataclass(frozen=True, kw_only=True)
class BindingOptions:
    """How voices are bound to persons, and how strongly they act.

    Attributes
    ----------
    scheme : str
        One of SCHEMES.
    ranges : LabelRanges or None
        For as many persons as voices. None is the paper's, spread for more than two voices; one voice has
        no labels.
    strength : float
        Factor of the audio layers' output; users know it as audio_strength.

    Raises
    ------
    MultiTalkError
        For an unknown scheme.
    """

    scheme: str = "l-rope"
    ranges: LabelRanges | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        check_scheme(self.scheme)


@dataclass(frozen=True, kw_only=True)
class ClipAudio:
    """What conditions one clip on its voices.

    Attributes
    ----------
    windows : Tensor [speakers, 4n + 1, window, layers, channels]
        Audio features around every video frame.
    masks : Tensor [persons + 1, tokens of a frame]
        Token masks of the first frame, the background last.
    grid : Grid
    """

    windows: Tensor
    masks: Tensor
    grid: Grid


@dataclass(frozen=True)
class AudioRows:
    """The voices that the rows of one forward pass are conditioned on, and their persons in the first frame.

    Attributes
    ----------
    tokens : Tensor [rows, latent frames, voices, audio tokens, audio width]
        An audio-free row has the zero embedding as voice 0.
    audible : sequence of bool, one a row
        False for rows without audio.
    masks : Tensor [rows or 1, persons + 1, height · width]
        Token masks of the first frame, the background last.
    observed : int or None
        The row that an observer is shown.
    """

    tokens: Tensor
    audible: Sequence[bool]
    masks: Tensor
    observed: int | None = 0


def audio_rows(
    voice_tokens: Tensor, masks: Tensor, audible: Sequence[bool], *, observed: int | None = 0
) -> AudioRows:
    """The same conversation in every row that is audible, none in the others.

    Parameters
    ----------
    voice_tokens : Tensor [speakers + 1, latent frames, audio tokens, audio width]
        From `AudioAdapter.voice_tokens`.
    masks : Tensor [persons + 1, height · width]
    audible : sequence of bool, one a row
    observed : int or None
        The row that an observer is shown.
    """
    voices = voice_tokens[:-1].transpose(0, 1)
    silence = torch.zeros_like(voices)
    silence[:, 0] = voice_tokens[-1]
    tokens = torch.stack([voices if row else silence for row in audible])
    return AudioRows(tokens, audible, masks[None].to(tokens.device), observed)


class AudioPatch:
    """Binds voices to persons and adds the audio layers' output to the DiT's hidden states.

    Parameters
    ----------
    adapter : AudioAdapter
    options : BindingOptions, optional
        The paper's where not given.
    observer : Observer, optional
        Called with what was located, block by block.
    """

    def __init__(
        self,
        adapter: AudioAdapter,
        options: BindingOptions | None = None,
        *,
        observer: Observer | None = None,
    ):
        self.adapter = adapter
        self.options = options or BindingOptions()
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
        scheme, ranges = self.options.scheme, self.options.ranges
        similarity = None
        if needs_localization(scheme, voices):
            similarity = class_similarity(query, key, rows.masks)
        if ranges is None or voices == 1:
            ranges = spread_ranges(voices)
        binding = bind(scheme, ranges, rows.audible, grid, similarity, query.device)
        if self.observer is not None and similarity is not None and rows.observed is not None:
            row = slice(rows.observed, rows.observed + 1)
            labels = binding.query_labels
            self.observer(block, similarity[row], None if labels is None else labels[row])
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
        added = layer(hidden.to(rows.tokens.dtype), rows.tokens, grid, binding)
        return (self.options.strength * added).to(hidden.dtype)
