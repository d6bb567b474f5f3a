"""Standard output and error that may be closed, full or unable to encode a character, without failing."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ..errors import MultiTalkError

NOBODY_READS = (errno.EPIPE, errno.EINVAL)  # EINVAL on Windows


def plug_closed_streams() -> None:
    """Open the closed ones of the three streams; otherwise the next file gets the number and the output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


class LastingStream:
    """A stream that falls silent instead of failing, and escapes characters it cannot encode.

    Parameters
    ----------
    stream : TextIO or None
        None if it was closed when the program started.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write the text, escaping what the stream cannot encode."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        with self._recorded_failure():
            self.stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        with self._recorded_failure():
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    @contextmanager
    def _recorded_failure(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error
            with suppress(OSError):  # the buffered text needs somewhere to go
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Use lasting streams for standard output and error.

    Raises
    ------
    MultiTalkError
        At the end, when some output could not be printed; a closed pipe is no error.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err = LastingStream(sys.stdout), LastingStream(sys.stderr)
    try:
        yield
        out.flush()
        if out.failure is not None and out.failure.errno not in NOBODY_READS:
            raise MultiTalkError(
                f"Some of the output could not be printed ({out.failure.strerror}); all files were written."
            )
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before
