"""Mean and variance of a voice, over its beginning up to a sample that only moves forwards.

wav2vec2 normalises a voice by them. However many pieces the voice is encoded in, each sample is counted once.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..guards.interruption import uninterrupted

AT_ONCE = 6_400  # frames of the first convolution: two seconds, see features.CONVOLUTION_FRAMES_PER_PIECE
SMALLEST_VARIANCE = 1e-7  # added, as in transformers' Wav2Vec2FeatureExtractor


class Moments:
    """Mean and population variance of each channel over everything added so far.

    Attributes
    ----------
    count : int
        Numbers added per channel.
    """

    def __init__(self, channels: int) -> None:
        self.count = 0
        # Summed on the CPU: some accelerators have no float64.
        self._sums = torch.zeros(2, channels, dtype=torch.float64)

    def add(self, values: Tensor) -> None:
        """Add [channels, numbers]."""
        variance, mean = (part.cpu().double() for part in torch.var_mean(values, dim=1, correction=0))
        self._sums += values.shape[1] * torch.stack([mean, variance + mean.square()])
        self.count += values.shape[1]

    def mean_and_variance(self) -> tuple[Tensor, Tensor]:
        """Two tensors [channels], float64, on the CPU."""
        mean, square = self._sums / self.count
        return mean, square - mean.square()


class RunningStatistics:
    """Statistics of a voice from its start to `end`.

    Parameters
    ----------
    samples : np.ndarray [samples], float32
        The whole voice.
    convolution : nn.Conv1d
        wav2vec2's first convolution.
    grouped : bool
        Whether a group norm follows the convolution and normalises each channel over the whole voice.
    normalise : bool
        Whether the wave gets zero mean and unit variance before the convolution.

    Attributes
    ----------
    end : int
        Number of samples included so far.
    """

    def __init__(
        self, samples: np.ndarray, convolution: nn.Conv1d, *, grouped: bool, normalise: bool
    ) -> None:
        self.samples = samples
        self.end = 0
        self.grouped = grouped
        self.normalise = normalise
        self._convolution = convolution
        self._wave, self._convolved = Moments(1), Moments(convolution.out_channels)

    def advance(self, end: int, check_interrupted: Callable[[], None] = uninterrupted) -> None:
        """Include the samples up to `end`, which never moves back."""
        if self.normalise and end > self.end:
            self._wave.add(torch.from_numpy(self.samples[None, self.end : end]))
        self.end = end
        if self.grouped:
            self._convolve(check_interrupted)

    def wave(self, start: int, end: int) -> Tensor:
        """Samples `start` to `end` as the network's input."""
        mean, deviation = self._scaling()
        return self._tensor((self.samples[start:end] - np.float32(mean)) / np.float32(deviation))

    def group_norm(self, convolved: Tensor, norm: nn.GroupNorm) -> Tensor:
        """Apply the first layer's group norm with the statistics up to `end`.

        With known statistics, a group norm of one channel per group is a batch norm.

        Parameters
        ----------
        convolved : Tensor [1, channels, frames]
            Output of the first convolution for any part of the wave.
        norm : nn.GroupNorm
            Its weight, bias and epsilon.
        """
        mean, variance = self.convolved()
        return functional.batch_norm(convolved, mean, variance, norm.weight, norm.bias, eps=norm.eps)

    def convolved(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of each channel after the first convolution of the network's input."""
        mean, deviation = self._scaling()
        convolved_mean, convolved_variance = self._convolved.mean_and_variance()
        shifted = convolved_mean - mean * self._convolution.weight.sum((1, 2)).cpu().double()
        bias = 0.0 if self._convolution.bias is None else self._convolution.bias.cpu().double()
        weight = self._convolution.weight
        return (shifted / deviation + bias).to(weight), (convolved_variance / deviation**2).to(weight)

    def _convolve(self, check_interrupted: Callable[[], None]) -> None:
        """Add the convolution of the unscaled wave, because the scaling changes as `end` advances."""
        weight, (hop,) = self._convolution.weight, self._convolution.stride
        count = (self.end - weight.shape[2]) // hop + 1
        for start in range(self._convolved.count, count, AT_ONCE):
            check_interrupted()
            stop = min(start + AT_ONCE, count)
            piece = self._tensor(self.samples[start * hop : (stop - 1) * hop + weight.shape[2]])
            self._convolved.add(functional.conv1d(piece[None, None], weight, stride=hop)[0])

    def _scaling(self) -> tuple[float, float]:
        """What is subtracted from each sample, and what the difference is divided by."""
        if not self.normalise:
            return 0.0, 1.0
        mean, variance = self._wave.mean_and_variance()
        return float(mean), math.sqrt(float(variance) + SMALLEST_VARIANCE)

    def _tensor(self, samples: np.ndarray) -> Tensor:
        weight = self._convolution.weight
        return torch.as_tensor(samples, dtype=weight.dtype, device=weight.device)
