"""A sound in memory, and the border where sounds come in: files and arrays.

Knows PyAV and soxr; knows nothing of speakers.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..errors import MultiTalkError
from ..files.containers import check_codec, opened
from ..files.given import check_file
from ..guards.memory import FLOAT_BYTES, check_memory
from ..limits import LONGEST_SECONDS, LOUDEST, MOST_CHANNELS, SOUND_RATE

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream

SPEECH_RATE = 16000
AT_ONCE = 2  # copies of a sound in memory: its pieces and their whole, or the whole and a converted one
SHORTER = "save it as mono, at 48 kHz or less, or cut it"
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
        """Number of channels."""
        return len(self.samples)

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.samples.shape[1] / self.rate

    def mono(self) -> "Waveform":
        """The mean of the channels, one channel."""
        if self.channels == 1:
            return self
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
        """Resample with soxr's HQ filter to ceil(samples * rate / self.rate) samples, like librosa.load."""
        if rate == self.rate:
            return self
        import soxr

        resampled = soxr.resample(np.ascontiguousarray(self.samples.T), self.rate, rate, quality="HQ").T
        count = -(-self.samples.shape[1] * rate // self.rate)
        return Waveform(resampled, rate).padded(count).first(count)

    def padded(self, samples: int) -> "Waveform":
        """With silence at the end up to `samples` samples; a longer sound stays as it is."""
        missing = samples - self.samples.shape[1]
        if missing <= 0:
            return self
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
    _check_length("The sound", channels=len(array), samples=array.shape[1], rate=rate)
    floats = _full_scale(array)
    if not (floats.max() <= LOUDEST and floats.min() >= -LOUDEST):
        raise MultiTalkError(
            "The sound has samples that are NaN, infinite or far beyond full scale; export it again."
        )
    return Waveform(floats, rate)


def _check_length(name: str, *, channels: int, samples: int, rate: int) -> None:
    if samples > LONGEST_SECONDS * rate:
        raise MultiTalkError(
            f"{name} lasts longer than {LONGEST_SECONDS / 3600:g} hours, the most for one film: cut it."
        )
    check_memory(AT_ONCE * FLOAT_BYTES * channels * samples, name, SHORTER)


def _full_scale(array: np.ndarray) -> np.ndarray:
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


def read_audio(path: str | Path) -> Waveform:
    """Read the sound of an audio or video file, with its own rate and channels.

    Raises
    ------
    MultiTalkError
        When the file is missing, empty or corrupt, has no sound, claims an implausible rate, number of
        channels or length, or has samples that are NaN, infinite or far beyond full scale.
    """
    from av.error import FFmpegError

    path = Path(path)
    check_file(path, "audio file")
    try:
        samples, rate = _decode(path)
        return from_array(samples, rate)
    except (FFmpegError, OSError) as error:
        raise MultiTalkError(
            f"{path} cannot be read as audio ({error.strerror}); it may be damaged or no audio file: "
            "export it again, for example as WAV."
        ) from error
    except MultiTalkError as error:
        raise MultiTalkError(f"The audio file {path} cannot be used. {error}") from error


def _decode(path: Path) -> tuple[np.ndarray, int]:
    """Samples [channels, samples] with full scale at -1..1, and their rate."""
    with opened(path) as container:
        if not container.streams.audio:
            raise MultiTalkError("It has no sound; choose a file with an audio track.")
        stream = container.streams.audio[0]
        check_codec(stream, path)
        _check_claims(stream, path.stat().st_size)
        pieces: list[np.ndarray] = []
        kinds: set[tuple[int, int]] = set()
        length = 0
        for frame in container.decode(stream):
            kinds.add((len(frame.layout.channels), frame.sample_rate))
            if len(kinds) > 1:
                raise MultiTalkError("It changes its sample rate or channels midway; export it again as WAV.")
            ((channels, rate),) = kinds
            length += frame.samples
            _check_length("It", channels=channels, samples=length, rate=rate)
            pieces.append(_full_scale(_planes(frame, channels)))
    if not pieces:
        raise MultiTalkError("It has an audio track without samples; export it again or choose another.")
    return np.concatenate(pieces, axis=1), rate


def _check_claims(stream: "AudioStream", size: int) -> None:
    """Check the header of a file of `size` bytes before anything is decoded."""
    codec = stream.codec_context
    SOUND_RATE.check("Its rate in samples per second", codec.sample_rate)
    if codec.channels > MOST_CHANNELS:
        raise MultiTalkError(f"It has {codec.channels} channels, at most {MOST_CHANNELS} are read.")
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
        if codec.name.startswith("pcm") and codec.bit_rate:
            # A header that was written to a pipe may claim any length; plain samples end with the file.
            seconds = min(seconds, 8 * size / codec.bit_rate)
        samples = int(seconds * codec.sample_rate)
        _check_length("It", channels=codec.channels, samples=samples, rate=codec.sample_rate)


def _planes(frame: "AudioFrame", channels: int) -> np.ndarray:
    """Samples [channels, samples] in the file's own number type."""
    try:
        samples = frame.to_ndarray()
    except ValueError as error:
        raise MultiTalkError(
            f"Its samples are of the kind {frame.format.name}, which is not read; export it as a 16-bit WAV."
        ) from error
    # Packed formats come as one row with the channels interleaved.
    return samples if frame.format.is_planar else samples.reshape(-1, channels).T


def speech(waveform: Waveform) -> np.ndarray:
    """The sound as the audio encoder's input: mono at 16 kHz (paper 3.2).

    Returns
    -------
    np.ndarray [samples], float32
    """
    return waveform.mono().resampled(SPEECH_RATE).samples[0]
