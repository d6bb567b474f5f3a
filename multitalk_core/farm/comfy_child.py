"""A ComfyUI server as a child of this process: it never outlives it, and its log stays small."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from logging import LogRecord, makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from ..errors import MultiTalkError, quoted
from . import bound_child
from .comfy_api import ComfyApi
from .comfy_place import ComfyPlace

START_SECONDS = 600
STOP_SECONDS = 10
LOG_BYTES = 5_000_000  # of the log, and of the one before


@dataclass(frozen=True, kw_only=True)
class ComfyFolders:
    """The folders of a server.

    Attributes
    ----------
    own : Path
        Its output and temporary files; emptied when it starts.
    log : Path
        A file.
    inputs, user : Path
        ComfyUI's input and user folders, which servers share.
    """

    own: Path
    log: Path
    inputs: Path
    user: Path

    def empty(self) -> None:
        """Remove what graphs saved here."""
        for name in ("output", "temp"):
            shutil.rmtree(self.own / name, ignore_errors=True)
            (self.own / name).mkdir(parents=True, exist_ok=True)


class ComfyChild:
    """A ComfyUI server that ends with this process.

    Parameters
    ----------
    place : ComfyPlace
    folders : ComfyFolders
    options : sequence of str
        Further ones for ComfyUI's main.py.

    Raises
    ------
    MultiTalkError
        When ComfyUI does not start; its log says why.
    OSError
        When its folders or its log cannot be written.
    """

    def __init__(self, place: ComfyPlace, folders: ComfyFolders, options: Sequence[str]) -> None:
        folders.empty()
        log = _Log(folders.log, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
        port = _free_port()
        command = [str(place.python), "main.py", "--port", str(port)]
        command += ["--output-directory", str(folders.own / "output"), "--temp-directory", str(folders.own)]
        command += ["--input-directory", str(folders.inputs), "--user-directory", str(folders.user)]
        command += ["--database-url", "sqlite:///:memory:", *place.extra_paths(folders.own), *options]
        self.process = subprocess.Popen(
            [sys.executable, bound_child.__file__, str(os.getpid()), *command],
            cwd=place.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert self.process.stdout is not None
        self.last_line = ""
        threading.Thread(target=self._log, args=(self.process.stdout, log), daemon=True).start()
        self.api = ComfyApi(f"http://127.0.0.1:{port}", self.lives)
        if not self._started():
            self.stop()
            raise MultiTalkError(
                f"ComfyUI in {place.folder} does not start ({quoted(self.last_line)}): see its log "
                f"{folders.log}."
            )

    def lives(self) -> bool:
        """Whether its process lives."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _started(self) -> bool:
        """Wait until the server answers; False if its process ends or the time does."""
        deadline = time.monotonic() + START_SECONDS
        while not self.api.answers():
            if not self.lives() or time.monotonic() > deadline:
                return False
            time.sleep(0.3)
        return True

    def _log(self, lines: IO[str], log: "_Log") -> None:
        """Read all that ComfyUI prints, whatever happens to the log: it waits while nobody reads."""
        for line in lines:
            self.last_line = line.strip() or self.last_line
            log.emit(makeLogRecord({"msg": line.rstrip("\n")}))
        with suppress(OSError):
            log.close()


class _Log(RotatingFileHandler):
    def handleError(self, record: LogRecord) -> None:
        """Lose a line, where the disk is full."""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _environment() -> dict[str, str]:
    """The process's environment without the number of threads that Ray sets for its workers."""
    return {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
