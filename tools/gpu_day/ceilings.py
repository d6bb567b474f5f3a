"""What the machine can do at most: products, memory, launches, and the self-attention itself."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from .measuring_run import Figures, MeasuringRun
from .plain_wan import Attend
from .scene import attention_inputs
from .timing import timed

LAUNCHES = 100
BACKENDS = {"flash": SDPBackend.FLASH_ATTENTION, "cudnn": SDPBackend.CUDNN_ATTENTION}


def measure_ceilings(run: MeasuringRun) -> Attend:
    """The machine's ceilings; returns the fastest self-attention, which all later items use."""
    side = 8192 if run.on_gpu else 64
    run.item("ceiling/matmul", lambda: _products(run, side))
    run.item("ceiling/memory", lambda: _memory(run, 2**30 if run.on_gpu else 2**16))
    run.item("ceiling/launch", lambda: _launches(run))
    return fastest_attention(run)


def _products(run: MeasuringRun, side: int) -> Figures:
    left, right = (torch.randn(side, side, dtype=torch.bfloat16, device=run.device) for _ in range(2))
    found = timed(lambda: left @ right, run.device)
    return {**found, "tflops": 2 * side**3 / found["ms"] / 1e9}


def _memory(run: MeasuringRun, numbers: int) -> Figures:
    source = torch.randn(numbers, dtype=torch.bfloat16, device=run.device)
    target = torch.empty_like(source)
    found = timed(lambda: target.copy_(source), run.device)
    return {**found, "gb_per_s": 2 * source.nbytes / found["ms"] / 1e6}


def _launches(run: MeasuringRun) -> Figures:
    """A hundred small launches in a row; the share of one."""
    small = torch.zeros(16, device=run.device)

    def launch() -> None:
        for _ in range(LAUNCHES):
            small.add_(1)

    found = timed(launch, run.device)
    return {**found, "us_per_launch": 1000 * found["ms"] / LAUNCHES}


def fastest_attention(run: MeasuringRun) -> Attend:
    """Time the self-attention by torch's own choice and by each fused kernel; returns the fastest."""
    query, key, value = (
        part.transpose(1, 2) for part in attention_inputs(run.size, torch.bfloat16, run.device)
    )
    operations = 4 * run.size.tokens**2 * run.size.width
    choices: dict[str, Attend] = {"default": F.scaled_dot_product_attention}
    if run.on_gpu:
        choices |= {name: _restricted(backend) for name, backend in BACKENDS.items()}
    times = {}
    for name, attend in choices.items():

        def work(attend: Attend = attend) -> Figures:
            found = timed(lambda: attend(query, key, value), run.device)
            return {**found, "tflops": operations / found["ms"] / 1e9}

        if found := run.item(f"self-attention/{name}", work):
            times[name] = found["ms"]
    best = min(times, key=lambda name: times[name]) if times else "default"
    run.item("self-attention", lambda: {"fastest": best, "ms": times.get(best)}, needs=0)
    return choices[best]


def _restricted(backend: SDPBackend) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        with sdpa_kernel(backend):
            return F.scaled_dot_product_attention(query, key, value)

    return attend
