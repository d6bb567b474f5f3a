"""Decoded pieces of a sound, laid out by their time stamps: silence in holes, nothing twice.

Knows PyAV's frames; knows nothing of files.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MultiTalkError
from .waveform import SURROUND_LAYOUTS, check_length, full_scale

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler

# Time stamps are rounded and shake in recordings: less than a picture's duration is no hole.
TOLERANCE_SECONDS = 0.04
RESTART_SECONDS = 1.0  # further back, time stamps begin again, as where two recordings were joined
LONGEST_JUMP_SECONDS = 10.0  # FFmpeg's for formats whose time stamps may begin again anywhere
TIMES_LISTED = 3
LAYOUTS = {1: "mono", 2: "stereo", **SURROUND_LAYOUTS}
NUMBERS = {
    "u8": np.uint8,
    "s16": np.int16,
    "s32": np.int32,
    "s64": np.int64,
    "flt": np.float32,
    "dbl": np.float64,
}


class LaidSound:
    """Pieces in the order in which they are played, from time zero on.

    Parameters
    ----------
    zero : Fraction
        Time zero, in seconds of the time stamps; what comes before is left out.
    jumps : bool
        Whether the format's time stamps may begin again anywhere.
    """

    def __init__(self, zero: Fraction, *, jumps: bool) -> None:
        self.zero, self.jumps = zero, jumps
        self.pieces: list[np.ndarray] = []
        self.decoded = 0  # samples
        self._converted_from: float | None = None  # the first second of another rate or channels
        self._restarts: list[float] = []  # where time stamps begin again, in seconds
        self._overlaps: list[tuple[float, float]] = []  # what is left out: its second and duration
        self._shift = 0  # samples from time stamps to their place, after they began again
        self._end: int | None = None  # samples from time zero to where the next piece begins
        self._kind = _Kind()

    @property
    def rate(self) -> int:
        """Samples per second, as in the first frame."""
        return self._kind.rate

    @property
    def seconds(self) -> float:
        """Duration of what is decoded, without holes."""
        return self.decoded / self.rate if self.rate else 0.0

    @property
    def end(self) -> float:
        """When what is laid out so far ends, in seconds from time zero."""
        return (self._end or 0) / self.rate if self.rate else 0.0

    def append(self, frame: "AudioFrame") -> None:
        """Lay out the next frame.

        Raises
        ------
        MultiTalkError
            When the sound becomes longer than a film can be, or than memory is.
        """
        changed = self._kind.changes(frame)
        samples = self._kind.samples(frame)
        begin = self._begin(frame)
        if changed and self._converted_from is None:
            self._converted_from = max(0.0, begin / self.rate)
        self._lay(samples, begin)

    def notes(self) -> list[str]:
        """What the user should know, each as the end of a sentence about the file."""
        notes = []
        if self._converted_from is not None:
            notes.append(
                f"parts of it from second {self._converted_from:.2f} on have another sample rate or other "
                "channels and are converted"
            )
        if self._restarts:
            notes.append(
                f"its time stamps begin again at second {some_times(self._restarts)}; the sound goes on "
                "there without a hole"
            )
        if self._overlaps:
            seconds = sum(seconds for _, seconds in self._overlaps)
            notes.append(
                f"{seconds:.2f} s of it have the times of what is before them and are left out, at second "
                f"{some_times([at for at, _ in self._overlaps])}"
            )
        return notes

    def finish(self) -> np.ndarray:
        """All samples, [channels, samples].

        Raises
        ------
        MultiTalkError
            When there are none from time zero on.
        """
        if self._end is not None:
            self._lay(self._kind.rest(), self._end)
        if not self.pieces:
            raise MultiTalkError(
                "It has an audio track without samples; export it again or choose another."
                if self._end is None
                else "Its sound ends before its first picture; choose another."
            )
        return np.concatenate(self.pieces, axis=1)

    def _begin(self, frame: "AudioFrame") -> int:
        """Where a frame begins by its time stamp, in samples from time zero."""
        if frame.pts is None or frame.time_base is None:
            return self._end or 0
        begin = round((frame.pts * frame.time_base - self.zero) * self.rate) + self._shift
        if self._end is None:
            self._end = min(begin, 0)
            return begin
        beyond = (begin - self._end) / self.rate
        if beyond < -RESTART_SECONDS or (self.jumps and beyond > LONGEST_JUMP_SECONDS):
            self._restarts.append(self.end)
            self._shift += self._end - begin
            return self._end
        return begin if abs(beyond) > TOLERANCE_SECONDS else self._end

    def _lay(self, samples: np.ndarray, begin: int) -> None:
        """Silence up to `begin`, then the samples without those that lie before the end so far."""
        end = self._end or 0
        if begin > end:
            self._check(begin, len(samples))
            self._keep(np.zeros((len(samples), begin - max(end, 0)), np.float32) if begin > 0 else None)
            end = begin
        elif begin < end:
            overlap = min(end - begin, samples.shape[1])
            self._overlaps.append((self.end, overlap / self.rate))
            samples = samples[:, overlap:]
        self._end = end + samples.shape[1]
        self.decoded += samples.shape[1]
        self._check(self._end, len(samples))
        self._keep(samples[:, max(0, -end) :])

    def _check(self, end: int, channels: int) -> None:
        check_length("It", channels=channels, samples=end, rate=self.rate)

    def _keep(self, samples: np.ndarray | None) -> None:
        if samples is not None and samples.shape[1]:
            self.pieces.append(samples)


def some_times(times: Sequence[float]) -> str:
    """A list of seconds that fits into a sentence."""
    listed = ", ".join(f"{time:.2f}" for time in times[:TIMES_LISTED])
    return f"{listed} and {len(times) - TIMES_LISTED} more" if len(times) > TIMES_LISTED else listed


class _Kind:
    """The first frame's rate and channels; later frames of another kind are converted to it."""

    def __init__(self) -> None:
        self.rate = self.channels = 0
        self._layout = ""
        self._last: tuple[int, int] | None = None
        self._resampler: AudioResampler | None = None

    def changes(self, frame: "AudioFrame") -> bool:
        """Whether a frame is the first of another kind."""
        return self._last is not None and self._last != _kind_of(frame)

    def samples(self, frame: "AudioFrame") -> np.ndarray:
        """[channels, samples] with full scale at -1..1."""
        kind = _kind_of(frame)
        if self._last is None:
            self.channels, self.rate = kind
            self._layout = LAYOUTS.get(self.channels, frame.layout.name)
        before = self.rest() if kind != self._last else None
        self._last = kind
        as_first = kind == (self.channels, self.rate)
        own = full_scale(_levels(frame)) if as_first else self._converted(frame)
        return own if before is None else np.concatenate([before, own], axis=1)

    def rest(self) -> np.ndarray:
        """What a conversion still holds back."""
        resampler, self._resampler = self._resampler, None
        return self._joined([] if resampler is None else resampler.resample(None))

    def _converted(self, frame: "AudioFrame") -> np.ndarray:
        from av import AudioResampler

        if self._resampler is None:
            self._resampler = AudioResampler(format="fltp", layout=self._layout, rate=self.rate)
        return self._joined(self._resampler.resample(frame))

    def _joined(self, frames: "list[AudioFrame]") -> np.ndarray:
        empty = np.empty((self.channels, 0), np.float32)
        return np.concatenate([empty, *(frame.to_ndarray() for frame in frames)], axis=1)


def _kind_of(frame: "AudioFrame") -> tuple[int, int]:
    return frame.layout.nb_channels, frame.sample_rate


def _levels(frame: "AudioFrame") -> np.ndarray:
    """Samples [channels, samples] in the file's own number type."""
    numbers = NUMBERS[frame.format.name.removesuffix("p")]
    channels = frame.layout.nb_channels
    each = frame.samples if frame.format.is_planar else frame.samples * channels
    # PyAV counts one plane too many where there are eight.
    planes = frame.planes[: channels if frame.format.is_planar else 1]
    levels = np.stack([np.frombuffer(bytes(plane), numbers, each) for plane in planes])
    # Packed formats come as one row with the channels interleaved.
    return levels if frame.format.is_planar else levels.reshape(-1, channels).T
