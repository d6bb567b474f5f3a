"""Other launches of the Triton kernels, timed; the best ones as lines for kernels/compiled/configs.py."""

import functools
import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from multitalk_core.kernels.rotation import BASE

from .measuring_run import Figures, MeasuringRun
from .scene import attention_inputs, person_masks
from .timing import timed

TOKENS, KEYS, WARPS, STAGES = (64, 128), (64, 128, 32), (8, 4), (2, 3, 1)
FRAME_TOKENS = (64, 32, 128)
PERSONS = 2


def run_sweep(run: MeasuringRun) -> None:
    """Time every launch of localization, then of frame attention; the best of each at the end."""
    if not run.on_gpu:
        run.skip("sweep", "the Triton kernels need a GPU")
        return
    from multitalk_core.kernels.compiled import configs

    def chosen(table: dict[int, configs.Config]) -> configs.Config:
        major, minor = torch.cuda.get_device_capability(run.device)
        return configs.config(table, 10 * major + minor)

    def several(tokens: tuple[int, ...], keys: tuple[int, ...]) -> list[configs.Config]:
        names = ("tokens", "keys", "warps", "stages")
        values = itertools.product(tokens, keys, WARPS, STAGES)
        return [configs.Config(**dict(zip(names, each, strict=True))) for each in values]

    with torch.no_grad():
        for kernel, table, launch, tried in (
            ("localize", configs.LOCALIZE, _localization(run), several(TOKENS, KEYS)),
            ("frame attention", configs.FRAME_ATTENTION, _attention(run), several(FRAME_TOKENS, (32,))),
        ):
            own = chosen(table)
            ordered = [own, *(each for each in tried if each != own)]
            for each in ordered:
                work = functools.partial(_tried, run, functools.partial(launch, each))
                run.item(f"{kernel}/{each}", work, needs=8)
            _best(run, kernel, [f"{kernel}/{each}" for each in ordered])


def _tried(run: MeasuringRun, launch: Callable[[], Tensor]) -> Figures:
    """Its time, or why it does not run: too much shared memory is no fault of the kernel."""
    try:
        return timed(launch, run.device, seconds=0.3)
    except Exception as error:
        return {"refused": str(error).partition("\n")[0]}


def _best(run: MeasuringRun, kernel: str, names: list[str]) -> None:
    """The launch in the table and the fastest one."""
    known = {name: run.items[name]["ms"] for name in names if "ms" in run.items.get(name, {})}
    if known:
        best = min(known, key=lambda name: known[name])
        figures = {"launch": best.partition("/")[2], "ms": known[best], "in_table_ms": known.get(names[0])}
        run.items[f"best/{kernel}"] = figures
        run.save()


def _localization(run: MeasuringRun) -> Callable[..., Tensor]:
    from multitalk_core.kernels.compiled.localize_kernel import localize_by_triton

    query, key, _ = attention_inputs(run.size, torch.bfloat16, run.device)
    masks = person_masks(run.size, PERSONS, run.device)[None]
    return lambda config: localize_by_triton(query, key, masks, config=config)


def _attention(run: MeasuringRun) -> Callable[..., Tensor]:
    from multitalk_core.kernels.compiled.frame_attention_kernel import frame_attention_by_triton

    size = run.size
    query, _, _ = attention_inputs(size, torch.bfloat16, run.device)
    shape = 1, size.grid.frames, PERSONS, size.audio_tokens, 2, size.heads, size.channels
    key, value = torch.randn(shape, dtype=torch.bfloat16, device=run.device).unbind(4)
    labels = 24 * torch.rand(1, size.tokens, device=run.device)
    voices = torch.tensor([[2.0, 22.0]], device=run.device)
    return lambda config: frame_attention_by_triton(
        query,
        key,
        value,
        query_labels=labels,
        key_labels=voices,
        may_attend=None,
        summed=False,
        base=BASE,
        config=config,
    )
