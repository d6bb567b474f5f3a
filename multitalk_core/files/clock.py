"""The clock of a sound or video file: the moment in its time stamps that a player shows as 0:00."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from .containers import opened

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer

# Formats whose time stamps count from the start of the recording, so that a late first sound is late. In
# others (MPEG-TS, MP3, Ogg) they begin anywhere, and the first one is the start.
COUNT_FROM_ZERO = {"mov", "matroska", "avi"}
MICROSECONDS = 1_000_000  # FFmpeg's unit for a container's own times


def time_zero(path: Path) -> Fraction:
    """Time zero of a file, in seconds of its own time stamps.

    It is the presentation of the first picture that a player shows, after edit lists and without pictures
    that lack their key picture. Without a picture track it is 0 where time stamps count from the start of the
    recording, else the container's first time stamp.

    Parameters
    ----------
    path : Path

    Raises
    ------
    MultiTalkError
        When the file cannot be opened.
    av.FFmpegError
        When it is neither sound nor video.
    """
    with opened(path) as container:
        stream = picture_track(container)
        if stream is not None and not is_counted(container, stream):
            first = _first_picture(container, stream)
            if first is not None and first.pts is not None and first.time_base is not None:
                return first.pts * first.time_base
        if COUNT_FROM_ZERO & _names(container):
            return Fraction(0)
        return Fraction(container.start_time or 0, MICROSECONDS)


def picture_track(container: "InputContainer") -> "VideoStream | None":
    """The track whose pictures a player shows: the default one, else the first; a cover is none.

    Parameters
    ----------
    container : InputContainer
    """
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails
    moving = [stream for stream in container.streams.video if not stream.disposition & still]
    default = (stream for stream in moving if stream.disposition & Disposition.default)
    return next(default, moving[0] if moving else None)


def is_counted(container: "InputContainer", stream: "VideoStream") -> bool:
    """Whether pictures follow one another by their number alone: AVI says when they are decoded, not shown.

    Parameters
    ----------
    container : InputContainer
    stream : VideoStream
    """
    codec = stream.codec_context
    return "avi" in _names(container) and codec is not None and bool(codec.has_b_frames)


def _first_picture(container: "InputContainer", stream: "VideoStream") -> "VideoFrame | None":
    """The first picture that can be decoded."""
    from av import FFmpegError

    if stream.codec_context is None:  # FFmpeg does not know the codec
        return None
    for packet in container.demux(stream):
        try:
            pictures = packet.decode()
        except FFmpegError:  # damaged: players go on to the next one
            continue
        if pictures:
            return pictures[0]
    return None


def _names(container: "InputContainer") -> set[str]:
    """FFmpeg's names of a container's format."""
    return set(container.format.name.split(","))
