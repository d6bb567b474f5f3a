"""The kernels of one block by torch's profiler, and what Triton compiled for this card."""

import re
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from .bound_voices import bound_voices, random_adapter
from .ceilings import fastest_attention
from .measuring_run import Figures, MeasuringRun
from .plain_wan import PlainBlock, Voices, random_conditions
from .scene import voice_rows

MOST = 60  # kernels listed
# Kernels of cuBLAS, cuDNN, flash attention and Triton's dot products, by the names that they have.
TENSOR_CORES = re.compile(r"gemm|nvjet|xmma|flash|fmha|sdpa|localize_kernel|frame_attention_kernel", re.I)
INSTRUCTIONS = {"wgmma": r"wgmma\.mma_async", "mma": r"\bmma\.sync", "tcgen05": r"tcgen05\.mma"}


def run_profile(run: MeasuringRun) -> None:
    """One block without voices and with two."""
    attend = fastest_attention(run)
    options = {"dtype": torch.bfloat16, "device": run.device}
    block = PlainBlock(run.size, attend, **options).requires_grad_(False)
    conditions = random_conditions(run.size, torch.bfloat16, run.device)
    hidden = torch.randn(1, run.size.tokens, run.size.width, **options)
    adapter = random_adapter(run.size, 1, **options)
    two = bound_voices(adapter, voice_rows(adapter, run.size, 2), run.size)[0]

    def work(voices: Voices | None) -> Figures:
        with torch.no_grad():
            block(hidden, conditions, voices)
            activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if run.on_gpu else [])]
            with profile(activities=activities) as profiler:
                block(hidden, conditions, voices)
                if run.on_gpu:
                    torch.cuda.synchronize(run.device)
        return _table(profiler, run.on_gpu)

    run.item("block/plain", lambda: work(None), needs=10)
    run.item("block/2 persons", lambda: work(two), needs=10)
    if run.on_gpu:
        run.item("compiled", _compiled)
    else:
        run.skip("compiled", "the Triton kernels need a GPU")


def _table(profiler: Any, on_gpu: bool) -> Figures:
    """Kernels by their time, and the share of those on tensor cores."""
    rows = []
    for event in profiler.key_averages():
        on_device = str(event.device_type).endswith("CUDA")
        microseconds = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        if on_device == on_gpu and microseconds > 0:
            rows.append(
                {
                    "kernel": event.key,
                    "calls": event.count,
                    "us": microseconds,
                    "tensor_cores": bool(TENSOR_CORES.search(event.key)),
                }
            )
    rows.sort(key=lambda row: -row["us"])
    whole = sum(row["us"] for row in rows)
    busy = sum(row["us"] for row in rows if row["tensor_cores"])
    launches = sum(row["calls"] for row in rows)
    return {"us": whole, "launches": launches, "tensor_core_share": busy / whole, "kernels": rows[:MOST]}


def _compiled() -> Figures:
    """Registers, spills, shared memory and tensor-core instructions of what was launched."""
    from multitalk_core.kernels.compiled.frame_attention_kernel import frame_attention_kernel
    from multitalk_core.kernels.compiled.localize_kernel import join_kernel, localize_kernel

    found: Figures = {}
    for kernel in (localize_kernel, join_kernel, frame_attention_kernel):
        for caches in kernel.device_caches.values():
            for number, binary in enumerate(caches[0].values()):
                code = binary.asm["ptx"]
                found[f"{kernel.__name__}/{number}"] = {
                    "registers": binary.n_regs,
                    "spills": binary.n_spills,
                    "shared": binary.metadata.shared,
                    **{name: len(re.findall(each, code)) for name, each in INSTRUCTIONS.items()},
                }
    return found
