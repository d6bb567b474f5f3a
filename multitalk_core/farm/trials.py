"""Films that failed on one server and are to be tried on another: it shows whose fault it was."""

from collections.abc import Iterator
from dataclasses import dataclass

from .farm_server import FarmServer
from .jobs import Job


@dataclass(frozen=True)
class Trial:
    """A film that failed.

    Attributes
    ----------
    job : Job
    server : FarmServer
        On which it failed.
    sentence : str
        Why.
    """

    job: Job
    server: FarmServer
    sentence: str


class Trials:
    """The films that failed on one server, until another has tried them."""

    def __init__(self) -> None:
        self._waiting: dict[str, Trial] = {}
        self._begun: dict[str, Trial] = {}

    def __bool__(self) -> bool:
        """Whether a film waits for another server."""
        return bool(self._waiting)

    def add(self, trial: Trial) -> None:
        """A film waits for another server."""
        self._waiting[trial.job.id] = trial

    def take(self, server: FarmServer) -> Job | None:
        """The next film that another server is to try, and that this one can."""
        for name, trial in self._waiting.items():
            if trial.server is not server:
                self._begun[name] = self._waiting.pop(name)
                return trial.job
        return None

    def again(self, job: Job) -> bool:
        """A film was lost with its server: whether it waits here for the next one."""
        trial = self._begun.pop(job.id, None)
        if trial is not None:
            self._waiting[job.id] = trial
        return trial is not None

    def end(self, job: Job) -> Trial | None:
        """A film has ended: its trial, if it had failed before."""
        return self._begun.pop(job.id, None) or self._waiting.pop(job.id, None)

    def drop(self, server: FarmServer) -> Iterator[Job]:
        """Remove what failed on a server and waits: where that is restarted, any may make it."""
        for trial in [each for each in self._waiting.values() if each.server is server]:
            del self._waiting[trial.job.id]
            yield trial.job

    def without(self, servers: list[FarmServer]) -> Iterator[Trial]:
        """Films that have failed on the only one of these servers."""
        for trial in list(self._waiting.values()):
            if servers and all(server is trial.server for server in servers):
                yield trial

    def concern(self, server: FarmServer) -> bool:
        """Whether films failed on a server that no other has tried yet."""
        return any(trial.server is server for trial in (*self._waiting.values(), *self._begun.values()))
