"""The Fréchet distance between two sets of features, which FID, FVD and E-FID are."""

import torch
from torch import Tensor

from ..errors import MultiTalkError


def frechet_distance(x: Tensor, y: Tensor, *, biased: bool = False) -> float:
    """Compute the Fréchet distance between the normal distributions fitted to two sets.

    |μx − μy|² + tr Σx + tr Σy − 2 tr √(Σx Σy) (Heusel et al., "GANs Trained by a Two Time-Scale Update Rule",
    2017). With Σ = AᵀA, tr √(Σx Σy) is the sum of the singular values of Ax Ayᵀ. No matrix root is taken, so
    the distance is also right where a set has fewer samples than dimensions.

    Parameters
    ----------
    x, y : Tensor [samples, dimensions]
        At least two samples each.
    biased : bool
        Divide covariances by N, as FVD's reference does; by default by N − 1, as FID's does.

    Returns
    -------
    float

    Raises
    ------
    MultiTalkError
        When a set has fewer than two samples or numbers that are not finite, or the dimensions differ.
    """
    _check(x, y)
    x, y = x.double(), y.double()
    factor_x, factor_y = _covariance_factor(x, biased), _covariance_factor(y, biased)
    shift = (x.mean(0) - y.mean(0)).square().sum()
    spread = factor_x.square().sum() + factor_y.square().sum()
    shared = torch.linalg.svdvals(factor_x @ factor_y.T).sum()
    return max(0.0, float(shift + spread - 2 * shared))  # rounding may leave a set below zero against itself


def few_samples_warning(x: Tensor, y: Tensor) -> str | None:
    """A sentence when a set has fewer samples than dimensions, and None otherwise.

    Parameters
    ----------
    x, y : Tensor [samples, dimensions]
    """
    samples, dimensions = min(len(x), len(y)), x.shape[1]
    if samples > dimensions:
        return None
    return (
        f"The distance is between sets of {len(x)} and {len(y)} samples in {dimensions} dimensions: so few "
        "samples make it larger, so compare it only with distances between sets of the same sizes."
    )


def _covariance_factor(samples: Tensor, biased: bool) -> Tensor:
    """A matrix A of at most as many rows as columns whose AᵀA is the covariance."""
    centred = (samples - samples.mean(0)) / (len(samples) - (not biased)) ** 0.5
    return torch.linalg.qr(centred, mode="r").R if len(samples) > samples.shape[1] else centred


def _check(x: Tensor, y: Tensor) -> None:
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise MultiTalkError(
            f"A Fréchet distance needs two tables with the same columns, not {list(x.shape)} and "
            f"{list(y.shape)}: take both from the same network."
        )
    if min(len(x), len(y)) < 2:
        raise MultiTalkError(
            f"A Fréchet distance needs at least two samples on each side, not {len(x)} and {len(y)}: add "
            "films."
        )
    if not (x.isfinite().all() and y.isfinite().all()):
        raise MultiTalkError(
            "Features are not finite, so there is no Fréchet distance: the weights are damaged, convert them "
            "again."
        )
