"""What a farm's driver costs for each report, by the number of servers: WAIT, WATCHED, REPORT of inputs.py.

    python -m tools.scale.driver_trial 100 256 1000 2000

It needs Ray (`make ray`, then .venv-farm/bin/python). The driver is the farm's own; ten actors stand for all
servers, and stream reports instead of making films. Seconds are CPU seconds of the driver's own thread.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from multitalk_core.farm.farm_actor import Report, ServerSettings
from multitalk_core.farm.farm_driver import FarmDriver, FarmOptions
from multitalk_core.farm.farm_folder import FarmFolder
from multitalk_core.farm.farm_progress import FarmProgress
from multitalk_core.farm.farm_server import FarmServer
from multitalk_core.farm.jobs import Job
from multitalk_core.farm.ray_cluster import RayCluster, connected

ACTORS = 10
SECONDS = 10.0  # of each measurement
BEFORE = 5.0  # until reports come evenly


class Reporter:
    """Streams reports of many films, one every so many seconds of each."""

    def __init__(self, every: float) -> None:
        self.every = every

    async def start(self, again: bool) -> Report:
        """Every server is ready."""
        return Report("ready", "a stand-in")

    async def make(self, name: str, graph: object, digest: str) -> AsyncIterator[Report]:
        """A film that does not end."""
        yield Report("queued", name)
        await asyncio.sleep(random.uniform(0, self.every))
        while True:
            yield Report("running", "MultiTalk Long Video 1 of 8")
            await asyncio.sleep(self.every)


class StandIn(FarmServer):
    """A server whose actor is shared with others."""

    def __init__(self, name: str, actor: Any) -> None:
        self.name, self.joined, self.actor = name, None, actor
        self.failures, self.restarted, self.waited = 0, False, None
        self.start()


class CountedProgress(FarmProgress):
    """Counts the reports of films that run."""

    reports = 0

    def running(self, job: Job, server: str, text: str) -> None:
        """One report."""
        self.reports += 1
        super().running(job, server, text)


def driver_of(cluster: RayCluster, output: FarmFolder, progress: FarmProgress, *, servers: int) -> FarmDriver:
    """The farm's driver, which has a film for each server."""
    settings = ServerSettings(
        output=output, inputs=output.root, user=output.root, comfyui=None, python=None, options=()
    )
    options = FarmOptions(
        settings=settings,
        servers=servers,
        joined=(),
        cluster=None,
        dashboard=False,
        retries=0,
        keep_free=0.0,
    )
    jobs = deque(Job(line, f"film-{line}", {}, {}, "") for line in range(servers))
    return FarmDriver(options, cluster, progress, pending=jobs)


def work(driver: FarmDriver, seconds: float) -> None:
    """What the driver does all day."""
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        driver._give()
        driver._wait()


def measured(cluster: RayCluster, output: FarmFolder, *, servers: int, every: float) -> tuple[float, float]:
    """CPU seconds of the driver for each report, and reports a second."""
    import ray

    progress = CountedProgress(servers, 0)
    driver = driver_of(cluster, output, progress, servers=servers)
    actors = [
        ray.remote(Reporter)
        .options(num_cpus=0, max_concurrency=2 * servers // ACTORS, max_restarts=-1)
        .remote(every)
        for _ in range(ACTORS)
    ]
    driver.servers = [StandIn(f"server-{number}", actors[number % ACTORS]) for number in range(servers)]
    while len(driver._busy()) < servers:
        work(driver, 0.1)
    work(driver, BEFORE)
    progress.reports, before = 0, time.thread_time()
    work(driver, SECONDS)
    seconds = time.thread_time() - before
    for actor in actors:
        ray.kill(actor)
    return seconds / progress.reports, progress.reports / SECONDS


def main() -> None:
    """Measure, and print a line for each number of servers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("servers", type=int, nargs="+")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between two reports of a server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        output = FarmFolder(Path(folder))
        with output.opened(), connected(None, servers=ACTORS, dashboard=False) as cluster:
            for servers in options.servers:
                with redirect_stdout(StringIO()):
                    each, rate = measured(cluster, output, servers=servers, every=options.every)
                print(
                    f"{servers:6,} servers: {each * 1e6:8.1f} µs a report, {rate:6.0f} reports a second",
                    flush=True,
                )


if __name__ == "__main__":
    main()
