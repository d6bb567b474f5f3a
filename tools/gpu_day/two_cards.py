"""One forward pass on two cards, as `generate --context-parallel 2` divides it, beside the same on one."""

import functools
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import torch

from multitalk_core.errors import MultiTalkError

from .measuring_run import Figures, MeasuringRun

TOOL = Path(__file__).parents[1] / "gpu_day.py"
PROCESSES = 2
LONGEST = 600.0  # seconds; processes that wait for each other would do so for a day
# Attention across the cards, whether the weights are divided too, and what computes the attention.
WAYS = {
    "ulysses": {"attention": "ulysses", "shard": False, "backend": "native"},
    "ulysses, weights divided": {"attention": "ulysses", "shard": True, "backend": "native"},
    "ring": {"attention": "ring", "shard": False, "backend": "cudnn"},
}


def run_two_cards(run: MeasuringRun) -> None:
    """Each way in two processes of its own; on a CPU only to try the tool."""
    if run.on_gpu and (cards := torch.cuda.device_count()) < PROCESSES:
        run.skip(run.part, f"two cards are needed, and torch finds {cards}")
        return
    if find_spec("diffusers") is None:
        run.skip(run.part, "diffusers is not installed: `pip install diffusers accelerate`")
        return
    for name, way in WAYS.items():
        if way["attention"] == "ring" and not run.on_gpu:
            run.skip(name, "its attention needs an NVIDIA GPU")
        else:
            run.item(name, functools.partial(_divided, run, way), needs=60)


def _divided(run: MeasuringRun, way: dict[str, str | bool]) -> Figures:
    found = run.path.with_suffix(".found")
    found.unlink(missing_ok=True)
    asked = {**way, "device": run.device.type, "size": run.size_name, "found": str(found)}
    started = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    started += [str(PROCESSES), str(TOOL), "--divided-pass", json.dumps(asked)]
    with subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as launcher:
        try:
            _, errors = launcher.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            launcher.terminate()  # and it ends its processes
            launcher.communicate()
            raise MultiTalkError(f"The processes did not end within {LONGEST:g} s.") from None
    if launcher.returncode:
        raise MultiTalkError(f"The processes ended with {launcher.returncode}: {errors[-300:]}")
    figures: Figures = json.loads(found.read_text())
    found.unlink()
    return figures
