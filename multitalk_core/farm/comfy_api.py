"""A ComfyUI server over HTTP and its websocket: a graph queued, followed to its end, its files fetched."""

import http.client
import json
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any

from ..errors import MultiTalkError, quoted
from ..files.outputs import free_name
from .api_graph import ApiGraph, node_title

SECONDS = 30  # for an answer
LOOK_SECONDS = 5  # between two looks at whether the server lives
TEXT = 3  # kind of a binary message
OWN_CHECK = "exception_during"  # of a node's own check, which names the input itself
LOST = (OSError, http.client.HTTPException, json.JSONDecodeError)


class LostServer(Exception):
    """The server ended, or does not answer."""


class FailedGraph(MultiTalkError):
    """ComfyUI refuses the graph, or a node fails."""


class ComfyApi:
    """A ComfyUI server.

    Parameters
    ----------
    url : str
        Such as http://127.0.0.1:8188.
    lives : callable, optional
        Whether its process lives; by default, whether it answers.
    """

    def __init__(self, url: str, lives: Callable[[], bool] | None = None) -> None:
        self.url = (url if "://" in url else f"http://{url}").rstrip("/")
        self.lives = lives or self.answers
        self.client = uuid.uuid4().hex

    def answers(self) -> bool:
        """Whether ComfyUI answers here."""
        try:
            return "system" in self._get("/system_stats")
        except (*LOST, TypeError):
            return False

    def run(self, graph: ApiGraph) -> Generator[str, None, list[dict[str, str]]]:
        """Queue a graph and follow it to its end.

        Yields
        ------
        str
            What happens now. The first is the id of the queued graph.

        Returns
        -------
        list of dict
            The files that it saved, for `fetch`.

        Raises
        ------
        FailedGraph
            When ComfyUI refuses it, or a node fails.
        LostServer
        """
        import websocket

        try:
            address = self.url.replace("http", "ws", 1)
            connection = websocket.create_connection(f"{address}/ws?clientId={self.client}", timeout=SECONDS)
            connection.settimeout(LOOK_SECONDS)
            try:
                prompt = self._queue(graph)
                yield prompt
                yield from self._followed(connection, graph, prompt)
            finally:
                connection.close()
            return self._saved(prompt)
        except (*LOST, websocket.WebSocketException) as error:
            raise LostServer(f"ComfyUI at {self.url} was lost ({quoted(error)}).") from error

    def fetch(self, file: dict[str, str], folder: Path) -> Path:
        """Copy a file that a graph saved into a folder.

        Raises
        ------
        LostServer
        """
        place = free_name(folder / Path(file["filename"]).name)
        query = urllib.parse.urlencode({key: file[key] for key in ("filename", "subfolder", "type")})
        try:
            request = f"{self.url}/view?{query}"
            with urllib.request.urlopen(request, timeout=SECONDS) as answer, place.open("wb") as copy:
                shutil.copyfileobj(answer, copy)
                length = answer.headers["Content-Length"]
        except LOST as error:
            raise LostServer(
                f"The file {quoted(file['filename'])} cannot be fetched from {self.url} ({quoted(error)})."
            ) from error
        if length is not None and place.stat().st_size != int(length):
            raise LostServer(f"The file {quoted(file['filename'])} came incompletely from {self.url}.")
        return place

    def cancel(self, prompt: str) -> None:
        """Take a graph out of the queue, or interrupt it while it runs."""
        try:
            self._post("/queue", {"delete": [prompt]})
            self._post("/interrupt", {"prompt_id": prompt})
        except LOST:  # it has ended: nothing is left to cancel
            return

    def _queue(self, graph: ApiGraph) -> str:
        try:
            return str(self._post("/prompt", {"prompt": graph, "client_id": self.client})["prompt_id"])
        except urllib.error.HTTPError as error:
            if not error.code // 100 == 4:  # only these blame the request
                raise
            raise FailedGraph(self._refusal(error, graph)) from error

    def _refusal(self, error: urllib.error.HTTPError, graph: ApiGraph) -> str:
        """Why a graph was not queued."""
        if error.code == http.client.BAD_REQUEST:
            with suppress(json.JSONDecodeError):  # a proxy's is no JSON
                return _fault(json.load(error), graph)
        advice = ""
        if error.code == http.client.REQUEST_ENTITY_TOO_LARGE:
            advice = ": start it with a larger --max-upload-size"
        return f"ComfyUI at {self.url} refuses the graph (HTTP {error.code}, {quoted(error.reason)}){advice}."

    def _followed(self, connection: Any, graph: ApiGraph, prompt: str) -> Iterator[str]:
        import websocket

        last = time.monotonic()  # of this graph's events: ComfyUI also sends what other graphs show
        while True:
            if time.monotonic() - last >= LOOK_SECONDS:
                if not self.lives():
                    raise LostServer(f"ComfyUI at {self.url} has ended.")
                if self._has_ended(graph, prompt):
                    return
                last = time.monotonic()
            try:
                message = connection.recv()
            except websocket.WebSocketTimeoutException:
                continue
            if not isinstance(message, str):
                yield from _shown_text(message)
                continue
            event = json.loads(message)
            kind, data = event["type"], event["data"]
            if data.get("prompt_id") != prompt:
                continue
            last = time.monotonic()
            if kind == "progress_state":
                yield from _running(data["nodes"], graph)
            elif kind == "executing" and data["node"] is None:
                return  # ComfyUI has written the history
            self._check(kind, data, graph)

    def _check(self, kind: str, data: dict[str, Any], graph: ApiGraph) -> None:
        """Raise what an event says has gone wrong."""
        if kind == "execution_error":
            raise FailedGraph(_failure(data, graph))
        if kind == "execution_interrupted":
            raise LostServer(f"The graph was interrupted on {self.url}.")

    def _has_ended(self, graph: ApiGraph, prompt: str) -> bool:
        """Look whether a graph of which nothing is reported has ended, or was removed by somebody."""
        try:
            queue = self._get("/queue")
            if any(entry[1] == prompt for entries in queue.values() for entry in entries):
                return False
            ended = self._get(f"/history/{prompt}").get(prompt)
        except TimeoutError:  # it is too busy to answer
            return False
        if ended is None:
            raise LostServer(f"The graph was removed from the queue of {self.url}.")
        for kind, data in (ended["status"] or {}).get("messages", ()):
            self._check(kind, data, graph)
        return True

    def _saved(self, prompt: str) -> list[dict[str, str]]:
        outputs = self._get(f"/history/{prompt}")[prompt]["outputs"]
        entries = [entry for output in outputs.values() for entry in output.values()]
        shown = [each for entry in entries if isinstance(entry, list) for each in entry]
        return [each for each in shown if isinstance(each, dict) and each.get("type") == "output"]

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=SECONDS) as answer:
            return json.load(answer)

    def _post(self, path: str, data: dict[str, Any]) -> Any:
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(data).encode())
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.loads(answer.read() or b"{}")


def _shown_text(message: bytes) -> Iterator[str]:
    """The first line that a node shows: the message's kind, the length of the node's id, the id, the text."""
    kind, length = (int.from_bytes(message[start : start + 4], "big") for start in (0, 4))
    if kind == TEXT:
        yield unescape(message[8 + length :].decode(errors="replace")).split("\n")[0].rstrip()


def _running(nodes: dict[str, dict[str, Any]], graph: ApiGraph) -> Iterator[str]:
    """Which nodes run, and how far they are."""
    for number, state in nodes.items():
        if state.get("state") == "running" and number in graph:
            yield f"{node_title(graph, number)} {state['value']:g} of {state['max']:g}"


def _failure(data: dict[str, Any], graph: ApiGraph) -> str:
    """The sentence of a node that failed."""
    number = str(data.get("node_id"))
    title = node_title(graph, number) if number in graph else data.get("node_type")
    return f"node {number} ({quoted(title)}): {str(data.get('exception_message', '')).strip()}"


def _fault(answer: dict[str, Any], graph: ApiGraph) -> str:
    """The first fault that ComfyUI found before it ran the graph."""
    for number, faults in (answer.get("node_errors") or {}).items():
        first = faults["errors"][0]
        words = first["details"] if OWN_CHECK in first["type"] else f"{first['message']}: {first['details']}"
        title = node_title(graph, number) if number in graph else faults.get("class_type")
        return f"node {number} ({quoted(title)}): {words}"
    error = answer.get("error") or {}
    return f"ComfyUI refuses the graph: {error.get('message')} {error.get('details')}"
