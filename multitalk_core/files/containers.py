"""Sound and video files as PyAV opens them: alone, without whatever else they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultiTalkError
from .given import unreadable

if TYPE_CHECKING:
    from av import CodecContext
    from av.container import InputContainer
    from av.stream import Stream

PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"v=0")  # HLS, FFmpeg's own and SDP, which waits for a network
OPTIONS = {"protocol_whitelist": "file"}


@contextmanager
def opened(path: Path) -> Iterator["InputContainer"]:
    """A sound or video file, open for reading.

    Raises
    ------
    MultiTalkError
        When the file cannot be opened, or is a list of other files.
    av.FFmpegError
        When it is no sound or video.
    """
    import av

    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise unreadable(path, "file", error) from error
    if start.startswith(PLAYLISTS):
        raise MultiTalkError(f"{path} is a list of other files: give the sound or video itself.")
    # From the root on, so that no name is taken for a protocol.
    with av.open(str(path.absolute()), options=OPTIONS, metadata_errors="replace") as container:
        yield container


def codec_of(stream: "Stream", path: Path) -> "CodecContext":
    """What decodes a stream.

    Raises
    ------
    MultiTalkError
        When FFmpeg does not know how it is coded.
    """
    if stream.codec_context is None:
        raise MultiTalkError(f"{path} is coded in a way that is not known here: export it as mp4 or WAV.")
    return stream.codec_context
