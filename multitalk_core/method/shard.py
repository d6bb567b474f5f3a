"""A clip's tokens divided among processes: which of them are here, and how to reach the others'."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from ..errors import MultiTalkError
from .binding import Binding
from .wan import Grid

# This process's part of a tensor and the dimension of its tokens, to the whole tensor, on every process
Gather = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True, kw_only=True)
class TokenShard:
    """The part of a clip's tokens that this process computes, in one piece.

    The audio layer attends frame by frame, so a shard that begins or ends within a latent frame is
    computed as the whole frames around it.

    Attributes
    ----------
    grid : Grid
        Of the whole clip.
    first, count : int
        First token of the shard, and how many it has.
    gather : Gather or None
        None where this process has all tokens.
    """

    grid: Grid
    first: int
    count: int
    gather: Gather | None

    @classmethod
    def whole(cls, grid: Grid) -> "TokenShard":
        """All tokens of a clip."""
        return cls(grid=grid, first=0, count=grid.tokens, gather=None)

    def check(self, tokens: int) -> None:
        """Refuse a model that hands over another number of tokens than the shard has.

        Raises
        ------
        MultiTalkError
        """
        if tokens != self.count:
            raise MultiTalkError(
                f"The model handed over {tokens:,} of the clip's {self.count:,} video tokens, so that voices "
                "would reach wrong persons: switch off what divides a film among GPUs or drops tokens; "
                "`generate --context-parallel` divides it rightly."
            )

    def reference_keys(self, key: Tensor) -> Tensor:
        """Keys of the first latent frame's tokens, [rows, tokens of a frame, ...], of [rows, count, ...]."""
        size = self.grid.tokens_per_frame
        if self.gather is not None:
            key = self.gather(key[:, :size].contiguous(), 1)
        return key[:, :size]

    def all_tokens(self, similarity: Tensor) -> Tensor:
        """Similarity [rows, classes, count] of this process's tokens, to that of all tokens."""
        return similarity if self.gather is None else self.gather(similarity, 2)

    @property
    def frames(self) -> slice:
        """The latent frames in which the shard lies."""
        size = self.grid.tokens_per_frame
        return slice(self.first // size, -(-(self.first + self.count) // size))

    @property
    def own_grid(self) -> Grid:
        """The grid of these frames."""
        return replace(self.grid, frames=self.frames.stop - self.frames.start)

    @property
    def padding(self) -> tuple[int, int]:
        """Tokens of other processes in these frames, before and after this process's own."""
        size = self.grid.tokens_per_frame
        return self.first - self.frames.start * size, self.frames.stop * size - self.first - self.count

    def own_binding(self, binding: Binding) -> Binding:
        """The part of a clip's binding that holds for these frames."""
        size = self.grid.tokens_per_frame
        return binding.of_tokens(slice(self.frames.start * size, self.frames.stop * size))
