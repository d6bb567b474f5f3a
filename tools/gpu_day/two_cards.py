"""Two cards beside one: a pass that `generate --context-parallel 2` divides, and ComfyUI's CFG split."""

import functools
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

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
SPLIT = "ComfyUI's MultiGPU CFG Split"


def run_two_cards(run: MeasuringRun) -> None:
    """Each way in processes of its own; on a CPU only to try the tool."""
    if run.on_gpu and (cards := torch.cuda.device_count()) < PROCESSES:
        run.skip(run.part, f"two cards are needed, and torch finds {cards}")
        return
    for name, way in WAYS.items():
        if find_spec("diffusers") is None:
            run.skip(name, "diffusers is not installed: `pip install diffusers accelerate`")
        elif way["attention"] == "ring" and not run.on_gpu:
            run.skip(name, "its attention needs an NVIDIA GPU")
        else:
            run.item(name, functools.partial(_divided, run, way), needs=60)
    if run.comfyui is None:
        run.skip(SPLIT, "start this with ComfyUI's Python and --comfyui FOLDER")
    else:
        run.item(SPLIT, functools.partial(_split, run, run.comfyui.resolve()), needs=60)


def _divided(run: MeasuringRun, way: dict[str, str | bool]) -> Figures:
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(PROCESSES)]
    return _found(run, [*torchrun, str(TOOL), "--divided-pass"], way)


def _split(run: MeasuringRun, comfyui: Path) -> Figures:
    return _found(run, [str(TOOL), "--split-conditions"], {"comfyui": str(comfyui)})


def _found(run: MeasuringRun, command: list[str], asked: dict[str, Any]) -> Figures:
    """What the processes of a command have found, which takes what is asked as its last argument."""
    found = run.path.with_suffix(".found")
    found.unlink(missing_ok=True)
    asked = {**asked, "device": run.device.type, "size": run.size_name, "found": str(found.resolve())}
    started = [sys.executable, *command, json.dumps(asked)]
    with subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as launcher:
        try:
            _, errors = launcher.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            launcher.terminate()  # torchrun ends its processes
            launcher.communicate()
            raise MultiTalkError(f"The processes did not end within {LONGEST:g} s.") from None
    if launcher.returncode:
        raise MultiTalkError(f"The processes ended with {launcher.returncode}: {errors[-300:]}")
    figures: Figures = json.loads(found.read_text())
    found.unlink()
    return figures
