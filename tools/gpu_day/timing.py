"""Time and peak memory of a piece of work."""

import time
from collections.abc import Callable

import torch

MIB = 2**20


def timed(
    work: Callable[[], object],
    device: torch.device,
    *,
    seconds: float = 1.0,
    least: int = 5,
    most: int = 50,
) -> dict[str, float | int | None]:
    """Median, spread and peak memory, after two runs that compile and warm up.

    Parameters
    ----------
    work : callable
        Its result is dropped.
    device : torch.device
    seconds : float
        Roughly how long to repeat it.
    least, most : int
        Repetitions.

    Returns
    -------
    dict with ms (median), low and high (the tenths at both ends), runs, and peak_mib: memory beyond what was
    taken before, the result included; None on a CPU.
    """
    work()
    peak = _peak_mib(work, device)
    first = _milliseconds(work, device, 1)[0]
    runs = min(most, max(least, int(1000 * seconds / max(first, 1e-3))))
    if device.type != "cuda":
        runs = 3  # which only shows that it runs
    found = sorted(_milliseconds(work, device, runs))
    tenth = runs // 10
    return {
        "ms": found[runs // 2],
        "low": found[tenth],
        "high": found[-1 - tenth],
        "runs": runs,
        "peak_mib": peak,
    }


def _milliseconds(work: Callable[[], object], device: torch.device, runs: int) -> list[float]:
    """Of each run, by the device's own clock."""
    if device.type != "cuda":
        found = []
        for _ in range(runs):
            start = time.perf_counter()
            work()
            found.append(1000 * (time.perf_counter() - start))
        return found
    marks = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(runs)]
    for start, end in marks:
        start.record()
        work()
        end.record()
    torch.cuda.synchronize(device)
    return [start.elapsed_time(end) for start, end in marks]


def _peak_mib(work: Callable[[], object], device: torch.device) -> float | None:
    if device.type != "cuda":
        work()
        return None
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    work()
    torch.cuda.synchronize(device)
    return (torch.cuda.max_memory_allocated(device) - before) / MIB
