"""A sound in memory, and the border where sounds come in: files and arrays.

Knows PyAV and soxr; knows nothing of speakers.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..errors import MultiTalkError

SPEECH_RATE = 16000
LOWEST_RATE = 1000
MOST_CHANNELS = 8
# FFmpeg's own guess for a file that names no layout.
SURROUND_LAYOUTS = {3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


@dataclass(frozen=True, eq=False)
class Waveform:
    """A sound.

    Parameters
    ----------
    samples : np.ndarray [channels, samples], float32
        Full scale is -1..1.
    rate : int
        Samples per second.
    """

    samples: np.ndarray
    rate: int

    @property
    def channels(self) -> int:
        return len(self.samples)

    @property
    def seconds(self) -> float:
        return self.samples.shape[1] / self.rate

    def mono(self) -> "Waveform":
        """The mean of the channels, one channel."""
        return Waveform(self.samples.mean(axis=0, keepdims=True), self.rate)

    def stereo(self) -> "Waveform":
        """Two channels: one is doubled, surround is mixed down by FFmpeg's matrix."""
        if self.channels == 2:
            return self
        if self.channels == 1:
            return Waveform(self.samples.repeat(2, axis=0), self.rate)
        from av import AudioFrame, AudioResampler

        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(self.samples), format="fltp", layout=SURROUND_LAYOUTS[self.channels]
        )
        frame.sample_rate = self.rate
        mixed = AudioResampler(format="fltp", layout="stereo", rate=self.rate).resample(frame)
        return Waveform(np.concatenate([piece.to_ndarray() for piece in mixed], axis=1), self.rate)

    def resampled(self, rate: int) -> "Waveform":
        """At another rate, by soxr's HQ filter, ceil(samples * rate / self.rate) long, as librosa.load."""
        if rate == self.rate:
            return self
        import soxr

        resampled = soxr.resample(np.ascontiguousarray(self.samples.T), self.rate, rate, quality="HQ").T
        count = -(-self.samples.shape[1] * rate // self.rate)
        return Waveform(resampled, rate).padded(count).first(count)

    def padded(self, samples: int) -> "Waveform":
        """With silence at the end up to `samples` samples; a longer sound stays as it is."""
        missing = max(0, samples - self.samples.shape[1])
        return Waveform(np.pad(self.samples, ((0, 0), (0, missing))), self.rate)

    def first(self, samples: int) -> "Waveform":
        """The first `samples` samples, or all where there are fewer."""
        return Waveform(self.samples[:, :samples], self.rate)


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
        When the array is empty, has another shape, another kind of numbers, NaN or infinite samples, or the
        rate is no audio rate.
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
    if int(rate) < LOWEST_RATE:
        raise MultiTalkError(
            f"The sound's rate is {rate} Hz, which is no audio rate; give samples per second."
        )
    floats = _full_scale(array)
    if not np.isfinite(floats).all():
        raise MultiTalkError("The sound has samples that are NaN or infinite; export it again.")
    return Waveform(floats, int(rate))


def _full_scale(array: np.ndarray) -> np.ndarray:
    """Any number type as float32 with full scale at -1..1."""
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    if array.dtype.kind not in "iu":
        raise MultiTalkError(f"The sound's samples are of type {array.dtype}; give integers or floats.")
    half = 2.0 ** (8 * array.dtype.itemsize - 1)
    middle = half if array.dtype.kind == "u" else 0.0
    return ((array.astype(np.float64) - middle) / half).astype(np.float32)


def read_audio(path: str | Path) -> Waveform:
    """Read the sound of an audio or video file, with its own rate and channels.

    Raises
    ------
    MultiTalkError
        When the file is missing, empty, corrupt, has no sound, or has NaN or infinite samples.
    """
    from av.error import FFmpegError

    path = Path(path)
    if not path.is_file():
        raise MultiTalkError(f"The audio file {path} does not exist; check its path.")
    if path.stat().st_size == 0:
        raise MultiTalkError(f"The audio file {path} is empty; export it again or choose another.")
    try:
        samples, rate = _decode(path)
    except FFmpegError as error:
        raise MultiTalkError(
            f"{path} cannot be read as audio ({error.strerror}); it may be damaged or no audio file: "
            "export it again, for example as WAV."
        ) from error
    if not np.isfinite(samples).all():
        raise MultiTalkError(f"{path} has samples that are NaN or infinite; export it again.")
    return from_array(samples, rate)


def _decode(path: Path) -> tuple[np.ndarray, int]:
    """Samples [channels, samples] in the file's own number type, and their rate."""
    import av

    with av.open(str(path)) as container:
        if not container.streams.audio:
            raise MultiTalkError(f"{path} has no sound; choose a file with an audio track.")
        pieces, rates = [], set()
        for frame in container.decode(audio=0):
            piece = frame.to_ndarray()
            channels = len(frame.layout.channels)
            # Packed formats come as one row with the channels interleaved.
            pieces.append(piece if frame.format.is_planar else piece.reshape(-1, channels).T)
            rates.add((frame.sample_rate, channels))
    if not pieces:
        raise MultiTalkError(f"{path} has an audio track without samples; export it again or choose another.")
    if len(rates) > 1:
        raise MultiTalkError(f"{path} changes its sample rate or channels midway; export it again as WAV.")
    return np.concatenate(pieces, axis=1), rates.pop()[0]


def speech(waveform: Waveform) -> np.ndarray:
    """The sound as the audio encoder hears it: mono at 16 kHz (paper 3.2).

    Returns
    -------
    np.ndarray [samples], float32
    """
    return waveform.mono().resampled(SPEECH_RATE).samples[0]
