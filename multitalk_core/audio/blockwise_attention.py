"""wav2vec2's self-attention for voices of any length, in blocks of queries; it can stop between blocks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..guards.interruption import uninterrupted

NAME = "multitalk_blocks"  # in transformers' registry
SCORES_AT_ONCE = 2**25  # per head: a voice of up to four minutes is one block

_check_interrupted: ContextVar[Callable[[], None]] = ContextVar("check_interrupted", default=uninterrupted)


@contextmanager
def interruptible(check_interrupted: Callable[[], None]) -> Iterator[None]:
    """Call a function between blocks of attention inside the context; it raises to stop."""
    before = _check_interrupted.set(check_interrupted)
    try:
        yield
    finally:
        _check_interrupted.reset(before)


def register() -> str:
    """Register the attention with transformers and return its name."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend_in_blocks)
    return NAME


def attend_in_blocks(  # noqa: PLR0917 - transformers calls it so
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Scaled dot-product attention as transformers calls it.

    Parameters
    ----------
    module : nn.Module
        The layer; unused.
    query, key, value : Tensor [rows, heads, frames, channels]
    attention_mask : None
        Voices have none.
    scaling : float, optional
    options
        Other arguments from transformers; unused.

    Returns
    -------
    Tensor [rows, frames, heads, channels], and no weights
    """
    frames = key.shape[2]
    blocks = []
    for part in query.split(max(1, SCORES_AT_ONCE // frames), dim=2):
        _check_interrupted.get()()
        blocks.append(functional.scaled_dot_product_attention(part, key, value, scale=scaling))
    return torch.cat(blocks, dim=2).transpose(1, 2), None
