"""The project's own voices in a plain block, through the two hooks that every host calls."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from multitalk_core.kernels.way import LIMITED_TO, VARIABLE, Way
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.audio_patch import AudioPatch, AudioRows, BindingOptions, BlockPatch
from multitalk_core.method.binding import Binding
from multitalk_core.method.schemes import AUTOMATIC, resolved_scheme
from multitalk_core.method.wan import Grid

from .model_size import ModelSize

WORDS = {way: word for word, way in LIMITED_TO.items()}


class BoundVoices:
    """One block's hooks with the rows of one pass.

    Parameters
    ----------
    block : BlockPatch
    rows : AudioRows
    grid : Grid
    """

    def __init__(self, block: BlockPatch, rows: AudioRows, grid: Grid):
        self.block = block
        self.rows = rows
        self.grid = grid

    def locate(self, query: Tensor, key: Tensor) -> Binding:
        """The first hook."""
        return self.block.after_self_attention(query, key, rows=self.rows, grid=self.grid)

    def added(self, hidden: Tensor, located: Binding) -> Tensor:
        """The second hook: what the voices add."""
        return self.block.after_text_attention(hidden, rows=self.rows, grid=self.grid, binding=located)

    def add(self, hidden: Tensor, located: Binding) -> Tensor:
        """The second hook, and the residual."""
        return hidden + self.added(hidden, located)


def random_adapter(size: ModelSize, blocks: int, **tensor_options: Any) -> AudioAdapter:
    """An adapter with random weights for the first so many blocks."""
    return AudioAdapter(size.adapter_shape(blocks), size.heads, **tensor_options).requires_grad_(False)


def bound_voices(
    adapter: AudioAdapter, rows: AudioRows, size: ModelSize, *, scheme: str = AUTOMATIC
) -> list[BoundVoices]:
    """Voices for every block; blocks beyond the adapter's take its layers in turn."""
    named = resolved_scheme(scheme, voices=rows.tokens.shape[2], among_bystanders=False)
    patch = AudioPatch(adapter, BindingOptions(scheme=named))
    layers = len(adapter.shape.blocks)
    hooks = (patch.block(index % layers) for index in range(size.blocks))
    return [BoundVoices(hook, rows, size.grid) for hook in hooks if hook is not None]


@contextmanager
def limited_to(way: Way) -> Iterator[None]:
    """Let the kernels be computed in one way, or a slower one where it does not fit."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = WORDS[way]
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def ways_here(device: torch.device) -> list[Way]:
    """The ways that a run on this device can take, the fastest first."""
    return [Way.TRITON, Way.SDPA, Way.TWIN] if device.type == "cuda" else [Way.TWIN]
