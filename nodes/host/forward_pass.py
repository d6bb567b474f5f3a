"""One forward pass of the DiT, and the two operators through which its blocks reach it.

torch.compile sees the operators' names alone. ComfyUI's compile node drops the guards on all that lies in the
transformer options, so whatever Python read there while a graph was traced would be frozen into it.
"""

import itertools
from typing import Any
from weakref import WeakValueDictionary

import comfy.model_management
import torch
from torch import Tensor

from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.method.audio_patch import AudioPatch, AudioRows, BlockPatch
from ...multitalk_core.method.binding import Binding
from ...multitalk_core.method.wan import Grid

AT_RUN_TIME = -1  # in place of a block's number: the options have it when the operator runs
# A CUDA graph would replay the first voices. Older versions of torch record none beside a tensor on the CPU.
NEVER_REPLAYED: dict[str, Any] = (
    {"tags": (torch.Tag.cudagraph_unsafe,)} if hasattr(torch.Tag, "cudagraph_unsafe") else {}
)


class ForwardPass:
    """One forward pass of the DiT.

    Parameters
    ----------
    patch : AudioPatch
    rows : AudioRows
    grid : Grid
        The clip's; the token sequence can be longer.
    reference_in_front : bool
        Whether tokens beyond the clip's stand in front of them.

    Attributes
    ----------
    ticket : Tensor, int64, on the CPU
        By which the operators find the pass.
    options : dict or None
        The transformer options that the blocks see.
    is_traced : bool
        Whether the DiT's forward is being traced as a whole, and with it the blocks' numbers.
    bound : Tensor or None
        What orders the two operators of a block within a graph.
    blocks_run : int
        How many blocks have been bound.
    """

    def __init__(self, patch: AudioPatch, rows: AudioRows, grid: Grid, *, reference_in_front: bool):
        number = next(_numbers)
        _passes[number] = self
        self.ticket = torch.tensor(number)
        self.options: dict[str, Any] | None = None
        self.is_traced = False
        self.bound: Tensor | None = None
        self.blocks_run = 0
        self._patch = patch
        self._rows = rows
        self._grid = grid
        self._reference_in_front = reference_in_front
        self._block: BlockPatch | None = None
        self._binding: Binding | None = None

    def block_number(self, options: dict[str, Any]) -> int:
        """Number of the block at work, unless a graph of one block alone must serve all of them."""
        if torch.compiler.is_compiling() and not self.is_traced:
            return AT_RUN_TIME
        number: int = options["block_index"]
        return number

    def bind(self, query: Tensor, key: Tensor, number: int) -> None:
        """Locate the persons in a block and bind their tokens; tensors as in `BlockPatch`."""
        # Set where blocks run one by one; a graph of the whole DiT, which sets it late, has traced numbers.
        number = (self.options or {}).get("block_index", number)
        self.blocks_run += 1
        self._block = self._patch.block(number)
        if self._block is not None:
            own = self._own_tokens(query)
            self._binding = self._block.after_self_attention(
                query[:, own], key[:, own], rows=self._rows, grid=self._grid
            )

    def add_audio(self, hidden: Tensor) -> None:
        """Add to the hidden states, in place, what the audio layer of the block at work gives."""
        if self._block is None or self._binding is None:
            return
        own = hidden[:, self._own_tokens(hidden)]
        own += self._block.after_text_attention(own, rows=self._rows, grid=self._grid, binding=self._binding)

    def end(self) -> None:
        """Drop what would keep tensors in memory: the options know this pass, and it knows them."""
        self.options = self.bound = self._block = self._binding = None

    def _own_tokens(self, sequence: Tensor) -> slice:
        """Those of the clip."""
        length = sequence.shape[1]
        if length < self._grid.tokens:
            raise area_error()
        start = self._grid.tokens_per_frame if self._reference_in_front and length > self._grid.tokens else 0
        return slice(start, start + self._grid.tokens)


_numbers = itertools.count()
_passes: WeakValueDictionary[int, ForwardPass] = WeakValueDictionary()


@torch.library.custom_op("multitalk::bind_tokens", mutates_args=(), **NEVER_REPLAYED)
def bind_tokens(query: Tensor, key: Tensor, ticket: Tensor, number: int) -> Tensor:  # noqa: PLR0917
    """Bind a block's tokens to the voices of a pass.

    Parameters
    ----------
    query, key : Tensor [rows, tokens, heads, channels]
    ticket : Tensor
        The pass's.
    number : int
        Of the block, or AT_RUN_TIME.

    Returns
    -------
    Tensor [1]
        For `add_audio`, which then comes later in every graph.
    """
    comfy.model_management.throw_exception_if_processing_interrupted()
    _passes[int(ticket)].bind(query, key, number)
    return query.new_empty(1)


@bind_tokens.register_fake
def _(query: Tensor, key: Tensor, ticket: Tensor, number: int) -> Tensor:  # noqa: PLR0917
    return query.new_empty(1)


@torch.library.custom_op("multitalk::add_audio", mutates_args=("hidden",), **NEVER_REPLAYED)
def add_audio(hidden: Tensor, bound: Tensor, ticket: Tensor) -> None:
    """Add a block's audio layer to its hidden states [rows, tokens, width], in place."""
    _passes[int(ticket)].add_audio(hidden)


@add_audio.register_fake
def _(hidden: Tensor, bound: Tensor, ticket: Tensor) -> None:
    return None


def area_error() -> MultiTalkError:
    """What is said of a model that sees only part of each frame."""
    return MultiTalkError(
        "The model sees only part of each frame, so MultiTalk cannot locate the persons: where a prompt is "
        "limited to an area, use Conditioning (Set Mask) instead; a node that divides a film among GPUs "
        "cannot be used here."
    )
