"""The items of one part: measured one by one within a number of minutes, each saved at once."""

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from multitalk_core.kernels import way as ways

from .model_size import SIZES, ModelSize

Figures = dict[str, Any]


class MeasuringRun:
    """One part of the day.

    Parameters
    ----------
    part : str
        Names the file.
    folder : Path
        Where PART.json is written.
    device : torch.device
    size : str
        A name in SIZES.
    minutes : float
        After so many no further item is begun.
    comfyui : Path, optional
        A ComfyUI folder, whose own Wan is timed as well.
    """

    def __init__(
        self,
        part: str,
        folder: Path,
        *,
        device: torch.device,
        size: str,
        minutes: float,
        comfyui: Path | None = None,
    ):
        self.part = part
        self.path = folder / f"{part}.json"
        self.device = device
        self.size_name = size
        self.begun = time.monotonic()
        self.seconds = 60 * minutes
        self.comfyui = comfyui
        self.items: dict[str, Figures] = {}
        self.failed: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.left_out: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)
        self.save()

    @property
    def size(self) -> ModelSize:
        """The shapes that are computed."""
        return SIZES[self.size_name]

    @property
    def on_gpu(self) -> bool:
        """Whether the device is a GPU."""
        return self.device.type == "cuda"

    def item(self, name: str, work: Callable[[], Figures], *, needs: float = 5.0) -> Figures | None:
        """Measure an item and save it, unless fewer than the seconds that it `needs` are left; 0 always fits.

        An item that fails is reported with its error, and the next one follows.
        """
        if needs and time.monotonic() - self.begun + needs > self.seconds:
            self.left_out.append(name)
            self.save()
            return None
        begun = time.monotonic()
        try:
            self.items[name] = work()
            if ways.broken:  # what was measured may be what stands in for it
                self.items[name] |= {"broken": sorted(ways.broken), "ok": False}
        except Exception as error:
            self.failed[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        spent = time.monotonic() - begun
        print(f"{self.part}: {name}: {self._shown(name)} ({spent:.1f} s)", file=sys.stderr, flush=True)
        self.save()
        if self.on_gpu:
            gc.collect()  # what an error's traceback keeps
            torch.cuda.empty_cache()
        return self.items.get(name)

    def _shown(self, name: str) -> str:
        """The figures that matter most."""
        if name in self.failed:
            return self.failed[name]
        figures = self.items[name].items()
        short = (each for each in figures if isinstance(each[1], str | bool | int | float))
        return ", ".join(
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in short
        )

    def skip(self, name: str, why: str) -> None:
        """Report an item that cannot be measured here."""
        self.skipped[name] = why
        self.save()

    def save(self) -> None:
        """Write all that is known so far."""
        known = {
            "part": self.part,
            "machine": machine(self.device),
            "size": {"name": self.size_name, **asdict(self.size)},
            "seconds": round(time.monotonic() - self.begun, 1),
            "items": self.items,
            "failed": self.failed,
            "skipped": self.skipped,
            "left_out": self.left_out,
        }
        unfinished = self.path.with_suffix(".part")
        unfinished.write_text(json.dumps(known, indent=1) + "\n")
        unfinished.replace(self.path)


def machine(device: torch.device) -> Figures:
    """Card and versions."""
    found: Figures = {"card": "CPU", "torch": torch.__version__, "cuda": torch.version.cuda}
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        found |= {
            "card": properties.name,
            "architecture": 10 * properties.major + properties.minor,
            "processors": properties.multi_processor_count,
            "memory_gib": round(properties.total_memory / 2**30, 1),
            "cudnn": torch.backends.cudnn.version(),
            "triton": _triton_version(),
        }
    return found


def _triton_version() -> str | None:
    try:
        import triton
    except ImportError:
        return None
    return str(triton.__version__)
