"""How the Triton kernels are launched, by architecture: a table, so that no user's run searches for it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Config:
    """Launch of one kernel.

    Attributes
    ----------
    tokens : int
        Video tokens of one program.
    keys : int
        Keys that a program holds at a time.
    warps, stages : int
    """

    tokens: int
    keys: int
    warps: int
    stages: int


# 89 and 120 have 100 KB of shared memory a block, 86 has 99; 80 has 163, 90 and 100 have 227.
LOCALIZE = {
    80: Config(tokens=128, keys=64, warps=8, stages=2),
    86: Config(tokens=128, keys=64, warps=8, stages=2),
    89: Config(tokens=128, keys=64, warps=8, stages=2),
    90: Config(tokens=128, keys=64, warps=4, stages=3),  # measured on an H100
    100: Config(tokens=128, keys=64, warps=8, stages=2),
    120: Config(tokens=128, keys=64, warps=8, stages=2),
}
FRAME_ATTENTION = {
    80: Config(tokens=64, keys=32, warps=8, stages=1),
    86: Config(tokens=64, keys=32, warps=8, stages=1),
    89: Config(tokens=64, keys=32, warps=8, stages=1),
    90: Config(tokens=64, keys=32, warps=4, stages=1),  # measured on an H100
    100: Config(tokens=64, keys=32, warps=8, stages=2),
    120: Config(tokens=32, keys=32, warps=4, stages=2),
}


def config(table: dict[int, Config], architecture: int) -> Config:
    """The entry of an architecture, or of the newest one before it.

    Parameters
    ----------
    table : dict of int to Config
    architecture : int
        Compute capability times ten, such as 90.
    """
    known = [each for each in table if each <= architecture]
    return table[max(known, default=min(table))]
