"""`python -m multitalk_core`: the command line."""

import os
import sys

from .cli.freed_memory import keep_freed_memory
from .cli.output_streams import plug_closed_streams
from .guards.stopping import stoppable

# Threads that spin while they wait make a busy machine five times slower; torch's OpenMP reads this once.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def run() -> int:
    """Load the command line and run it; loading takes seconds, and can be stopped too."""
    plug_closed_streams()
    keep_freed_memory()
    try:
        with stoppable():
            from .cli.main import main

            return main()
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(run())
