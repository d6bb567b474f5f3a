"""A real ComfyUI with this pack installed, in a folder of its own, driven over HTTP and the websocket."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import pytest
from websocket import create_connection

PACKS = {
    "ComfyUI-MultiTalk": Path(__file__).parents[2],
    "tiny_text_encoder": Path(__file__).parent / "tiny_text_encoder",
    "odd_values": Path(__file__).parent / "odd_values",
    "espeak": Path(__file__).parent / "espeak",
}
START_SECONDS = 300
ANSWER_SECONDS = 120
RUN_SECONDS = 300
PREVIEW, TEXT = 1, 3  # kinds of binary messages
LINE_END = "  \n"  # of a text that the page shows as HTML or as Markdown
EXCEPTION = "exception_during"  # of a node's own check
FINAL_EVENTS = ("execution_success", "execution_error", "execution_interrupted")


@dataclass(frozen=True)
class Failure:
    """Why a graph was not run to its end, as the page shows it."""

    node: str
    message: str
    traceback: str = ""


@dataclass
class Run:
    """What happened while a graph ran.

    Attributes
    ----------
    outputs : dict of node id to what the node shows (images, text, ...)
    executed : list of node ids, in order
    cached : set of node ids
    failure : Failure or None
    events : list of (type, data)
        Everything ComfyUI reported, in order: progress, executing, executed, ...
    previews : list of bytes
        JPEG pictures that running nodes showed.
    marked_up : list of str
        What running nodes showed in words, as the page gets it.
    """

    outputs: dict[str, dict] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    cached: set[str] = field(default_factory=set)
    failure: Failure | None = None
    events: list[tuple[str, dict]] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)
    marked_up: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """The words that the page then shows."""
        return [unescape(text).replace(LINE_END, "\n") for text in self.marked_up]


def find_comfyui() -> tuple[Path, Path] | None:
    """ComfyUI's folder and its interpreter: COMFYUI_PATH, the one this pack is installed in, ~/ComfyUI."""
    if "COMFYUI_PATH" in os.environ:
        candidates = [Path(os.environ["COMFYUI_PATH"])]
    else:
        # The working directory keeps the link by which a pack may lie in custom_nodes.
        installed = Path(os.environ.get("PWD", Path.cwd())).parent
        candidates = [installed.parent] if installed.name == "custom_nodes" else []
        candidates.append(Path.home() / "ComfyUI")
    for folder in candidates:
        python = Path(os.environ.get("COMFYUI_PYTHON", folder / ".venv" / "bin" / "python"))
        if (folder / "main.py").is_file() and python.is_file():
            return folder, python
    return None


class ComfyServer:
    """ComfyUI as a subprocess; a context manager.

    Parameters
    ----------
    base : Path
        Its base directory: an empty folder, or one that another server has left.
    arguments : str
        Further ones for main.py, such as "--use-pytorch-cross-attention".
    """

    def __init__(self, base: Path, *arguments: str):
        self.folder, self.python = find_comfyui()
        self.base = base
        self.input = base / "input"
        self.models = base / "models"
        self.arguments = arguments
        self.client = uuid.uuid4().hex

    def __enter__(self) -> "ComfyServer":
        for folder in ("custom_nodes", "input", "output", "temp", "user", "models"):
            (self.base / folder).mkdir(parents=True, exist_ok=True)
        for name, pack in PACKS.items():
            link = self.base / "custom_nodes" / name
            if not link.is_symlink():
                link.symlink_to(pack, target_is_directory=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        self.log = self.base / "comfyui.log"
        command = [self.python, "main.py", "--cpu", "--base-directory", self.base, "--port", str(port)]
        command += ["--disable-api-nodes", "--database-url", "sqlite:///:memory:", *self.arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.object_info = self.get("/object_info")
                return self
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise AssertionError(f"ComfyUI did not start:\n{self.log.read_text()[-4000:]}") from error
                time.sleep(0.3)

    def __exit__(self, *exception: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def get(self, path: str) -> dict:
        """The JSON behind a path."""
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)

    def post(self, path: str, data: dict) -> dict:
        """Send JSON; the JSON answer, or an empty one."""
        request = urllib.request.Request(f"http://{self.address}{path}", json.dumps(data).encode())
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.loads(answer.read() or b"{}")

    def upload(self, path: Path, name: str | None = None) -> str:
        """Put a file into ComfyUI's input folder; the name that LoadImage and LoadAudio know it by."""
        name = name or path.name
        shutil.copyfile(path, self.input / name)
        return name

    def path(self, shown: dict) -> Path:
        """Where a file that a node shows lies: an entry of `outputs[node]["images"]` and the like."""
        return self.base / shown["type"] / shown["subfolder"] / shown["filename"]

    def run(self, graph: dict) -> Run:
        """Run a graph in API format to its end; a failure fails the test."""
        run = self.attempt(graph)
        assert run.failure is None, f"{run.failure.node}: {run.failure.message}\n{run.failure.traceback}"
        return run

    def refuse(self, graph: dict) -> Failure:
        """The failure of a graph that must not run."""
        run = self.attempt(graph)
        assert run.failure is not None, "the graph ran to its end"
        return run.failure

    def faults(self, graph: dict) -> list[tuple[str, str]]:
        """All that is reported of a graph that is refused when it is queued: (node, words).

        ComfyUI's own words get the input in front; a node's own check says it itself.
        """
        with pytest.raises(urllib.error.HTTPError) as refusal:
            self.post("/prompt", {"prompt": graph, "client_id": self.client})
        answer = json.load(refusal.value)
        return [
            (node, fault["details"] + ("" if EXCEPTION in fault["type"] else f": {fault['message']}"))
            for node, faults in answer["node_errors"].items()
            for fault in faults["errors"]
        ]

    def attempt(self, graph: dict, on_event=None) -> Run:
        """Run a graph, whatever becomes of it.

        Parameters
        ----------
        graph : dict
        on_event : callable, optional
            Called with (type, data) of each event as it comes; may post /interrupt.
        """
        connection = create_connection(f"ws://{self.address}/ws?clientId={self.client}", timeout=RUN_SECONDS)
        try:
            try:
                answer = self.post("/prompt", {"prompt": graph, "client_id": self.client})
            except urllib.error.HTTPError as error:
                return Run(failure=_validation_failure(json.load(error)))
            return self._follow(connection, answer["prompt_id"], on_event)
        finally:
            connection.close()

    def _follow(self, connection, prompt: str, on_event) -> Run:
        run = Run()
        while True:
            message = connection.recv()
            if not isinstance(message, str):
                _take_shown(run, message)
                continue
            event = json.loads(message)
            kind, data = event["type"], event["data"]
            run.events.append((kind, data))
            if on_event is not None:
                on_event(kind, data)
            if data.get("prompt_id") != prompt:
                continue
            if kind == "executing" and data["node"] is not None:
                run.executed.append(data["node"])
            elif kind == "execution_cached":
                run.cached |= set(data["nodes"])
            elif kind == "executed":
                run.outputs[data["node"]] = data["output"]
            elif kind == "execution_error":
                traceback = "".join(data["traceback"])
                run.failure = Failure(data["node_id"], data["exception_message"], traceback)
            elif kind == "execution_interrupted":
                run.failure = Failure(data["node_id"], "interrupted")
            if kind in FINAL_EVENTS:
                return run


def _take_shown(run: Run, message: bytes) -> None:
    """A picture or a text of a running node: the kind, then the picture's format or the node's id."""
    kind, length = (int.from_bytes(message[start : start + 4], "big") for start in (0, 4))
    if kind == PREVIEW:
        run.previews.append(message[8:])
    elif kind == TEXT:
        run.marked_up.append(message[8 + length :].decode())


def _validation_failure(answer: dict) -> Failure:
    """The first fault ComfyUI found in a graph before running it."""
    for node, faults in answer.get("node_errors", {}).items():
        first = faults["errors"][0]
        return Failure(node, f"{first['message']}: {first['details']}")
    return Failure("", f"{answer['error']['message']}: {answer['error']['details']}")
