"""A server of the farm as the driver sees it: an actor, what it does now, and what it is waited for."""

import time
from typing import Any

from ..errors import quoted
from .farm_actor import FarmActor, Report, ServerSettings
from .jobs import Job

START_SECONDS = 120  # that films which failed elsewhere wait for it


class FarmServer:
    """An actor with its server; Ray starts the actor again when it or its machine dies.

    Parameters
    ----------
    name : str
    settings : ServerSettings
    on_gpu : bool
        Whether the actor owns a GPU.
    joined : str, optional
        The address of a server that runs.

    Attributes
    ----------
    failures : int
        Films in a row that failed here first.
    restarted : bool
        Whether it was restarted because of them.
    """

    def __init__(
        self, name: str, settings: ServerSettings, *, on_gpu: bool, joined: str | None = None
    ) -> None:
        import ray

        self.name = name
        self.joined = joined
        self.actor = (
            ray.remote(FarmActor)
            .options(
                name=f"ComfyUI {name}",
                num_gpus=1 if on_gpu else 0,
                num_cpus=0 if joined or on_gpu else 1,
                scheduling_strategy="SPREAD",
                max_restarts=-1,
                max_task_retries=0,
            )
            .remote(name, settings, token=settings.output.token, joined=joined)
        )
        self.job: Job | None = None
        self.prompt: str | None = None
        self.ready = False
        self.failures = 0
        self.restarted = False
        self.waited: Any = None
        self.start()

    @property
    def idle(self) -> bool:
        """Whether it can take a job."""
        return self.ready and self.job is None

    @property
    def expected(self) -> bool:
        """Whether it is ready or busy, or may soon be."""
        return self.ready or time.monotonic() - self.asked < START_SECONDS

    def rest(self) -> None:
        """Wait for a job."""
        self.ready, self.job, self.prompt, self.waited = True, None, None, None

    def start(self, again: bool = False) -> None:
        """Start its server, if it does not run; `again` ends it before."""
        self.ready, self.job, self.prompt = False, None, None
        self.asked = time.monotonic()
        start = self.actor.start.options(name=f"start {self.name}", max_task_retries=-1)
        self.waited = start.remote(again)

    def end(self) -> None:
        """End its actor, and the server that this owns."""
        import ray

        ray.kill(self.actor)
        self.waited = None

    def take(self, job: Job) -> None:
        """Begin a job.

        Raises
        ------
        MultiTalkError
            When its graph has changed since it was checked.
        """
        graph = job.composed()
        self.job = job
        make = self.actor.make.options(name=f"film {job.id}", num_returns="streaming")
        self.waited = make.remote(job.id, graph, job.digest)

    def report(self) -> Report:
        """The next report, once Ray says that there is one; a dead actor is a lost server."""
        import ray

        try:
            report = ray.get(next(self.waited) if self.ready else self.waited)
        except ray.exceptions.RayTaskError as error:  # such as a full disk: what it raised
            return Report("lost", f"{self.name} could not go on ({quoted(error.cause)}).")
        except (StopIteration, ray.exceptions.RayError):
            return Report("lost", f"The actor of {self.name} died.")
        if report.kind == "queued":
            self.prompt = report.text
        return report
