"""Localization, rotation, audio layer and a whole block, beside plain Wan and the ways of others."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from multitalk_core.kernels import Way, frame_attention, labels, localize
from multitalk_core.method.labels import spread_ranges
from tools.peers import MOST_PERSONS, PEERS, PeerVoices, Similarity, peer_attention, peer_labels

from .bound_voices import bound_voices, limited_to, random_adapter, ways_here
from .ceilings import measure_ceilings
from .measuring_run import MeasuringRun
from .plain_wan import PlainBlock, Voices, random_conditions
from .scene import attention_inputs, person_masks, voice_rows
from .timing import timed

PERSONS = (1, 2, 4)
DTYPE = torch.bfloat16


def run_bench(run: MeasuringRun) -> None:
    """All of it; the block, which matters most, comes before the single steps of other ways."""
    attend = measure_ceilings(run)
    with torch.no_grad():
        _localization(run)
        _block(run, attend)
        _labels(run)
        _frame_attention(run)
        _audio_layer(run)
        _compiled_peer(run)


def time_item(
    run: MeasuringRun, name: str, work: Callable[[], object], *, way: Way | None = None, needs: float = 8.0
) -> None:
    """Time a piece of work; with a way, the kernels take it."""

    def measure() -> dict[str, float | int | None]:
        if way is None:
            return timed(work, run.device)
        with limited_to(way):
            return timed(work, run.device)

    run.item(name, measure, needs=needs)


def _localization(run: MeasuringRun) -> None:
    query, key, _ = attention_inputs(run.size, DTYPE, run.device)
    for persons in (2, *(count for count in PERSONS if count != 2)):
        masks = person_masks(run.size, persons, run.device)
        for way in _ways(run):
            time_item(
                run,
                f"localization/{way}/{persons}",
                functools.partial(localize, query, key, masks[None], way),
            )
        if persons > 1:
            for name, peer in PEERS.items():
                work = functools.partial(peer.similarity, query, key, masks)
                time_item(run, f"localization/{name}/{persons}", work)


def _compiled_peer(run: MeasuringRun) -> None:
    """The released code compiles its localization."""
    if not run.on_gpu:
        run.skip("localization/released, compiled/2", "compiled for a GPU")
        return
    query, key, _ = attention_inputs(run.size, DTYPE, run.device)
    compiled: Similarity = torch.compile(PEERS["released"].similarity)
    work = functools.partial(compiled, query, key, person_masks(run.size, 2, run.device))
    time_item(run, "localization/released, compiled/2", work, needs=60)


def _ways(run: MeasuringRun) -> list[Way]:
    """Ways that a kernel can be asked for by name."""
    return [*([Way.TRITON] if run.on_gpu else []), Way.SDPA, Way.TWIN]


def _labels(run: MeasuringRun) -> None:
    for persons in (2, 4):
        similarity = torch.rand(1, persons + 1, run.size.tokens, device=run.device)
        bounds = spread_ranges(persons).on(run.device).persons
        for way in _ways(run):
            if way is not Way.SDPA:
                work = functools.partial(labels, similarity, bounds, 12.0, way=way)
                time_item(run, f"labels/{way}/{persons}", work)
        if persons <= MOST_PERSONS:
            work = functools.partial(peer_labels, similarity[0].to(DTYPE))
            time_item(run, f"labels/peers/{persons}", work)


def _frame_attention(run: MeasuringRun) -> None:
    """Rotation of queries and keys by labels, and attention to the frame's voices."""
    size = run.size
    query, _, _ = attention_inputs(size, DTYPE, run.device)
    for persons in PERSONS:
        shape = 1, size.grid.frames, persons, size.audio_tokens, 2, size.heads, size.channels
        key, value = torch.randn(shape, dtype=DTYPE, device=run.device).unbind(4)
        token_labels = 20 * persons * torch.rand(1, size.tokens, device=run.device)
        voice_labels = 20.0 * torch.arange(persons, device=run.device)[None] + 2
        binding: dict[str, Tensor | None] = {"query_labels": token_labels, "key_labels": voice_labels}
        if persons == 1:
            binding = {}
        if persons > MOST_PERSONS:  # routed
            owner = torch.randint(0, persons + 1, (1, size.tokens, 1), device=run.device)
            may_attend = owner == torch.arange(persons, device=run.device)
            binding = {"query_labels": token_labels, "may_attend": may_attend}
        for way in _ways(run):
            work = functools.partial(frame_attention, query, key, value, way=way, **binding)
            time_item(run, f"frame attention/{way}/{persons}", work)
        if persons <= MOST_PERSONS:
            of_audio = voice_labels[0].repeat_interleave(size.audio_tokens)
            turned = (token_labels[0], of_audio) if persons > 1 else None
            keys, values = (part[0].flatten(1, 2).transpose(1, 2) for part in (key, value))  # f h a c
            work = functools.partial(peer_attention, query.transpose(1, 2), keys, values, labels=turned)
            time_item(run, f"frame attention/peers/{persons}", work)


def _audio_layer(run: MeasuringRun) -> None:
    """The second hook alone: layer norm, projections, rotation and attention, residual."""
    adapter = random_adapter(run.size, 1, dtype=DTYPE, device=run.device)
    hidden = torch.randn(1, run.size.tokens, run.size.width, dtype=DTYPE, device=run.device)
    query, key, _ = attention_inputs(run.size, DTYPE, run.device)
    for persons in PERSONS:
        rows = voice_rows(adapter, run.size, persons)
        voices = bound_voices(adapter, rows, run.size)[0]
        located = voices.locate(query, key)
        for way in ways_here(run.device):
            work = functools.partial(voices.add, hidden, located)
            time_item(run, f"audio layer/{way}/{persons}", work, way=way)
        if persons <= MOST_PERSONS:
            peers = PeerVoices(adapter.blocks["0"], rows, PEERS["released"])
            similarity = localize(query, key, rows.masks)[0].to(DTYPE) if persons > 1 else None
            work = functools.partial(peers.add, hidden, similarity)
            time_item(run, f"audio layer/peers/{persons}", work)


def _block(run: MeasuringRun, attend: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """A whole block without voices and with them, by every way."""
    options = {"dtype": DTYPE, "device": run.device}
    block = PlainBlock(run.size, attend, **options).requires_grad_(False)
    conditions = random_conditions(run.size, DTYPE, run.device)
    hidden = torch.randn(1, run.size.tokens, run.size.width, **options)
    adapter = random_adapter(run.size, 1, **options)

    def work(voices: Voices | None) -> Callable[[], object]:
        return functools.partial(block, hidden, conditions, voices)

    time_item(run, "block/plain", work(None))
    for persons in PERSONS:
        rows = voice_rows(adapter, run.size, persons)
        for way in ways_here(run.device):
            voices = bound_voices(adapter, rows, run.size)[0]
            time_item(run, f"block/{way}/{persons}", work(voices), way=way)
        if persons <= MOST_PERSONS:
            for name, peer in PEERS.items():
                peers = PeerVoices(adapter.blocks["0"], rows, peer)
                time_item(run, f"block/{name}/{persons}", work(peers))
    rows = voice_rows(adapter, run.size, 1)
    bystanders = bound_voices(adapter, rows, run.size, scheme="routed")[0]
    time_item(run, "block/fastest/1 routed", work(bystanders))
    time_item(run, "block/plain again", work(None))  # the spread of the day
