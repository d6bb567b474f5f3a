"""What importing the core's modules costs ComfyUI's start, with torch already there.

python -m tests.bench_import
"""

import subprocess
import sys
from pathlib import Path

from tests.house.test_borders import core_modules_of_nodes

ROUNDS = 5


def main() -> None:
    """Print the fastest of some fresh processes."""
    modules = sorted(core_modules_of_nodes())
    script = (
        "import time, torch, numpy, PIL.Image, PIL.ImageDraw, PIL.ImageFont\n"
        "start = time.perf_counter()\n"
        f"for module in {modules}: __import__(module)\n"
        "print(time.perf_counter() - start)\n"
    )
    command, folder = [sys.executable, "-c", script], Path(__file__).parents[1]
    seconds = [float(subprocess.check_output(command, cwd=folder)) for _ in range(ROUNDS)]
    print(f"importing {len(modules)} modules of the core takes {min(seconds):.3f} s")


if __name__ == "__main__":
    main()
