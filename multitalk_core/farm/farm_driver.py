"""The farm's driver: gives jobs to servers, one each, until all are films or failures."""

import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, replace

from ..errors import MultiTalkError
from .comfy_api import ComfyApi
from .farm_actor import Report, ServerSettings
from .farm_progress import FarmProgress
from .farm_server import FarmServer
from .jobs import Job
from .ray_cluster import RayCluster
from .store_room import store_warning
from .trials import Trial, Trials

GATHER_SECONDS = 0.05  # of reports that are taken together
GROW_SECONDS = 10.0
PATIENCE_SECONDS = 120.0  # until it says that no server is ready
MOST_STARTS = 3  # in a row that fail, until a server is given up
MOST_FAILURES = 3  # of films in a row, until a server is restarted


@dataclass(frozen=True, kw_only=True)
class FarmOptions:
    """How a farm works.

    Attributes
    ----------
    settings : ServerSettings
    servers : int or None
        How many; None is one for each GPU, or one where there is none.
    joined : tuple of str
        Addresses of servers that run; then none is started.
    cluster : str or None
        Ray's address; None starts Ray on this machine.
    dashboard : bool
    retries : int
        How often a film begins again after its server was lost.
    keep_free : float
        GB of disk space at the output.
    """

    settings: ServerSettings
    servers: int | None
    joined: tuple[str, ...]
    cluster: str | None
    dashboard: bool
    retries: int
    keep_free: float


class FarmDriver:
    """Gives jobs to servers.

    Parameters
    ----------
    options : FarmOptions
    cluster : RayCluster
    progress : FarmProgress
    pending : deque of Job
        What is to be made.
    """

    def __init__(
        self, options: FarmOptions, cluster: RayCluster, progress: FarmProgress, *, pending: deque[Job]
    ) -> None:
        self.options, self.cluster, self.progress = options, cluster, progress
        self.pending = pending
        self.losses: Counter[str] = Counter()  # by the job's id
        self.trials = Trials()
        self.failed_starts: Counter[str] = Counter()  # by the server's name
        self.servers: list[FarmServer] = []
        self.begun = 0  # servers
        self.answered = False  # whether a server has ever been ready
        self.warned = False  # of a store that is too small
        self.grown = self.last_ready = time.monotonic()

    def run(self) -> int:
        """Make all films, and return how many failed.

        Raises
        ------
        MultiTalkError
            When no server starts, or the disk is full.
        KeyboardInterrupt
            After Ctrl-C or SIGTERM.
        """
        self._grow()
        try:
            while self.pending or self.trials or self._busy():
                if time.monotonic() - self.grown >= GROW_SECONDS:
                    self._grow()
                self._give()
                self._wait()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"{self.progress.finished} of {self.progress.films} films are finished; run the same command "
                "again to continue."
            ) from None
        finally:
            for server in self._busy():
                _cancel(server)
        return self.progress.failed

    def _busy(self) -> list[FarmServer]:
        return [server for server in self.servers if server.job is not None]

    def _grow(self) -> None:
        """Add servers for machines that have joined."""
        self.grown = time.monotonic()
        if self.options.joined:
            while self.begun < len(self.options.joined):
                self._add(self.options.joined[self.begun])
            return
        gpus = self.cluster.gpus
        if not (gpus or self.begun or self.options.servers) and self.options.cluster:
            raise MultiTalkError("The cluster has no GPU: say with --servers how many servers use its CPUs.")
        while self.begun < (self.options.servers or gpus or 1):
            self._add(None, on_gpu=gpus > 0)
        self._check_store()

    def _check_store(self) -> None:
        """Say once when the servers may need a larger store, as far as the next film's graph shows."""
        if self.warned or not self.pending:
            return
        with suppress(MultiTalkError):  # `_give` reports a graph that has changed
            if warning := store_warning(self.pending[0].composed(), self.begun):
                self.warned = True
                self.progress.say(warning)

    def _add(self, joined: str | None, on_gpu: bool = False) -> None:
        self.begun += 1
        settings = self.options.settings
        if joined is None and not on_gpu:
            settings = replace(settings, options=("--cpu", *settings.options))
        self.servers.append(FarmServer(f"server-{self.begun}", settings, on_gpu=on_gpu, joined=joined))

    def _give(self) -> None:
        """Give a job to each server that has none, while the disk has room."""
        for trial in self.trials.without([server for server in self.servers if server.expected]):
            self._fail(trial.job, trial.server, trial.sentence)
        for server in self.servers:
            if not (server.idle and (self.pending or self.trials)):
                continue
            try:
                self.options.settings.output.check_room(self.options.keep_free)
            except MultiTalkError:
                if self._busy():
                    return
                raise
            job = self._next_for(server)
            if job is None:
                continue
            try:
                server.take(job)
            except MultiTalkError as error:  # its graph has changed since it was checked
                self._fail(job, server, str(error))
            else:
                self.progress.begin(job, server.name)

    def _next_for(self, server: FarmServer) -> Job | None:
        """First what failed elsewhere; nothing new for a server that may be at fault itself."""
        job = self.trials.take(server)
        in_doubt = server.failures >= MOST_FAILURES and self.trials.concern(server)
        if job is None and self.pending and not in_doubt:
            return self.pending.popleft()
        return job

    def _wait(self) -> None:
        """Take all reports that come within a moment: each wait costs as much as there are servers."""
        import ray

        waited = {server.waited: server for server in self.servers if server.waited is not None}
        if not waited:
            return
        ready, _ = ray.wait(list(waited), num_returns=len(waited), timeout=GATHER_SECONDS)
        self._follow_all([(waited[each], waited[each].report()) for each in ready])
        if self._busy() or any(server.ready for server in self.servers):
            self.last_ready = time.monotonic()
        elif time.monotonic() - self.last_ready >= PATIENCE_SECONDS:
            self.last_ready = time.monotonic()
            self.progress.say("No server is ready: waiting for ComfyUI to start, or for a machine to join.")

    def _follow_all(self, reports: list[tuple[FarmServer, Report]]) -> None:
        """First what is finished, before a server is blamed that has finished a film too."""
        finished = [(server, report) for server, report in reports if report.kind == "finished"]
        for trial in [self._finish(server, report) for server, report in finished]:
            self._blame(trial)
        for server, report in reports:
            if report.kind != "finished" and server in self.servers:  # else it is given up
                self._follow(server, report)

    def _finish(self, server: FarmServer, report: Report) -> Trial | None:
        """Record a film; returns its trial, if it had failed before."""
        job, record = server.job, report.record
        assert job is not None and record is not None
        self.options.settings.output.results.append(record)
        seconds = record["seconds"]
        self.progress.ended(job, f"{job.id} is finished, {seconds:g} s on {server.name}", failed=False)
        server.failures, server.restarted = 0, False
        server.rest()
        return self.trials.end(job)

    def _follow(self, server: FarmServer, report: Report) -> None:
        job = server.job
        if job is None:
            self._follow_start(server, report)
        elif report.kind == "running":
            self.progress.running(job, server.name, report.text)
        elif report.kind == "failed":
            server.rest()
            self._doubt(job, server, report.text)
        elif report.kind == "lost":
            self._lose(job, server, report.text)

    def _follow_start(self, server: FarmServer, report: Report) -> None:
        if report.kind == "ready":
            self.failed_starts[server.name] = 0
            self.answered = True
            server.rest()
            self.progress.say(f"{server.name} is ready: {report.text}")
            return
        self.failed_starts[server.name] += 1
        if self.failed_starts[server.name] == 1:
            self.progress.say(f"{server.name}: {report.text}")
        if self.failed_starts[server.name] < MOST_STARTS or (server.joined and self.answered):
            server.start()
        else:
            self._give_up(server, report.text)

    def _give_up(self, server: FarmServer, sentence: str) -> None:
        if server.job is not None:
            _cancel(server)
            self._put_back(server.job)
        self.servers.remove(server)
        server.end()
        if not self.servers:
            raise MultiTalkError(f"No server is left. {sentence}")
        self.progress.say(f"{server.name} is given up. {sentence}")

    def _doubt(self, job: Job, server: FarmServer, sentence: str) -> None:
        """Try a failed film on another server, once; restart one on which a row of films failed."""
        trial = self.trials.end(job)
        if trial is not None:  # the film is at fault
            trial.server.failures = max(0, trial.server.failures - 1)
            self._fail(job, server, sentence)
            return
        server.failures += 1
        if any(other.expected for other in self.servers if other is not server):
            self.trials.add(Trial(job, server, sentence))
            self.progress.say(f"{job.id} failed on {server.name} and is tried on another one: {sentence}")
        else:
            self._fail(job, server, sentence)
        if server.failures >= MOST_FAILURES and not server.restarted and not server.joined:
            server.failures, server.restarted = 0, True
            self.pending.extendleft(reversed(list(self.trials.drop(server))))
            self.progress.say(f"{server.name} is restarted: {MOST_FAILURES} films in a row failed there.")
            server.start(again=True)

    def _blame(self, trial: Trial | None) -> None:
        """Give up a server on which a row of films failed, once another has made one of them."""
        if trial is not None and trial.server in self.servers and trial.server.failures >= MOST_FAILURES:
            self._give_up(
                trial.server,
                f"Films fail there that another server makes, such as {trial.job.id}: {trial.sentence}",
            )

    def _fail(self, job: Job, server: FarmServer, sentence: str) -> None:
        self.trials.end(job)
        failure = {"id": job.id, "line": job.line, "error": sentence, "server": server.name}
        self.options.settings.output.failures.append(failure)
        self.progress.ended(job, f"{job.id} failed on {server.name}: {sentence}", failed=True)

    def _lose(self, job: Job, server: FarmServer, sentence: str) -> None:
        """Begin the film again, before all others and on the first server that is free."""
        self.losses[job.id] += 1
        if self.losses[job.id] > self.options.retries:
            times = self.losses[job.id]
            self._fail(job, server, f"its server was lost {times} times. {sentence}")
        else:
            self._put_back(job)
            self.progress.say(f"{job.id} begins again: {sentence}")
        server.start()

    def _put_back(self, job: Job) -> None:
        if not self.trials.again(job):
            self.pending.appendleft(job)


def _cancel(server: FarmServer) -> None:
    """Stop what runs on a server that the farm has joined; its own end with it."""
    if server.joined and server.prompt:
        ComfyApi(server.joined).cancel(server.prompt)
