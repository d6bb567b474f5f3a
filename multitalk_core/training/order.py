"""The clips and noise of each update, from seed and step alone, on any number of processes."""

from collections.abc import Sequence

import numpy as np
import torch

from .recipe import Recipe
from .shards import ClipsOfOneKind, ShardedClips, TrainingClip, stack_clips
from .training_model import Draws


class ClipOrder:
    """The endless order of clips.

    All clips of an update are of one kind, drawn in proportion to its number of clips. Every clip of a kind
    is used once before any is used again.

    Parameters
    ----------
    clips : ShardedClips
        Clips with voices.
    recipe : Recipe
    i2v_clips : ShardedClips, optional
        Clips without voices, used in the share `recipe.without_audio` of the updates.
    """

    def __init__(self, clips: ShardedClips, recipe: Recipe, i2v_clips: ShardedClips | None = None):
        self.recipe = recipe
        self.kinds: list[ClipsOfOneKind] = []
        self.without_audio = recipe.without_audio if i2v_clips is None else 0.0
        shares: list[float] = []
        sources = [(clips, 1.0)]
        if i2v_clips is not None:
            sources = [(clips, 1 - recipe.without_audio), (i2v_clips, recipe.without_audio)]
        for source, share in sources:
            self.kinds += source.kinds
            shares += [share * len(kind) / len(source) for kind in source.kinds]
        drawn = np.random.default_rng(recipe.seed).random(recipe.steps)
        edges = np.cumsum(shares)[:-1]
        self.drawn = np.searchsorted(edges, drawn, side="right")

    def batch(self, step: int, rows: Sequence[int]) -> tuple[TrainingClip, Draws]:
        """Clips and noise of the given rows of an update."""
        recipe, number = self.recipe, self.drawn[step]
        kind = self.kinds[number]
        first = int((self.drawn[:step] == number).sum()) * recipe.batch
        batch = stack_clips([kind[clip_index(first + row, len(kind), recipe.seed)] for row in rows])
        noise, levels = [], []
        for row in rows:
            place = step * recipe.batch + row
            generator = torch.Generator().manual_seed(recipe.seed * 1_000_000_007 + place)
            levels.append(torch.rand(2, generator=generator))
            noise.append(torch.randn(batch.latent.shape[1:], generator=generator))
        level, task = torch.stack(levels).unbind(1)
        audible = (task >= self.without_audio) & (batch.features.shape[1] > 0)
        return batch, Draws(torch.stack(noise), level, audible)


def clip_index(position: int, count: int, seed: int) -> int:
    """Index of a clip: each round has every clip once, in an order of its own."""
    turn, place = divmod(position, count)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed * 1_000_003 + turn))
    return int(order[place])
