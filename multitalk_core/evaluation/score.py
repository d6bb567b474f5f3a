"""A score over films, and its bootstrap interval."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from ..measures.frechet import frechet_distance
from .binding_score import HIGH, LOW, BindingScore
from .binding_score import RESAMPLES as BINDING_RESAMPLES
from .reference_normal import ReferenceNormal

SEED = 0
RESAMPLES = 1000
FRECHET_RESAMPLES = 100  # each is a distance of its own


@dataclass(frozen=True, kw_only=True)
class Score:
    """One line of the table.

    Attributes
    ----------
    name : str
    value : float
    low, high : float or None
        The 95 % interval; None for a single film, which says nothing of others.
    better : str
        "higher" or "lower"; "" where neither is.
    films : int
        How many films the value is from.
    measured : str
        What was counted, such as the number of frames.
    resamples : int
        Of the bootstrap; 0 without one.
    over : str
        What was resampled.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    better: str
    films: int
    measured: str
    resamples: int
    over: str = "films"

    def described(self) -> dict[str, object]:
        """As JSON."""
        return asdict(self)


def mean_score(name: str, values: Sequence[float], *, better: str, measured: str) -> Score:
    """The mean of one value a film, with an interval over films."""
    drawn = _drawn(len(values), RESAMPLES)
    resampled = np.asarray(values)[drawn].mean(axis=1)
    return _score(
        name, float(np.mean(values)), resampled, better=better, films=len(values), measured=measured
    )


def frechet_score(
    name: str,
    groups: Sequence[Sequence[Tensor]],
    references: Sequence[Tensor],
    *,
    biased: bool,
    measured: str,
) -> Score:
    """A Fréchet distance between the films' features and the references', with an interval over films.

    Parameters
    ----------
    name : str
    groups : sequence of sequences of Tensor [samples, dimensions]
        For each group of persons, such as the left halves, the features of its films. The distance is the
        mean over groups; a resample draws the films of each.
    references : sequence of Tensor [samples, dimensions]
        For each group; they stay the same in all resamples.
    biased : bool
        As in `frechet_distance`.
    measured : str
    """

    exact = [
        frechet_distance(torch.cat([*group]), reference, biased=biased)
        for group, reference in zip(groups, references, strict=True)
    ]
    films = min(map(len, groups))
    resampled = np.zeros((len(groups), FRECHET_RESAMPLES if films > 1 else 0))
    for row, group, reference in zip(resampled, groups, references, strict=True):
        normal = ReferenceNormal(reference, biased=biased)
        for index, drawn in enumerate(_drawn(len(group), len(row))):
            row[index] = normal.distance(torch.cat([group[film] for film in drawn]))
    value, resampled = float(np.mean(exact)), resampled.mean(axis=0)
    return _score(name, value, resampled, better="lower", films=films, measured=measured)


def binding_lines(found: BindingScore, *, films: int, measured: str, over: str) -> list[Score]:
    """The binding score as lines of the table; its bootstrap is its own."""
    return [
        Score(
            name=f"binding {name}",
            value=part.value,
            low=part.low,
            high=part.high,
            better=better,
            films=films,
            measured=measured,
            resamples=BINDING_RESAMPLES,
            over=over,
        )
        for name, part, better in (
            ("own", found.own, "higher"),
            ("other", found.other, ""),
            ("difference", found.difference, "higher"),
        )
    ]


def _drawn(films: int, resamples: int) -> np.ndarray:
    """Indices of films, [resamples, films]."""
    return np.random.default_rng(SEED).integers(films, size=(resamples, films))


def _score(
    name: str, value: float, resampled: np.ndarray, *, better: str, films: int, measured: str
) -> Score:
    several = films > 1
    low, high = (float(edge) for edge in np.quantile(resampled, (LOW, HIGH))) if several else (None, None)
    return Score(
        name=name,
        value=value,
        low=low,
        high=high,
        better=better,
        films=films,
        measured=measured,
        resamples=len(resampled) if several else 0,
    )
