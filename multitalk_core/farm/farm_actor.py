"""What runs in a Ray actor: one server, one film at a time."""

import os
import shutil
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import MultiTalkError
from .api_graph import ApiGraph
from .comfy_api import ComfyApi, FailedGraph, LostServer
from .comfy_child import ComfyChild, ComfyFolders
from .comfy_place import ComfyPlace
from .farm_folder import FarmFolder
from .journal import Entry

REPORT_SECONDS = 1.0
JOIN_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """What all servers of a farm share.

    Attributes
    ----------
    output : FarmFolder
    inputs, user : Path
        ComfyUI's input and user folders.
    comfyui, python : Path or None
        ComfyUI's folder and interpreter; None looks for them on the server's machine.
    options : tuple of str
        Further ones for ComfyUI's main.py.
    """

    output: FarmFolder
    inputs: Path
    user: Path
    comfyui: Path | None
    python: Path | None
    options: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What an actor reports of its server or of a film.

    Attributes
    ----------
    kind : str
        Of a server: "ready" (`text` is where it is), "failed" or "lost". Of a film: "queued" (`text` is the
        id of the queued graph), "running", "finished", "failed" or "lost".
    text : str
    record : Entry or None
        Of a finished film.
    """

    kind: str
    text: str = ""
    record: Entry | None = None


class FarmActor:
    """One server, which the actor owns or joins.

    Parameters
    ----------
    name : str
    settings : ServerSettings
    token : str
        Of the output.
    joined : str or None
        The address of a server that runs; None starts one.
    """

    def __init__(self, name: str, settings: ServerSettings, *, token: str, joined: str | None) -> None:
        self.name = name
        self.settings = settings
        self.token = token
        self.joined = joined
        self.child: ComfyChild | None = None
        self.folders = ComfyFolders(
            own=settings.output.root / "servers" / name,
            log=settings.output.root / "logs" / f"{name}.log",
            inputs=settings.inputs,
            user=settings.user,
        )

    def __repr__(self) -> str:  # what Ray's dashboard shows
        return self.name

    def start(self, again: bool) -> Report:
        """Start the server, if it does not run, or look whether the joined one answers.

        Parameters
        ----------
        again : bool
            End it before, if it runs.

        Returns
        -------
        Report
            "ready"; "failed" when there is no ComfyUI, it does not start, or films cannot be delivered from
            this machine; "lost" when the joined server does not answer.
        """
        try:
            import websocket  # noqa: F401

            self.settings.output.check(self.token)
        except ImportError:
            where = os.uname().nodename
            return Report("failed", f"No websocket-client on {where}: pip install websocket-client.")
        except (MultiTalkError, OSError) as error:
            return Report("failed", str(error))
        if self.joined is not None:
            if ComfyApi(self.joined).answers():
                return Report("ready", self.joined)
            time.sleep(JOIN_SECONDS)  # it may be starting
            return Report("lost", f"No ComfyUI answers at {self.joined}.")
        try:
            if again and self.child is not None:
                self.child.stop()
            if self.child is None or not self.child.lives():
                place = ComfyPlace.find(self.settings.comfyui, self.settings.python)
                self.child = ComfyChild(place, self.folders, self.settings.options)
        except (MultiTalkError, OSError) as error:
            return Report("failed", str(error))
        where = f"{self.child.api.url} on {os.uname().nodename}, process {self.child.process.pid}"
        return Report("ready", where)

    def make(self, name: str, graph: ApiGraph, digest: str) -> Iterator[Report]:
        """Make a film; Ray streams the reports to the driver.

        Parameters
        ----------
        name : str
            The job's id.
        graph : ApiGraph
        digest : str
            Of the job, for its record.

        Yields
        ------
        Report
            The last is "finished", "failed" or "lost".
        """
        started = time.time()
        try:
            saved = yield from self._followed(saving_below(graph, name))
            if not saved:
                raise FailedGraph("the graph saves no file: add a node such as Save Video.")
            yield Report("finished", record=self._delivered(name, saved, digest=digest, started=started))
        except FailedGraph as failure:
            yield Report("failed", str(failure))
        except LostServer as loss:
            yield Report("lost", str(loss))

    def _followed(self, graph: ApiGraph) -> Generator[Report, None, list[dict[str, str]]]:
        """Run the graph and report, not too often; the files that it saved."""
        events = self._api.run(graph)
        yield Report("queued", next(events))
        last, reported = "", 0.0
        while True:
            try:
                text = next(events)
            except StopIteration as end:
                return end.value
            if text != last and time.monotonic() - reported >= REPORT_SECONDS:
                last, reported = text, time.monotonic()
                yield Report("running", text)

    def _delivered(self, name: str, saved: list[dict[str, str]], *, digest: str, started: float) -> Entry:
        """Fetch the files and make the film's folder appear; the server's own copies go."""
        output = self.settings.output
        part = output.new_part(name)
        try:
            files = [self._api.fetch(file, part).name for file in saved]
            record: Entry = {
                "id": name,
                "files": files,
                "server": self.name,
                "seconds": round(time.time() - started, 1),
                "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "job": digest,
            }
            record = output.deliver(part, record)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        if self.child is not None:
            self.folders.empty()
        return record

    @property
    def _api(self) -> ComfyApi:
        if self.joined is not None:
            return ComfyApi(self.joined)
        if self.child is None:
            raise LostServer(f"{self.name} has not started.")
        return self.child.api


def saving_below(graph: ApiGraph, name: str) -> ApiGraph:
    """The graph with its files below the job's name.

    ComfyUI's cache then never hands out a file of another job, and in the output folder of a joined server
    no film takes the name of another.
    """
    return {
        number: {**node, "inputs": {**node["inputs"], "filename_prefix": f"{name}/{prefix}"}}
        if isinstance(prefix := node["inputs"].get("filename_prefix"), str)
        else node
        for number, node in graph.items()
    }
