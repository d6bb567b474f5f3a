"""A video file, read clip by clip and never as a whole.

Knows PyAV; knows nothing of films or models.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..files.containers import check_codec, opened
from ..files.given import check_file
from ..guards.interruption import uninterrupted
from ..limits import LONGEST_SECONDS, LONGEST_STILL, MOST_PICTURES
from .picture import check_pixels

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer


@dataclass(frozen=True, eq=False)
class VideoFile:
    """A video file: the times of its pictures in memory, the pictures on disk.

    Attributes
    ----------
    path : Path
    times : np.ndarray [pictures], int64
        When each picture is shown, ascending, in units of `time_base`.
    keys : np.ndarray, int64
        Times from which decoding can start.
    end : int
        When the last picture ends.
    time_base : Fraction
        Unit of the times in seconds.
    check_interrupted : callable
        Called for each picture that is decoded; raises to stop.
    """

    path: Path
    times: np.ndarray
    keys: np.ndarray
    end: int
    time_base: Fraction
    check_interrupted: Callable[[], None] = uninterrupted

    @classmethod
    def open(cls, path: str | Path, check_interrupted: Callable[[], None] = uninterrupted) -> "VideoFile":
        """Read the times of all pictures, without decoding any.

        Parameters
        ----------
        path : str or Path
        check_interrupted : callable
            Called for each picture, now and whenever one is decoded; raises to stop.

        Raises
        ------
        MultiTalkError
            When the file is missing, empty, not a video or a single picture, or claims an implausible size
            or duration.
        """
        path = Path(path)
        check_file(path, "video")
        with _failures_reported(path), opened(path) as container:
            if not container.streams.video:
                raise MultiTalkError(f"{path} contains no pictures: choose a video file such as an mp4.")
            stream = container.streams.video[0]
            check_codec(stream, path)
            check_pixels(stream.codec_context.width, stream.codec_context.height, f"The video {path}")
            timed = _timed_packets(container, stream, check_interrupted)
            packets = list(islice(timed, MOST_PICTURES + 1))
            time_base = stream.time_base
        if len(packets) > MOST_PICTURES:
            raise MultiTalkError(f"The video {path} has more than {MOST_PICTURES:,} pictures: cut it.")
        times = np.unique(np.array([time for time, *_ in packets], dtype=np.int64))
        keys = np.unique(np.array([time for time, _, is_key in packets if is_key], dtype=np.int64))
        if len(times) < 2 or not len(keys) or time_base is None:
            raise MultiTalkError(
                f"{path} contains no moving pictures, or no time stamps for them: export it as mp4."
            )
        times = times[times >= keys[0]]  # after a cut, earlier ones may lack their key picture
        first, last = int(times[0]), int(times[-1])
        between = round((last - first) / max(1, len(times) - 1))
        lasting = max(packets)[1]
        end = last + (lasting if lasting and lasting > 0 else between)
        video = cls(path, times, keys, end, time_base, check_interrupted)
        video._check_times()
        return video

    def _check_times(self) -> None:
        """Refuse times of a damaged or hostile file that would make an endless film."""
        if not 0 < self.seconds <= LONGEST_SECONDS:
            raise MultiTalkError(
                f"The video {self.path} claims to last {self.seconds:g} s, and a film lasts at most "
                f"{LONGEST_SECONDS:g} s: cut it, or repair its time stamps."
            )
        ends = np.append(self.times[1:], self.end)
        longest = int((ends - self.times).argmax())
        still = float(int(ends[longest] - self.times[longest]) * self.time_base)
        if still > LONGEST_STILL:
            raise MultiTalkError(
                f"The video {self.path} shows picture {longest + 1} for {still:g} s, more than "
                f"{LONGEST_STILL:g} s: cut the still part out, or repair the time stamps."
            )

    @property
    def seconds(self) -> float:
        """Duration."""
        return float((self.end - int(self.times[0])) * self.time_base)

    @property
    def fps(self) -> float:
        """Average number of pictures per second."""
        return len(self.times) / self.seconds

    def picture(self) -> Tensor:
        """The first picture, [height, width, 3] in 0..1, at its own size."""
        return next(self.pictures(self.times[:1]))

    def trimmed(self, start: float, seconds: float) -> "VideoFile":
        """The part of `seconds` from `start` on; 0 for everything up to the end.

        Raises
        ------
        MultiTalkError
            When nothing is left.
        """
        begin = self.times[0] + start / self.time_base
        end = begin + seconds / self.time_base if seconds else self.end
        times = self.times[(self.times >= begin) & (self.times < end)]
        if not len(times):
            raise MultiTalkError(f"{self.path} has no pictures after {start:g} s: trim it less.")
        return replace(self, times=times, end=min(self.end, round(end)))

    def pictures(self, times: np.ndarray) -> Iterator[Tensor]:
        """Decode the pictures at some of `times`, which ascend and may repeat.

        Yields
        ------
        Tensor [height, width, 3], float32, in 0..1
            Rotated as a player shows them.

        Raises
        ------
        MultiTalkError
            When the file is damaged.
        """
        key = self.keys[np.searchsorted(self.keys, times[0], side="right") - 1]
        with _failures_reported(self.path):
            decoded = self._decoded(int(key))
            frame = next(decoded, None)
            if frame is None or frame.pts > times[0]:  # without an index, seeking may miss
                decoded = self._decoded(None)
                frame = next(decoded, None)
            shown: Tensor | None = None
            for time in times:
                while frame is not None and frame.pts < time:
                    frame, shown = next(decoded, None), None
                if frame is None:
                    seconds = float((time - self.times[0]) * self.time_base)
                    raise MultiTalkError(
                        f"The video {self.path} is damaged at {seconds:.1f} s: export or copy it again."
                    )
                shown = _upright(frame) if shown is None else shown
                yield shown

    def _decoded(self, start: int | None) -> Iterator["VideoFrame"]:
        """Decoded frames from a key picture on, or all of them."""
        with opened(self.path) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            if start is not None:
                container.seek(start, stream=stream)
            for frame in container.decode(stream):
                self.check_interrupted()
                if frame.pts is not None:
                    check_pixels(frame.width, frame.height, f"The video {self.path}")
                    yield frame


def _timed_packets(
    container: "InputContainer", stream: "VideoStream", check_interrupted: Callable[[], None]
) -> Iterator[tuple[int, int | None, bool]]:
    """For each packet, when its picture is shown, how long, and whether decoding can start there."""
    for packet in container.demux(stream):
        check_interrupted()
        if packet.pts is not None and not packet.is_discard:
            yield packet.pts, packet.duration, packet.is_keyframe


@contextmanager
def _failures_reported(path: Path) -> Iterator[None]:
    import av

    try:
        yield
    except (OSError, av.FFmpegError) as error:
        raise MultiTalkError(f"{path} cannot be read as a video ({error.strerror}).") from error


def _upright(frame: "VideoFrame") -> Tensor:
    levels = np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
    return torch.from_numpy(levels.copy()).float() / 255
