"""What wav2vec2 normalises a voice by: means and variances over its beginning, up to a sample that moves on.

Every sample is taken in once, in however many pieces the voice is encoded.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..guards.interruption import go_on

AT_ONCE = 32_000  # frames of the first convolution


class Moments:
    """Mean and population variance, channel by channel, of all that was taken in.

    Attributes
    ----------
    count : int
        Numbers a channel.
    """

    def __init__(self, channels: int) -> None:
        self.count = 0
        # Summed on the CPU: some accelerators have no float64.
        self._sums = torch.zeros(2, channels, dtype=torch.float64)

    def add(self, values: Tensor) -> None:
        """Take in [channels, numbers]."""
        variance, mean = (part.cpu().double() for part in torch.var_mean(values, dim=1, correction=0))
        self._sums += values.shape[1] * torch.stack([mean, variance + mean.square()])
        self.count += values.shape[1]

    def mean_and_variance(self) -> tuple[Tensor, Tensor]:
        """Two of [channels], float64, on the CPU."""
        mean, square = self._sums / self.count
        return mean, square - mean.square()


class VoiceNorms:
    """The norms of a voice as far as it was heard.

    Parameters
    ----------
    samples : np.ndarray [samples], float32
    first : transformers' first convolutional layer
        With a group norm, every channel of the convolution is normalised over the whole voice.
    normalise : bool
        Whether the wave gets zero mean and unit variance before.
    """

    def __init__(self, samples: np.ndarray, first: nn.Module, normalise: bool) -> None:
        self.samples = samples
        self.heard = 0
        self.normalise = normalise
        self.grouped = isinstance(first.layer_norm, nn.GroupNorm)
        self._convolution = first.conv
        self._wave, self._convolved = Moments(1), Moments(first.conv.out_channels)

    def hear(self, end: int, check_interrupted: Callable[[], None] = go_on) -> None:
        """Take in the samples up to `end`, which never moves back."""
        if self.normalise and end > self.heard:
            self._wave.add(torch.from_numpy(self.samples[None, self.heard : end]))
        self.heard = end
        if self.grouped:
            self._convolve(check_interrupted)

    def wave(self, start: int, end: int) -> Tensor:
        """The samples from `start` to `end`, as the network takes them."""
        mean, deviation = self._scaling()
        return self._tensor((self.samples[start:end] - np.float32(mean)) / np.float32(deviation))

    def convolved(self) -> tuple[Tensor, Tensor]:
        """Mean and variance of each channel of the first convolution, on the wave as the network takes it."""
        mean, deviation = self._scaling()
        convolved_mean, convolved_variance = self._convolved.mean_and_variance()
        shifted = convolved_mean - mean * self._convolution.weight.sum((1, 2)).cpu().double()
        bias = 0.0 if self._convolution.bias is None else self._convolution.bias.cpu().double()
        weight = self._convolution.weight
        return (shifted / deviation + bias).to(weight), (convolved_variance / deviation**2).to(weight)

    def _convolve(self, check_interrupted: Callable[[], None]) -> None:
        """Take in the convolution of the wave as it is: how it is to be scaled still changes."""
        weight, (hop,) = self._convolution.weight, self._convolution.stride
        count = (self.heard - weight.shape[2]) // hop + 1
        for start in range(self._convolved.count, count, AT_ONCE):
            check_interrupted()
            stop = min(start + AT_ONCE, count)
            piece = self._tensor(self.samples[start * hop : (stop - 1) * hop + weight.shape[2]])
            self._convolved.add(functional.conv1d(piece[None, None], weight, stride=hop)[0])

    def _scaling(self) -> tuple[float, float]:
        """What is taken off every sample, and what it is divided by then."""
        if not self.normalise:
            return 0.0, 1.0
        mean, variance = self._wave.mean_and_variance()
        return float(mean), math.sqrt(float(variance) + 1e-7)

    def _tensor(self, samples: np.ndarray) -> Tensor:
        weight = self._convolution.weight
        return torch.as_tensor(samples, dtype=weight.dtype, device=weight.device)
