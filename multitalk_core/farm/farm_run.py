"""A run of the farm: what earlier runs finished stays, the rest is made."""

from collections import deque
from collections.abc import Iterator, Sequence

from ..errors import MultiTalkError
from ..guards.stopping import stoppable
from .farm_driver import FarmDriver, FarmOptions
from .farm_progress import FarmProgress
from .jobs import Job
from .journal import Entry
from .ray_cluster import connected


def run_farm(jobs: Sequence[Job], options: FarmOptions) -> int:
    """Make all films that are not finished.

    Parameters
    ----------
    jobs : sequence of Job
    options : FarmOptions

    Returns
    -------
    int
        How many failed.

    Raises
    ------
    MultiTalkError
        When another farm writes to the output, Ray or ComfyUI is missing, the disk is full, or a finished
        film's job has changed.
    """
    output = options.settings.output
    with output.opened():
        finished = output.finished()
        pending = list(_unfinished(jobs, finished))
        progress = FarmProgress(len(jobs), len(jobs) - len(pending))
        progress.say(f"{progress.finished} of {len(jobs)} films are finished")
        if not pending:
            output.failures.replace([])
            return 0
        output.check_room(options.keep_free)
        servers = options.servers or 1
        with connected(options.cluster, servers=servers, dashboard=options.dashboard) as cluster:
            output.failures.replace([])
            if cluster.dashboard:
                progress.say(f"Ray's dashboard: http://{cluster.dashboard}")
            with stoppable():  # Ray has its own handler for SIGTERM
                return FarmDriver(options, cluster, progress, pending=deque(pending)).run()


def _unfinished(jobs: Sequence[Job], finished: dict[str, Entry]) -> Iterator[Job]:
    for job in jobs:
        record = finished.get(job.id)
        if record is None:
            yield job
        elif record.get("job") != job.digest:
            raise MultiTalkError(
                f"The film {job.id} is finished, and line {job.line} now asks for another one: give it a new "
                "id, or move the film's folder away."
            )
