"""Standard output and errors that may be closed, full, or unable to show a character: the work goes on."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ..errors import MultiTalkError

NOBODY_READS = (errno.EPIPE, errno.EINVAL)  # the second on Windows


def plug_closed_streams() -> None:
    """Open what is closed of the three streams: the next file would else get its number, and its text."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


class LastingStream:
    """A stream that goes quiet rather than fail, and escapes the characters that it cannot show.

    Parameters
    ----------
    stream : TextIO or None
        None where it was closed when the program began.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write what can be shown."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        with self._failure_kept():
            self.stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Write what waits."""
        with self._failure_kept():
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    @contextmanager
    def _failure_kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error
            with suppress(OSError):  # what waits in the stream's buffer shall go somewhere
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Both streams last inside.

    Raises
    ------
    MultiTalkError
        At the end, when not all could be printed; but not where nobody reads it any more.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err = LastingStream(sys.stdout), LastingStream(sys.stderr)
    try:
        yield
        out.flush()
        if out.failure is not None and out.failure.errno not in NOBODY_READS:
            raise MultiTalkError(
                f"Not all of the text could be printed ({out.failure.strerror}); everything else was done."
            )
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before
