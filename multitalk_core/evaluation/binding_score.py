"""The binding score: how much better each mouth follows its own voice than any other."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

RESAMPLES = 2000
LOW, HIGH = 0.025, 0.975


@dataclass(frozen=True)
class Interval:
    """A value and its bootstrap interval (95 %)."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


@dataclass(frozen=True)
class BindingScore:
    """Correlation of mouths with voices.

    Attributes
    ----------
    own, other : Interval
        With the person's own voice, and with the others'; -1..1.
    difference : Interval
        own - other.
    """

    own: Interval
    other: Interval
    difference: Interval

    def __str__(self) -> str:
        return f"own voice {self.own}, other voice {self.other}, difference {self.difference}"


def binding_score(
    openness: Sequence[Tensor], voices: Sequence[Tensor], *, block_frames: int = 25, seed: int = 0
) -> BindingScore:
    """Correlate each mouth with its own voice and with the others', over all films.

    Every mouth and voice is centred over its film. The intervals are a bootstrap over blocks of frames, each
    with all persons of its film.

    Parameters
    ----------
    openness, voices : sequence of Tensor [persons, frames]
        One per film with at least two persons; voice i belongs to person i.
    block_frames : int
        Length of a block.
    seed : int
        Of the bootstrap.

    Returns
    -------
    BindingScore
    """
    blocks = [
        _products(mouth, voice)
        for mouths, sounds in zip(openness, voices, strict=True)
        for mouth, voice in zip(
            *(_centred_blocks(part, block_frames) for part in (mouths, sounds)), strict=True
        )
    ]
    sums = torch.stack(blocks)  # [blocks, own or other, products]
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(sums), (RESAMPLES, len(sums)), generator=generator)
    whole, resampled = _correlations(sums.sum(0)), _correlations(sums[drawn].sum(1))
    own, other, difference = (
        Interval(value.item(), samples.quantile(LOW).item(), samples.quantile(HIGH).item())
        for value, samples in (
            (whole[0], resampled[:, 0]),
            (whole[1], resampled[:, 1]),
            (whole[0] - whole[1], resampled[:, 0] - resampled[:, 1]),
        )
    )
    return BindingScore(own, other, difference)


def _centred_blocks(signals: Tensor, block_frames: int) -> tuple[Tensor, ...]:
    signals = signals.double()
    return (signals - signals.mean(dim=1, keepdim=True)).split(block_frames, dim=1)


def _products(mouths: Tensor, voices: Tensor) -> Tensor:
    """Sums of mouth · voice, mouth² and voice², over own pairs and over all other pairs: [2, 3]."""
    together = mouths @ voices.T
    own = torch.eye(len(mouths), dtype=torch.bool)
    mouth_power = mouths.square().sum(1)[:, None].expand_as(together)
    voice_power = voices.square().sum(1)[None].expand_as(together)
    return torch.stack(
        [
            torch.stack([part[pairs].sum() for part in (together, mouth_power, voice_power)])
            for pairs in (own, ~own)
        ]
    )


def _correlations(sums: Tensor) -> Tensor:
    """[..., 3] to [...]."""
    together, mouth_power, voice_power = sums.unbind(-1)
    return together / (mouth_power * voice_power).sqrt().clamp(min=1e-12)
