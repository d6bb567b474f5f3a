"""Section 3.3 at work: the two hooks that a DiT block calls, whatever library the block comes from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .adapter import AudioAdapter
from .binding import AudioFreeRows, Binding
from .labels import LabelRanges, RangeTensors, spread_ranges
from .localization import class_similarity
from .schemes import find_scheme
from .shard import TokenShard
from .wan import Grid

# block, similarity [1, persons + 1, tokens], labels of the tokens [1, tokens] or None
Observer = Callable[[int, Tensor, Tensor | None], None]


@dataclass(frozen=True, kw_only=True)
class BindingOptions:
    """How voices are bound to persons, and how strongly they act.

    Attributes
    ----------
    scheme : str
        A name in SCHEMES.
    ranges : LabelRanges or None
        For as many persons as voices; None is the paper's, spread for more than two.
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
        find_scheme(self.scheme)


@dataclass(frozen=True, kw_only=True)
class ClipAudio:
    """What conditions one clip on its voices.

    Attributes
    ----------
    windows : Tensor [voices, 4n + 1, window, layers, channels]
        Audio features around every video frame.
    masks : Tensor [persons + 1, tokens of a frame]
        Token masks of the first frame, the background last.
    grid : Grid
    """

    windows: Tensor
    masks: Tensor
    grid: Grid


@dataclass(frozen=True, kw_only=True)
class AudioRows:
    """The voices that the rows of one forward pass are conditioned on, and their persons in the first frame.

    Attributes
    ----------
    tokens : Tensor [rows, latent frames, voices, audio tokens, audio width]
        A row without audio has the zero embedding as voice 0.
    masks : Tensor [rows or 1, persons + 1, tokens of a frame]
        Token masks of the first frame, the background last.
    ranges : RangeTensors
        Labels of persons and voices.
    audio_free : AudioFreeRows or None
        None where all rows have audio.
    observed : int or None
        The row that an observer is shown.
    silent : bool
        No row has audio: nobody is located, and the zero embedding is the only voice.
    """

    tokens: Tensor
    masks: Tensor
    ranges: RangeTensors
    audio_free: AudioFreeRows | None = None
    observed: int | None = 0
    silent: bool = False


def audio_rows(
    voice_tokens: Tensor,
    masks: Tensor,
    audible: Sequence[bool],
    *,
    ranges: LabelRanges | None = None,
    observed: int | None = 0,
) -> AudioRows:
    """The same voices in every row that is audible, none in the others.

    Parameters
    ----------
    voice_tokens : Tensor [voices + 1, latent frames, audio tokens, audio width]
        From `AudioAdapter.voice_tokens`.
    masks : Tensor [persons + 1, tokens of a frame]
    audible : sequence of bool, one a row
    ranges : LabelRanges or None
        Of `BindingOptions`; None is the paper's, spread for more than two.
    observed : int or None
        The row that an observer is shown.
    """
    device = voice_tokens.device
    voices = voice_tokens[:-1].transpose(0, 1)
    silence = voice_tokens[-1:].transpose(0, 1)
    count = voices.shape[1]
    silent = not any(audible)
    if not silent:
        silence = F.pad(silence, (0, 0, 0, 0, 0, count - 1))
    mixed = not silent and not all(audible)
    return AudioRows(
        tokens=torch.stack([voices if row else silence for row in audible]),
        masks=masks[None].to(device),
        ranges=(ranges or spread_ranges(count)).on(device),
        audio_free=AudioFreeRows.of(torch.tensor(audible).to(device), count) if mixed else None,
        observed=observed,
        silent=silent,
    )


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
        self.observer = observer

    def block(self, block: int) -> "BlockPatch | None":
        """The hooks of a DiT block, or None for one without an audio layer.

        The patch keeps none: a circle would keep the adapter in memory after its last user.
        """
        return BlockPatch(self, block) if block in self.adapter.shape.blocks else None


class BlockPatch:
    """The two hooks that a DiT block calls.

    Parameters
    ----------
    patch : AudioPatch
    block : int
    """

    def __init__(self, patch: AudioPatch, block: int):
        self.patch = patch
        self.block = block
        self.layer = patch.adapter.blocks[str(block)]

    @torch.no_grad()
    def after_self_attention(
        self, query: Tensor, key: Tensor, *, rows: AudioRows, grid: Grid, shard: TokenShard | None = None
    ) -> Binding:
        """Locate the persons by the block's self-attention and bind their tokens to the voices (paper 3.3).

        Parameters
        ----------
        query, key : Tensor [rows, tokens, heads, channels]
            After norms and 3-D RoPE.
        rows : AudioRows
        grid : Grid
        shard : TokenShard, optional
            Which of the tokens these are, where several processes share them.

        Returns
        -------
        Binding for `after_text_attention`

        Raises
        ------
        MultiTalkError
            For another number of tokens than the grid or the shard has.
        """
        shard = shard or TokenShard.whole(grid)
        shard.check(query.shape[1])
        if rows.silent:
            return Binding()
        voices = rows.tokens.shape[2]
        scheme = find_scheme(self.patch.options.scheme)
        similarity = None
        if scheme.needs_localization(voices):
            similarity = shard.all_tokens(class_similarity(query, shard.reference_keys(key), rows.masks))
            binding = scheme.bind_located(similarity, rows.ranges)
        else:
            binding = scheme.bind(rows=len(query), voices=voices, grid=grid, device=query.device)
        if rows.audio_free is not None:
            binding = binding.with_audio_free_rows(rows.audio_free)
        if similarity is not None and self.patch.observer is not None and rows.observed is not None:
            row = slice(rows.observed, rows.observed + 1)
            labels = None if binding.labels is None else binding.labels.tokens[row]
            self.patch.observer(self.block, similarity[row], labels)
        return binding

    def after_text_attention(
        self,
        hidden: Tensor,
        *,
        rows: AudioRows,
        grid: Grid,
        binding: Binding,
        shard: TokenShard | None = None,
    ) -> Tensor:
        """What the block's audio layer adds to its hidden states (paper 3.2).

        Parameters
        ----------
        hidden : Tensor [rows, tokens, width]
            After the text cross-attention was added.
        rows : AudioRows
        grid : Grid
        binding : Binding
            From `after_self_attention`; of all tokens.
        shard : TokenShard, optional
            The same as there.

        Returns
        -------
        Tensor of the same shape and dtype
        """
        count = hidden.shape[1]
        tokens, before = rows.tokens, 0
        if shard is not None:
            before, after = shard.padding
            hidden = F.pad(hidden, (0, 0, before, after))
            # Otherwise torch rounds each product before it adds the bias.
            tokens = tokens[:, shard.frames].contiguous()
            grid, binding = shard.own_grid, shard.own_binding(binding)
        added: Tensor = self.layer(hidden.to(tokens.dtype), tokens, grid, binding=binding)
        if self.patch.options.strength != 1:
            added *= self.patch.options.strength
        return added[:, before : before + count].to(hidden.dtype)
