"""Decode a video track past what is damaged in it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer

# FFmpeg's own decoders leave transparency out.
WITH_ALPHA: dict[str, Literal["libvpx", "libvpx-vp9"]] = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def decoded_frames(
    container: "InputContainer", stream: "VideoStream", report_damage: Callable[[int | None], None]
) -> Iterator["VideoFrame"]:
    """Decode the frames from where the container stands; a packet that cannot be decoded is left out.

    Parameters
    ----------
    container : InputContainer
    stream : VideoStream
    report_damage : callable
        Called with the time of each frame that is damaged, or None where the one after the last cannot be
        decoded at all. (Decoders that work ahead report a packet late, so that its time says nothing.)

    Yields
    ------
    VideoFrame
        In the order in which they are shown.
    """
    from av import FFmpegError

    decode = _decoder(stream)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError:  # the container's own structure
            report_damage(None)
            return
        try:
            frames = decode(packet)
        except FFmpegError:
            report_damage(None)
            continue
        for frame in frames:
            if frame.is_corrupt:
                report_damage(frame.pts)
            yield frame


def _decoder(stream: "VideoStream") -> Callable[["Packet"], list["VideoFrame"]]:
    from av import CodecContext

    name = stream.codec_context.name
    if stream.metadata.get("alpha_mode") == "1" and name in WITH_ALPHA:
        return CodecContext.create(WITH_ALPHA[name], "r").decode
    stream.thread_type = "AUTO"
    return stream.decode
