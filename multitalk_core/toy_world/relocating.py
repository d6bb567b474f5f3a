"""L-RoPE with persons located otherwise than in the paper, to see what better localization would bring."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ..method.binding import Binding
from ..method.labels import RangeTensors
from ..method.schemes import SCHEMES, register
from ..method.schemes.lrope import LRope
from ..method.wan import TEMPORAL_STRIDE, TOKEN_STEP
from .locating import faces_on_tokens
from .talks import Size, Talk

CERTAIN = 0.95  # of a token whose true person is known


class Relocated(LRope):
    """L-RoPE by changed shares of the classes in every token.

    Parameters
    ----------
    size : Size
        Of the films.
    blocks : int
        Of the model.
    """

    name: ClassVar[str]

    def __init__(self, size: Size, blocks: int) -> None:
        self.size, self.blocks = size, blocks
        self.calls = 0

    def begin(self, talk: Talk) -> None:
        """Forget the film before."""
        self.calls = 0

    def bind_located(self, similarity: Tensor, ranges: RangeTensors) -> Binding:
        """As in L-RoPE, from changed similarities."""
        block, shares = self.calls % self.blocks, similarity / similarity.sum(1, keepdim=True)
        self.calls += 1
        return super().bind_located(self.changed(shares, block), ranges)

    def changed(self, shares: Tensor, block: int) -> Tensor:
        """Shares [rows, persons + 1, tokens] to be used in a block."""
        raise NotImplementedError


class OverBlocks(Relocated):
    """The mean of the blocks so far."""

    name = "smoothed over blocks"
    sum: Tensor

    def changed(self, shares: Tensor, block: int) -> Tensor:
        """The running mean of this step."""
        self.sum = shares if block == 0 else self.sum + shares
        return self.sum / (block + 1)


class OverSteps(Relocated):
    """Half of the block's own localization, half of its own in the steps before."""

    name = "smoothed over steps"
    before: list[Tensor]

    def changed(self, shares: Tensor, block: int) -> Tensor:
        """A mean that forgets half with every step."""
        if self.calls <= self.blocks:
            self.before = [shares] * self.blocks
        self.before[block] = (self.before[block] + shares) / 2 if self.calls > self.blocks else shares
        return self.before[block]


class LastBlock(Relocated):
    """The last block's localization, the best one, smoothed over the steps before."""

    name = "last block's, smoothed over steps"
    before: Tensor

    def changed(self, shares: Tensor, block: int) -> Tensor:
        """The steps' before this one; the first step has its own."""
        known = self.calls > self.blocks
        used = self.before if known else shares
        if block == self.blocks - 1:
            self.before = (self.before + shares) / 2 if known else shares
        return used


class OverNeighbours(Relocated):
    """The mean of the 27 tokens around in space and time."""

    name = "smoothed over neighbours"

    def changed(self, shares: Tensor, block: int) -> Tensor:
        """Means of 3 × 3 × 3 tokens."""
        size = self.size
        grid = 1 + (size.frames - 1) // TEMPORAL_STRIDE, size.height // TOKEN_STEP, size.width // TOKEN_STEP
        around = F.pad(shares.unflatten(2, grid), (1,) * 6, mode="replicate")
        return F.avg_pool3d(around, 3, 1).flatten(2)


class TruePlaces(Relocated):
    """Every face where it really is: no localization can be better."""

    name = "true places"

    def begin(self, talk: Talk) -> None:
        """Look up where the faces of a talk are."""
        super().begin(talk)
        size = self.size
        self.truth = faces_on_tokens(talk.scene, size.frames, height=size.height, width=size.width)

    def changed(self, shares: Tensor, block: int) -> Tensor:
        """Certainty on faces; the similarities elsewhere."""
        classes = shares.shape[1]
        certain = F.one_hot(self.truth.clamp(min=0), classes).T * CERTAIN + (1 - CERTAIN) / classes
        return torch.where(self.truth >= 0, certain.to(shares), shares)


LOCALIZATIONS = (OverBlocks, OverSteps, LastBlock, OverNeighbours, TruePlaces)


@contextmanager
def relocated(name: str, size: Size, blocks: int) -> Iterator[Relocated]:
    """One of LOCALIZATIONS as a scheme that `BindingOptions` knows by its name, for a while."""
    (kind,) = (kind for kind in LOCALIZATIONS if kind.name == name)
    scheme = kind(size, blocks)
    register(scheme)
    try:
        yield scheme
    finally:
        del SCHEMES[name]
