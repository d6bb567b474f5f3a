"""Open sound and video files with PyAV; files that refer to other files are refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultiTalkError
from .given import unreadable

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"v=0")  # HLS, FFmpeg's own, and SDP, which waits for a network
OPTIONS = {"protocol_whitelist": "file"}


@contextmanager
def opened(path: Path) -> Iterator["InputContainer"]:
    """Open a sound or video file for reading.

    Raises
    ------
    MultiTalkError
        When the file cannot be opened, or is a list of other files.
    av.FFmpegError
        When it is neither sound nor video.
    """
    import av

    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise unreadable(path, "file", error) from error
    if start.startswith(PLAYLISTS):
        raise MultiTalkError(f"{path} is a list of other files: give the sound or video itself.")
    # An absolute path, so that no name is mistaken for a protocol.
    with av.open(str(path.absolute()), options=OPTIONS, metadata_errors="replace") as container:
        yield container


def check_codec(stream: "Stream", path: Path) -> None:
    """Refuse a stream that FFmpeg cannot decode.

    Raises
    ------
    MultiTalkError
        When FFmpeg does not know its codec.
    """
    if stream.codec_context is None:
        raise MultiTalkError(f"{path} uses a codec that FFmpeg does not know: export it as mp4 or WAV.")
