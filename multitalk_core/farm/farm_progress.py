"""What a farm prints: films as they begin, go on, finish and fail."""

import sys
import time

from ..errors import LONGEST_MESSAGE, printable
from .jobs import Job

SHOWN_SECONDS = 10.0  # between two lines about the same film


class FarmProgress:
    """Lines on standard output.

    Parameters
    ----------
    films : int
        All that the jobs ask for.
    finished : int
        Those that earlier runs finished.
    """

    def __init__(self, films: int, finished: int) -> None:
        self.films, self.finished, self.failed = films, finished, 0
        self._shown: dict[str, float] = {}

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        print(printable(sentence, LONGEST_MESSAGE))
        sys.stdout.flush()

    def begin(self, job: Job, server: str) -> None:
        """A server has taken a job."""
        self._shown[job.id] = time.monotonic()
        self.say(f"{job.id} begins on {server}")

    def running(self, job: Job, server: str, text: str) -> None:
        """How far a film is, from time to time."""
        if time.monotonic() - self._shown[job.id] >= SHOWN_SECONDS:
            self._shown[job.id] = time.monotonic()
            self.say(f"{job.id} on {server}: {text}")

    def ended(self, job: Job, sentence: str, *, failed: bool) -> None:
        """A film is finished, or has failed."""
        self._shown.pop(job.id, None)
        self.failed += failed
        self.finished += not failed
        self.say(f"{sentence} ({self.finished} of {self.films} films finished{self._failures()})")

    def _failures(self) -> str:
        return f", {self.failed} failed" if self.failed else ""
