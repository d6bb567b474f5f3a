"""The farm's driver: gives jobs to servers, one each, until all are films or failures."""

import shutil
import time
from collections import Counter, deque
from dataclasses import dataclass, replace

from ..errors import MultiTalkError
from ..guards.memory import GIGABYTE
from .comfy_api import ComfyApi
from .farm_actor import Report, ServerSettings
from .farm_progress import FarmProgress
from .farm_server import FarmServer
from .jobs import Job
from .ray_cluster import RayCluster

LOOK_SECONDS = 1.0
GROW_SECONDS = 10.0
PATIENCE_SECONDS = 120.0  # until it says that no server is ready
MOST_STARTS = 3  # in a row that fail, until a server is given up


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
        self.failed_starts: Counter[str] = Counter()  # by the server's name
        self.servers: list[FarmServer] = []
        self.begun = 0  # servers
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
            while self.pending or self._busy():
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
            self._cancel()
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
        if not gpus and not self.options.servers and self.options.cluster:
            raise MultiTalkError("The cluster has no GPU: say with --servers how many servers use its CPUs.")
        while self.begun < (self.options.servers or gpus or 1):
            self._add(None, on_gpu=gpus > 0)

    def _add(self, joined: str | None, on_gpu: bool = False) -> None:
        self.begun += 1
        settings = self.options.settings
        if joined is None and not on_gpu:
            settings = replace(settings, options=("--cpu", *settings.options))
        self.servers.append(FarmServer(f"server-{self.begun}", settings, on_gpu=on_gpu, joined=joined))

    def _give(self) -> None:
        """Give a job to each server that has none, while the disk has room."""
        for server in self.servers:
            if not (server.idle and self.pending):
                continue
            if self._is_full():
                if not self._busy():
                    raise MultiTalkError(
                        f"The disk of {self.options.settings.output.root} has less than "
                        f"{self.options.keep_free:g} GB free: free some space, or lower --keep-free, and run "
                        "the same command again to continue."
                    )
                return
            job = self.pending.popleft()
            try:
                server.take(job)
            except MultiTalkError as error:  # its graph has changed since it was checked
                self._fail(job, server, str(error))
            else:
                self.progress.begin(job, server.name)

    def _is_full(self) -> bool:
        free = shutil.disk_usage(self.options.settings.output.root).free
        return free < self.options.keep_free * GIGABYTE

    def _wait(self) -> None:
        """Take the reports that come within a moment."""
        import ray

        waited = [server.waited for server in self.servers if server.waited is not None]
        if not waited:
            return
        ready, _ = ray.wait(waited, num_returns=1, timeout=LOOK_SECONDS)
        for server in list(self.servers):
            if any(server.waited is each for each in ready):
                self._follow(server, server.report())
        if self._busy() or any(server.ready for server in self.servers):
            self.last_ready = time.monotonic()
        elif time.monotonic() - self.last_ready >= PATIENCE_SECONDS:
            self.last_ready = time.monotonic()
            self.progress.say("No server is ready: waiting for ComfyUI to start, or for a machine to join.")

    def _follow(self, server: FarmServer, report: Report) -> None:
        job = server.job
        if job is None:
            self._follow_start(server, report)
        elif report.kind == "running":
            self.progress.running(job, server.name, report.text)
        elif report.kind == "finished":
            assert report.record is not None
            self.options.settings.output.results.append(report.record)
            seconds = report.record["seconds"]
            self.progress.ended(job, f"{job.id} is finished, {seconds:g} s on {server.name}", failed=False)
            server.rest()
        elif report.kind == "failed":
            self._fail(job, server, report.text)
            server.rest()
        elif report.kind == "lost":
            self._lose(job, server, report.text)

    def _follow_start(self, server: FarmServer, report: Report) -> None:
        if report.kind == "ready":
            self.failed_starts[server.name] = 0
            server.rest()
            self.progress.say(f"{server.name} is ready: {report.text}")
            return
        self.failed_starts[server.name] += 1
        if self.failed_starts[server.name] == 1:
            self.progress.say(f"{server.name}: {report.text}")
        if self.failed_starts[server.name] < MOST_STARTS:
            server.start()
            return
        self.servers.remove(server)
        if not self.servers:
            raise MultiTalkError(f"No server is left. {report.text}")

    def _fail(self, job: Job, server: FarmServer, sentence: str) -> None:
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
            self.pending.appendleft(job)
            self.progress.say(f"{job.id} begins again: {sentence}")
        server.start()

    def _cancel(self) -> None:
        """Stop what still runs on servers that the farm has joined; its own end with it."""
        for server in self._busy():
            if server.joined and server.prompt:
                ComfyApi(server.joined).cancel(server.prompt)
