"""A video file as players show it, read clip by clip and never as a whole.

Knows PyAV; knows nothing of films or models.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ..errors import MultiTalkError
from ..files.given import check_file
from ..guards.interruption import uninterrupted
from ..limits import LONGEST_HOLE, LONGEST_SECONDS, LONGEST_STILL
from .animated_webp import AnimatedWebp, is_webp
from .picture import check_pixels
from .places import listed, stretches
from .stream_track import StreamTrack
from .video_track import VideoTrack

if TYPE_CHECKING:
    from av import VideoFrame

CUT_SHORT = 0.5  # seconds that a file may last less than it claims
FURTHER_BACK = (0, 1, 3)  # keys before the nearest one, where seeking lands too late


@dataclass(frozen=True, eq=False, kw_only=True)
class VideoFile:
    """A video file: the times of its pictures in memory, the pictures on disk.

    Attributes
    ----------
    path : Path
    track : VideoTrack
        Of the whole file.
    times : np.ndarray [pictures], int64
        When each picture is shown, ascending, in units of `time_base`.
    end : int
        When the last picture ends.
    check_interrupted : callable
        Called for each picture that is decoded; raises to stop.
    damaged : set of int
        Times at which something could not be decoded so far.
    """

    path: Path
    track: VideoTrack
    times: np.ndarray
    end: int
    check_interrupted: Callable[[], None] = uninterrupted
    damaged: set[int] = field(default_factory=set)

    @classmethod
    def open(cls, path: str | Path, check_interrupted: Callable[[], None] = uninterrupted) -> "VideoFile":
        """Read the times of all pictures, and the first picture.

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
        with _failures_reported(path):
            reader: type[AnimatedWebp | StreamTrack] = AnimatedWebp if is_webp(path) else StreamTrack
            track = reader.open(path, check_interrupted)
        video = cls(
            path=path,
            track=track,
            times=track.packets.times,
            end=track.packets.end,
            check_interrupted=check_interrupted,
        )
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

    @property
    def time_base(self) -> Fraction:
        """Unit of the times in seconds."""
        return self.track.packets.time_base

    def picture(self) -> Tensor:
        """The first picture, [height, width, 3] in 0..1, at its own size."""
        return next(self.pictures(self.times[:1]))

    def notes(self) -> list[str]:
        """What a user may want to know of how the file is read, a sentence each."""
        name, packets = self.path.name, self.track.packets
        notes = [f"{name} {note}" for note in self.track.display.notes()]
        lasts = float((packets.end - int(packets.times[0])) * self.time_base)
        if self.track.claimed - lasts > CUT_SHORT:
            notes.append(f"{name} is cut short: it ends after {lasts:.2f} s of {self.track.claimed:.2f} s")
        if packets.gaps:
            gaps = (
                f"from {self._seconds(start):.2f} to {self._seconds(end):.2f} s"
                for start, end in packets.gaps
            )
            notes.append(f"{name} has no pictures {listed(gaps)}: the picture before stays")
        return notes

    def damage(self) -> list[str]:
        """What could not be decoded so far, a sentence each."""
        seconds = sorted({round(max(0.0, self._seconds(time)), 1) for time in self.damaged})
        if not seconds:
            return []
        return [
            f"{self.path.name} is damaged {listed(stretches(seconds))}: where nothing can be decoded, the "
            "picture before stays"
        ]

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
            As a player shows them: upright, with square pixels, in sRGB. Where the file is damaged, the
            picture before.

        Raises
        ------
        MultiTalkError
            When the file is damaged over more than `LONGEST_HOLE` seconds.
        """
        with _failures_reported(self.path):
            decoded = self._decoded_up_to(int(times[0]))
            current, upcoming = next(decoded, None), next(decoded, None)
            shown: Tensor | None = None
            for time in times:
                while current and upcoming and current[0] < time and upcoming[0] <= time:
                    current, upcoming, shown = upcoming, next(decoded, None), None
                if current is None or self._seconds(int(time)) - self._seconds(current[0]) > LONGEST_HOLE:
                    raise MultiTalkError(
                        f"The video {self.path} is damaged at {self._seconds(int(time)):.1f} s: export or "
                        "copy it again."
                    )
                if upcoming is None and current[0] < time:
                    self.damaged.add(int(time))
                shown = self.track.display.picture(current[1]) if shown is None else shown
                yield shown

    def _seconds(self, time: int) -> float:
        """A time counted from the first picture."""
        return float((time - int(self.times[0])) * self.time_base)

    def _decoded_up_to(self, time: int) -> "Iterator[tuple[int, VideoFrame]]":
        """Decoded frames and their times, from a key picture on that lets the one at `time` be decoded."""
        keys = self.track.packets.keys
        index = int(np.searchsorted(keys, time, side="right")) - 1
        for key in (keys[max(0, index - back)] for back in FURTHER_BACK if index > back):
            decoded = self._decoded(int(key))
            first = next(decoded, None)
            if first is not None and first[0] <= time:
                return chain([first], decoded)
        return self._decoded(None)  # without an index, seeking may miss

    def _decoded(self, key: int | None) -> "Iterator[tuple[int, VideoFrame]]":
        """Decoded frames and their times from a key picture on, or from the start of the file."""
        for time, frame in self.track.decoded(key, self.damaged.add):
            self.check_interrupted()
            check_pixels(frame.width, frame.height, f"The video {self.path}")
            yield time, frame


@contextmanager
def _failures_reported(path: Path) -> Iterator[None]:
    import av

    try:
        yield
    except (OSError, av.FFmpegError) as error:
        raise MultiTalkError(
            f"{path} cannot be read as a video ({error.strerror}): it is cut short, damaged or no video, so "
            "copy or export it again."
        ) from error
