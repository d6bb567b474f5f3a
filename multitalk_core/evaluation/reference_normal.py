"""The normal distribution of references' features, to which resamples are compared quickly."""

import torch
from torch import Tensor


class ReferenceNormal:
    """Fréchet distances of many sets to the same references; `frechet_distance` is for the value itself.

    What depends on the references alone is computed once, and eigenvalues take the place of singular values:
    a fifth of the time, and right to about 1e-6 of the features' variance.

    Parameters
    ----------
    features : Tensor [samples, dimensions]
    biased : bool
        As in `frechet_distance`.
    """

    def __init__(self, features: Tensor, *, biased: bool) -> None:
        self.biased = biased
        centred, self.mean = self._centred(features)
        self.factor = torch.linalg.qr(centred, mode="r").R
        self.spread = centred.square().sum()

    def distance(self, features: Tensor) -> float:
        """The distance of features [samples, dimensions]."""
        centred, mean = self._centred(features)
        product = centred @ self.factor.T
        gram = product.T @ product if len(product) > product.shape[1] else product @ product.T
        shared = torch.linalg.eigvalsh(gram).clamp(min=0).sqrt().sum()
        shift = (mean - self.mean).square().sum()
        return max(0.0, float(shift + self.spread + centred.square().sum() - 2 * shared))

    def _centred(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Samples whose products are covariances, and their mean."""
        features = features.double()
        mean = features.mean(0)
        return (features - mean) / (len(features) - (not self.biased)) ** 0.5, mean
