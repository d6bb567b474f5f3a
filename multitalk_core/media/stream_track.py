"""The picture track of a video file, read with PyAV."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MultiTalkError
from ..files.clock import picture_track
from ..files.containers import check_codec, opened
from .display import Display
from .packet_times import PacketTimes
from .picture import check_pixels
from .video_decoding import decoded_frames

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer


@dataclass(frozen=True, eq=False)
class StreamTrack:
    """As `VideoTrack`.

    Attributes
    ----------
    path : Path
    packets : PacketTimes
    display : Display
    claimed : float
        Seconds that the file claims to last; 0 where it claims nothing.
    """

    path: Path
    packets: PacketTimes
    display: Display
    claimed: float

    @classmethod
    def open(cls, path: Path, check_interrupted: Callable[[], None]) -> "StreamTrack":
        """Read the times of all pictures, and the first picture.

        Raises
        ------
        MultiTalkError
            When the file is no video.
        av.FFmpegError
            When it cannot be read at all.
        """
        with opened(path) as container:
            stream = _pictures_of(container, path)
            check_codec(stream, path)
            check_pixels(stream.codec_context.width, stream.codec_context.height, f"The video {path}")
            claimed = _claimed_seconds(stream)
            packets = PacketTimes.read(container, stream, path=path, check_interrupted=check_interrupted)
        with opened(path) as container:
            stream = _pictures_of(container, path)
            first = next(decoded_frames(container, stream, lambda _: None), None)
            if first is None:
                raise MultiTalkError(f"No picture of the video {path} can be decoded: export it again.")
            check_pixels(first.width, first.height, f"The video {path}")
            display = Display.of_frame(first, stream.sample_aspect_ratio, stream.codec_context)
        check_pixels(display.width, display.height, f"The video {path}")
        if not packets.counted and first.pts is not None:
            packets = packets.since(first.pts)  # after a cut, earlier ones lack their key picture
        return cls(path, packets, display, claimed)

    def decoded(
        self, key: int | None, report_damage: Callable[[int], None]
    ) -> "Iterator[tuple[int, VideoFrame]]":
        """As `VideoTrack`."""
        from av import FFmpegError

        times = self.packets.times
        begin = int(times[0] if key is None else key)
        upcoming = begin  # the time of the next picture

        def report(time: int | None) -> None:
            report_damage(upcoming if time is None else time)

        with opened(self.path) as container:
            stream = _pictures_of(container, self.path)
            if key is not None:
                try:
                    container.seek(key, stream=stream)
                except FFmpegError:
                    return
            counted = iter(times[np.searchsorted(times, begin) :])
            for frame in decoded_frames(container, stream, report):
                time = next(counted, None) if self.packets.counted else frame.pts
                if time is not None:
                    later = int(np.searchsorted(times, time, side="right"))
                    upcoming = int(times[min(later, len(times) - 1)])
                    yield int(time), frame


def _pictures_of(container: "InputContainer", path: Path) -> "VideoStream":
    stream = picture_track(container)
    if stream is None:
        found = "a cover and no moving pictures" if container.streams.video else "no pictures"
        raise MultiTalkError(f"{path} contains {found}: choose a video file such as an mp4.")
    return stream


def _claimed_seconds(stream: "VideoStream") -> float:
    """How long a file says that its pictures last; 0 where it does not."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    tag = stream.metadata.get("DURATION", "")  # Matroska's
    try:
        hours, minutes, seconds = map(float, tag.split(":"))
    except ValueError:
        return 0.0
    return 3600 * hours + 60 * minutes + seconds
