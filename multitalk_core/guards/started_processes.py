"""How many processes of one command torchrun or accelerate has started."""

import os

STARTED_BY_TORCHRUN = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def started_by_torchrun() -> bool:
    """Whether this process is one of several."""
    return all(name in os.environ for name in STARTED_BY_TORCHRUN)


def started_processes() -> int:
    """How many processes torchrun has started; 1 without it."""
    return int(os.environ["WORLD_SIZE"]) if started_by_torchrun() else 1
