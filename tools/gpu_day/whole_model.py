"""A forward pass of the whole DiT with random weights: what voices cost beside plain Wan."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from multitalk_core.kernels import Way
from multitalk_core.method.wan import I2V_CHANNELS
from tools.peers import PEERS, PeerVoices

from . import comfyui_model
from .bound_voices import bound_voices, limited_to, random_adapter, ways_here
from .ceilings import fastest_attention
from .measuring_run import Figures, MeasuringRun
from .plain_wan import TIME_WIDTH, PlainBlock, PlainWan, Voices
from .scene import voice_rows
from .timing import timed

PERSONS = (1, 2, 4)
RESERVE = 12 * 2**30  # bytes for hidden states and the peers' matrices
DTYPE = torch.bfloat16


def run_whole_model(run: MeasuringRun) -> None:
    """Plain, with 1, 2 and 4 persons, as others do it; then compiled, then in ComfyUI's own model."""
    attend = fastest_attention(run)
    options = {"dtype": DTYPE, "device": run.device}
    distinct = _distinct_blocks(run)
    model = PlainWan(run.size, attend, distinct=distinct, **options).requires_grad_(False)
    adapter = random_adapter(run.size, distinct, **options)
    blocks = {"distinct": distinct, "blocks": run.size.blocks, "shared": distinct < run.size.blocks}
    run.item("weights", lambda: {**blocks, "gib": _gib(model), "adapter_gib": _gib(adapter)}, needs=0)
    forward = _forward(run, model)
    rows = {persons: voice_rows(adapter, run.size, persons) for persons in PERSONS}

    def item(name: str, voices: list[Voices] | None, *, needs: float = 25.0) -> None:
        run.item(name, functools.partial(_pass, run, forward, voices), needs=needs)

    with torch.no_grad():
        item("plain", None)
        for persons in (2, 1, 4):
            item(f"fastest/{persons}", bound_voices(adapter, rows[persons], run.size))
        for name, peer in PEERS.items():
            layers = [adapter.blocks[str(index % distinct)] for index in range(run.size.blocks)]
            item(f"{name}/2", [PeerVoices(layer, rows[2], peer) for layer in layers])
        for way in ways_here(run.device)[1:]:
            voices = bound_voices(adapter, rows[2], run.size)
            work = functools.partial(_limited, way, functools.partial(_pass, run, forward, voices))
            run.item(f"{way}/2", work, needs=25)
        _compiled(run, model, forward=forward, voices=bound_voices(adapter, rows[2], run.size))
    if run.comfyui is None:
        run.skip("comfyui's model", "no --comfyui PATH was given")
    else:
        del model, forward
        comfyui_model.time_comfyui(run, adapter, rows)


def _distinct_blocks(run: MeasuringRun) -> int:
    """As many blocks with weights of their own as fit beside the hidden states, with their audio layers."""
    if not run.on_gpu:
        return run.size.blocks
    one = PlainBlock(run.size, device="meta", dtype=DTYPE)
    layer = random_adapter(run.size, 1, device="meta", dtype=DTYPE).blocks
    each = sum(weight.nbytes for weight in [*one.parameters(), *layer.parameters()])
    free, _ = torch.cuda.mem_get_info(run.device)
    return max(1, min(run.size.blocks, (free - RESERVE) // each))


def _gib(module: torch.nn.Module) -> float:
    return round(sum(weight.nbytes for weight in module.parameters()) / 2**30, 2)


def _forward(run: MeasuringRun, model: PlainWan) -> Callable[[list[Voices] | None], Tensor]:
    """One row through the model."""
    size = run.size

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=DTYPE, device=run.device)

    latent = drawn(1, I2V_CHANNELS, *size.grid.latent_size)
    time = drawn(1, TIME_WIDTH)
    text, image = drawn(1, size.text_tokens, size.text_width), drawn(1, size.image_tokens, size.image_width)
    return lambda voices: model(latent, time, text=text, image=image, voices=voices)


def _pass(
    run: MeasuringRun, forward: Callable[[list[Voices] | None], Tensor], voices: list[Voices] | None
) -> Figures:
    finite = bool(forward(voices).isfinite().all())
    found = timed(functools.partial(forward, voices), run.device, seconds=8, least=2, most=5)
    return {**found, "finite": finite, "ok": finite}


def _limited(way: Way, work: Callable[[], Figures]) -> Figures:
    with limited_to(way):
        return work()


def _compiled(
    run: MeasuringRun,
    model: PlainWan,
    *,
    forward: Callable[[list[Voices] | None], Tensor],
    voices: list[Voices],
) -> None:
    """Every block compiled, as hosts do it: one graph for all of them, and no break."""
    backend = "inductor" if run.on_gpu else "aot_eager"

    def work(given: list[Voices] | None) -> Figures:
        torch._dynamo.utils.counters.clear()
        for block in model.blocks:
            block.compile(fullgraph=True, backend=backend)
        try:
            found = _pass(run, forward, given)
            return {**found, "graphs": torch._dynamo.utils.counters["stats"]["unique_graphs"]}
        finally:
            for block in model.blocks:
                block._compiled_call_impl = None
            torch._dynamo.reset()  # what it keeps would hold the weights

    run.item("compiled/plain", lambda: work(None), needs=90)
    run.item("compiled/2", lambda: work(voices), needs=90)
