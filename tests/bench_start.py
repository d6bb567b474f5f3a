"""What the pack adds to ComfyUI's start, as ComfyUI itself measures it; the aim is under half a second.

python -m tests.bench_start
"""

import re
import tempfile
from pathlib import Path

from tests.comfyui.comfy_server import ComfyServer

ROUNDS = 3
IMPORTED = re.compile(r"([\d.]+) seconds: \S*ComfyUI-MultiTalk\b")


def main() -> None:
    """Print the import times of some starts."""
    seconds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as base, ComfyServer(Path(base)) as server:
            seconds.append(float(IMPORTED.search(server.log.read_text())[1]))
    print(f"the pack adds {min(seconds):.1f} s to ComfyUI's start (of {ROUNDS}: {seconds})")


if __name__ == "__main__":
    main()
