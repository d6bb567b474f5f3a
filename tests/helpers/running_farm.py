"""The command `farm` as a process: its lines as they come, its servers, and what is left when it ends."""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

PACK = Path(__file__).parents[2]
READY = re.compile(r"(server-\d+) is ready: .* process (\d+)$")


def tiny_graph(folder: Path, frames: int) -> Path:
    """The demo's graph at 48×32, one step a clip, without the drawings; clips have 9 frames and share one."""
    graph = json.loads((PACK / "workflows" / "api" / "demo.json").read_text())
    graph["7"]["inputs"] |= {"clip_frames": 9, "motion_frames": 1, "continuation": "multitalk"}
    graph["10"]["inputs"] |= {"width": 48, "height": 32, "length": frames, "steps": 1}
    del graph["12"], graph["13"]
    path = folder / "tiny.json"
    path.write_text(json.dumps(graph))
    return path


def picture(path: Path) -> None:
    """A picture of one red pixel."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(b"\0\xff\0\0"), b"IEND"]
    content = [
        struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in chunks
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(content))


def picture_graph(name: str, prefix: str = "picture") -> dict:
    """A graph that saves a picture of the input folder, in no time."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": name}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": prefix}},
    }


def job_list(folder: Path, *jobs: dict) -> Path:
    """A list of jobs."""
    path = folder / "jobs.jsonl"
    path.write_text("".join(json.dumps(job) + "\n" for job in jobs))
    return path


class RunningFarm:
    """The command, running; a context manager that kills it if it has not ended.

    Parameters
    ----------
    output : Path
    arguments : object
        Further ones of the command.
    keep_free : float
        GB.
    """

    def __init__(self, output: Path, *arguments: object, keep_free: float = 0) -> None:
        self.output = output
        command = [sys.executable, "-m", "multitalk_core", "farm", "--output", output, *arguments]
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [*map(str, command), "--no-dashboard", "--keep-free", str(keep_free)],
            cwd=PACK,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"RAY_memory_monitor_refresh_ms": "0"},  # other tests share the memory
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> "RunningFarm":
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait(self, condition, seconds: float = 300.0):
        """What a condition returns once it holds; it fails with the farm's lines."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, "\n".join(self.lines)
            assert self.process.poll() is None, "\n".join(self.lines)
            time.sleep(0.05)
        return value

    def ended(self, seconds: float = 300.0) -> int:
        """Wait for the end: the exit code."""
        return self.process.wait(seconds)

    def servers(self) -> dict[str, int]:
        """The process of each server that is ready, by name: the last one that was started."""
        return {found[1]: int(found[2]) for line in list(self.lines) if (found := READY.search(line))}

    def stored_clips(self) -> int:
        """Clips that films have stored so far."""
        return len(list(self.output.glob("user/multitalk/films/*/*.safetensors")))

    def busy(self) -> list[str]:
        """Names of servers whose film has begun and not ended."""
        now: dict[str, str] = {}
        for line in list(self.lines):
            if found := re.match(r"(\S+) begins on (server-\d+)$", line):
                now[found[1]] = found[2]
            elif found := re.match(r"(\S+) (begins again|is finished|failed)", line):
                now.pop(found[1], None)
        return list(now.values())


def parent_of(process: int) -> int:
    """The parent of a process: the actor of a server."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def kill(process: int) -> None:
    """As a machine that runs out of memory does."""
    os.kill(process, signal.SIGKILL)


def processes_of(output: Path) -> list[str]:
    """Processes that name the farm's folder: its servers and their launchers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(output) in line and "main.py" in line:
            found.append(f"{path.parent.name}: {line}")
    return found


def no_process_is_left(output: Path, seconds: float = 30.0) -> bool:
    """Whether all servers end within some seconds."""
    deadline = time.monotonic() + seconds
    while processes_of(output):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def entries(path: Path) -> list[dict]:
    """The entries of a list in JSON Lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]
