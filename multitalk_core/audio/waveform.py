"""A sound in memory, and the border where arrays come in.

Knows PyAV and soxr; knows nothing of files or speakers.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..errors import MultiTalkError, quoted
from ..guards.memory import FLOAT_BYTES, check_memory
from ..limits import LONGEST_SECONDS, LOUDEST, MOST_CHANNELS, SOUND_RATE

SPEECH_RATE = 16000
AT_ONCE = 2  # copies of a sound in memory: its pieces and their whole, or the whole and a converted one
MIXED_AT_ONCE = 2**20  # samples of each channel
SHORTER = "save it as mono, at 48 kHz or less, or cut it"
# As most files of so many channels are; their mix leaves out nothing but the bass channel of the last three.
SURROUND_LAYOUTS = {3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
ALL, MIX, LEFT, RIGHT = "all", "mix", "left", "right"
NUMBERS = [str(number) for number in range(1, MOST_CHANNELS + 1)]
CHANNEL_CHOICES = (ALL, MIX, LEFT, RIGHT, *NUMBERS)


@dataclass(frozen=True, eq=False)
class Waveform:
    """A sound.

    Parameters
    ----------
    samples : np.ndarray [channels, samples], float32
        Full scale is -1..1.
    rate : int
        Samples per second.
    notes : tuple of str
        What the user should know about it, such as what of its file was left out.
    """

    samples: np.ndarray
    rate: int
    notes: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """Number of channels."""
        return len(self.samples)

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.samples.shape[1] / self.rate

    def chosen(self, channel: str) -> "Waveform":
        """One channel, or several.

        Parameters
        ----------
        channel : str
            "all" keeps them, "mix" is their mono mix, "left" and "right" are the first and the second, a
            number counts from 1.

        Raises
        ------
        MultiTalkError
            When there is no such channel.
        """
        if channel not in CHANNEL_CHOICES:
            raise MultiTalkError(
                f"There is no channel {quoted(channel)}: choose left, right, mix, or a number from 1."
            )
        if channel == ALL:
            return self
        if channel == MIX:
            return self.mono()
        if channel in (LEFT, RIGHT) and self.channels == 1:
            raise MultiTalkError(f"It is mono, so it has no {channel} channel: read it whole.")
        index = {LEFT: 1, RIGHT: 2}.get(channel) or int(channel)
        if index > self.channels:
            raise MultiTalkError(
                f"It has {self.channels} channel{'s' if self.channels > 1 else ''} and no channel {index}: "
                "choose another."
            )
        return replace(self, samples=self.samples[index - 1 : index])

    def mono(self) -> "Waveform":
        """One channel: the mean of two, of surround the mean of its stereo mix, which keeps the dialogue."""
        if self.channels == 1:
            return self
        if self.channels > 2:
            return self.stereo().mono()
        return replace(self, samples=self.samples.mean(axis=0, keepdims=True))

    def stereo(self) -> "Waveform":
        """Two channels: one is doubled, surround is mixed down by FFmpeg's matrix."""
        if self.channels == 2:
            return self
        if self.channels == 1:
            return replace(self, samples=self.samples.repeat(2, axis=0))
        from av import AudioFrame, AudioResampler

        mixer = AudioResampler(format="fltp", layout="stereo", rate=self.rate)
        mixed: list[np.ndarray] = []
        for start in range(0, self.samples.shape[1], MIXED_AT_ONCE):
            # Packed, as PyAV counts one plane too many where there are eight.
            packed = self.samples[:, start : start + MIXED_AT_ONCE].T.reshape(1, -1)
            frame = AudioFrame.from_ndarray(packed, format="flt", layout=SURROUND_LAYOUTS[self.channels])
            frame.sample_rate = self.rate
            mixed += [piece.to_ndarray() for piece in mixer.resample(frame)]
        return replace(self, samples=np.concatenate(mixed, axis=1))

    def resampled(self, rate: int) -> "Waveform":
        """Resample with soxr's HQ filter to ceil(samples * rate / self.rate) samples, like librosa.load."""
        if rate == self.rate:
            return self
        import soxr

        resampled = soxr.resample(np.ascontiguousarray(self.samples.T), self.rate, rate, quality="HQ").T
        count = -(-self.samples.shape[1] * rate // self.rate)
        return replace(self, samples=resampled, rate=rate).padded(count).first(count)

    def padded(self, samples: int) -> "Waveform":
        """With silence at the end up to `samples` samples; a longer sound stays as it is."""
        missing = samples - self.samples.shape[1]
        if missing <= 0:
            return self
        return replace(self, samples=np.pad(self.samples, ((0, 0), (0, missing))))

    def first(self, samples: int) -> "Waveform":
        """The first `samples` samples, or all where there are fewer."""
        return replace(self, samples=self.samples[:, :samples])


def from_array(samples: ArrayLike | Tensor, rate: int) -> Waveform:
    """A sound from an array or tensor.

    Parameters
    ----------
    samples : array or Tensor [samples] or [channels, samples]
        Floats with full scale at -1..1, or integers of any width (unsigned ones are silent in the middle).
    rate : int
        Samples per second.

    Raises
    ------
    MultiTalkError
        When the array is empty, too long, has another shape, another kind of numbers, samples that are NaN,
        infinite or far beyond full scale, or the rate is no audio rate.
    """
    if isinstance(samples, Tensor):
        samples = samples.detach().cpu()
        # NumPy has no bfloat16.
        samples = samples.float() if samples.dtype == torch.bfloat16 else samples
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or array.shape[0] == 0:
        raise MultiTalkError(
            f"The sound has the shape {list(array.shape)}; give one with samples, or channels and samples."
        )
    array = np.atleast_2d(array)
    if len(array) > MOST_CHANNELS:
        raise MultiTalkError(
            f"The sound has {len(array)} channels, at most {MOST_CHANNELS} are read; "
            "if its samples lie along the first axis, transpose it."
        )
    if array.shape[1] == 0:
        raise MultiTalkError("The sound has no samples; choose another.")
    rate = int(SOUND_RATE.check("The sound's rate in samples per second", rate))
    check_length("The sound", channels=len(array), samples=array.shape[1], rate=rate)
    floats = full_scale(array)
    if not (floats.max() <= LOUDEST and floats.min() >= -LOUDEST):
        raise MultiTalkError(
            "The sound has samples that are NaN, infinite or far beyond full scale; export it again."
        )
    return Waveform(floats, rate)


def check_length(name: str, *, channels: int, samples: int, rate: int) -> None:
    """Refuse a sound longer than a film, or than this machine can hold; `name` begins the error."""
    if samples > LONGEST_SECONDS * rate:
        raise MultiTalkError(
            f"{name} lasts longer than {LONGEST_SECONDS / 3600:g} hours, the most for one film: cut it."
        )
    check_memory(AT_ONCE * FLOAT_BYTES * channels * samples, name, SHORTER)


def full_scale(array: np.ndarray) -> np.ndarray:
    """Any number type as float32 with full scale at -1..1."""
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # from_array refuses what overflows
            return array.astype(np.float32, copy=False)
    if array.dtype.kind not in "iu":
        raise MultiTalkError(f"The sound's samples are of type {array.dtype}; give integers or floats.")
    half = 2.0 ** (8 * array.dtype.itemsize - 1)
    middle = half if array.dtype.kind == "u" else 0.0
    levels = array.astype(np.float64)
    levels -= middle
    levels /= half
    return levels.astype(np.float32)


def speech(waveform: Waveform) -> np.ndarray:
    """The sound as the audio encoder's input: mono at 16 kHz (paper 3.2).

    Returns
    -------
    np.ndarray [samples], float32
    """
    return waveform.mono().resampled(SPEECH_RATE).samples[0]
