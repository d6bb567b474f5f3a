"""Seconds and peak memory of the parts of a run."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from ..film.clip_inputs import ClipInputs, VideoModel
from ..guards.memory import GIGABYTE

LOOK_SECONDS = 0.05


@dataclass
class Cost:
    """What a part took, the largest of its runs.

    Attributes
    ----------
    seconds : float
        Of all runs together.
    runs : int
    main, gpu : int
        Bytes of this process at their peak.
    """

    seconds: float = 0.0
    runs: int = 0
    main: int = 0
    gpu: int = 0

    def __str__(self) -> str:
        runs = f" in {self.runs} runs" if self.runs > 1 else ""
        gpu = f" and {self.gpu / GIGABYTE:.2f} GB of GPU memory" if self.gpu else ""
        return f"{self.seconds:.1f} s{runs}, at most {self.main / GIGABYTE:.2f} GB of main memory{gpu}"


class Meter:
    """Measures parts by name.

    Parameters
    ----------
    device : torch.device
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.costs: dict[str, Cost] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add what happens inside the context to a part."""
        on_gpu = self.device.type == "cuda"
        cost = self.costs.setdefault(name, Cost())
        if on_gpu:
            torch.cuda.synchronize(self.device)
            torch.cuda.reset_peak_memory_stats(self.device)
        begun = time.perf_counter()
        try:
            with _watched_memory(cost):
                yield
                if on_gpu:
                    torch.cuda.synchronize(self.device)
        finally:
            cost.seconds += time.perf_counter() - begun
            cost.runs += 1
            if on_gpu:
                cost.gpu = max(cost.gpu, torch.cuda.max_memory_allocated(self.device))


@contextmanager
def _watched_memory(cost: Cost) -> Iterator[None]:
    """Look at this process's main memory every now and then."""
    import psutil

    process, over = psutil.Process(), threading.Event()

    def watch() -> None:
        while True:
            cost.main = max(cost.main, process.memory_info().rss)
            if over.wait(LOOK_SECONDS):
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


class MeasuredModel:
    """A video model whose parts are measured.

    Parameters
    ----------
    model : VideoModel
    meter : Meter
    """

    def __init__(self, model: VideoModel, meter: Meter) -> None:
        self.model, self.meter = model, meter

    def encode(self, frames: Tensor) -> Tensor:
        """As the model."""
        with self.meter.part("VAE encoding"):
            return self.model.encode(frames)

    def decode(self, latent: Tensor) -> Tensor:
        """As the model."""
        with self.meter.part("VAE decoding"):
            return self.model.decode(latent)

    def sample(self, inputs: ClipInputs) -> Tensor:
        """As the model."""
        with self.meter.part("sampling"):
            return self.model.sample(inputs)
