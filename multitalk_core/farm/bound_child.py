"""Replace this process by a command that the kernel kills when its parent dies (Linux).

    python bound_child.py PARENT COMMAND...

Run as a script: a function between fork and exec is not safe in a process with Ray's threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # of prctl.h


def main() -> None:
    """Ask for the signal, look whether the parent died meanwhile, and become the command."""
    parent, *command = sys.argv[1:]
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        sys.exit("the parent has died")
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
