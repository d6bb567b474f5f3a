"""Every kernel against float64, on fresh inputs, with memory that nobody wrote full of NaN."""

import functools
import logging
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from multitalk_core.kernels import Way, frame_attention, labels, localize
from multitalk_core.kernels import way as ways
from multitalk_core.kernels.exact import exact_attention, exact_labels, exact_similarity, relative_error
from multitalk_core.method.labels import spread_ranges
from multitalk_core.method.schemes import SCHEMES as METHODS

from .bound_voices import bound_voices, limited_to, random_adapter, ways_here
from .measuring_run import Figures, MeasuringRun
from .model_size import SIZES
from .random_scenes import SCHEMES, random_scene, random_voices
from .scene import attention_inputs, person_masks, structured, voice_rows

TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
# Largest error, relative to the largest value. The twin computes in float32 whatever it is given.
LOCALIZE_BOUNDS = {"twin": 1e-5, "float32": 1e-5, "float16": 1.5e-3, "bfloat16": 8e-3}
ATTENTION_BOUNDS = {"float32": 1e-5, "float16": 3e-3, "bfloat16": 2.5e-2}
LABELS_BOUND = 1e-5
MAPS_BOUND = 1e-3  # at the model's own size
# Share of tokens whose class is another than float64's; none where tokens resemble their class.
CHANGED_ON_NOISE = {Way.TRITON: 0.005, Way.SDPA: 0.01, Way.TWIN: 0.005}
HOOKS_BOUND = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 3e-2}  # of the norm of the difference
SEEDS, SAMPLE = 4, 1024  # random shapes an item; tokens of a true clip that float64 computes too
PERSONS = (1, 2, 3, 4, 8)


def run_check(run: MeasuringRun) -> None:
    """All checks, the model's own size first."""
    interpreted = os.environ.get("TRITON_INTERPRET") == "1"
    if not (run.on_gpu or interpreted):
        run.skip("triton", "its kernels need a GPU, or TRITON_INTERPRET=1")
    compiled = [Way.TRITON] if run.on_gpu or interpreted else []
    handler = _Sentences()
    ways.LOG.addHandler(handler)
    for way in [*compiled, Way.SDPA, Way.TWIN]:
        for name, dtype in TYPES.items():
            if reason := _excluded(way, name, interpreted):
                run.skip(f"{way}/{name}", reason)
                continue
            _check_true_size(run, way, dtype)
            if way in ways_here(run.device):
                _check_hooks(run, way, dtype)
            _check_random_shapes(run, way, dtype)
    ways.LOG.removeHandler(handler)
    reasons = {"broken": sorted(ways.broken), "sentences": handler.sentences, "ok": not ways.broken}
    run.item("fallbacks", lambda: reasons, needs=0)


def _excluded(way: Way, name: str, interpreted: bool) -> str | None:
    if way is not Way.TRITON:
        return None
    if interpreted:
        return "the interpreter's bfloat16 is wrong" if name == "bfloat16" else None
    return "written for half precision; float32 takes torch's attention" if name == "float32" else None


@contextmanager
def poisoned() -> Iterator[None]:
    """Let torch fill all memory that it hands out with NaN, so that what is left unwritten shows."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else torch warns at every product
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


def compared(found: Callable[[], Tensor], exact: Tensor, bound: float) -> Figures:
    """Error of a kernel's result on poisoned memory, and whether it is within bounds."""
    with poisoned():
        result = found()
    wrong = int((~result.isfinite()).sum())
    error = None if wrong else relative_error(result.to(exact.device), exact)
    return {"error": error, "bound": bound, "not_finite": wrong, "ok": error is not None and error <= bound}


def worst(cases: list[Figures]) -> Figures:
    """Of several cases: the one that failed, or the one with the largest error."""
    case = max(cases, key=lambda each: (not each["ok"], each["error"] or 0))
    return {**case, "cases": len(cases)}


def bound_of(way: Way, dtype: torch.dtype) -> float:
    """For similarities."""
    return LOCALIZE_BOUNDS["twin" if way is Way.TWIN else _name(dtype)]


def _name(dtype: torch.dtype) -> str:
    return next(name for name, each in TYPES.items() if each is dtype)


def _worst_of(name: str, work: Callable[[int], Figures]) -> Figures:
    """Of seeds that are fixed for an item and differ between items."""
    start = zlib.crc32(name.encode()) % 10_000
    return worst([work(seed) for seed in range(start, start + SEEDS)])


def _check_random_shapes(run: MeasuringRun, way: Way, dtype: torch.dtype) -> None:
    """Ragged tokens, 1 to 8 persons, two rows of which one is silent, an empty class."""
    suffix = f"{way}/{_name(dtype)}"
    name = f"localize/{suffix}"
    work = functools.partial(_localized, run, way=way, dtype=dtype)
    run.item(name, functools.partial(_worst_of, name, work), needs=20)
    for scheme in SCHEMES:
        name = f"frame attention/{scheme}/{suffix}"
        work = functools.partial(_attended, run, way=way, dtype=dtype, scheme=scheme)
        run.item(name, functools.partial(_worst_of, name, work), needs=30)
    if way is not Way.SDPA and dtype is torch.float16:
        name = f"labels/{way}"
        run.item(name, functools.partial(_worst_of, name, functools.partial(_labelled, run, way=way)))


def _localized(run: MeasuringRun, seed: int, *, way: Way, dtype: torch.dtype) -> Figures:
    scene = random_scene(seed, dtype)
    here = [part.to(run.device) for part in scene]
    return compared(lambda: localize(*here, way), exact_similarity(*scene), bound_of(way, dtype))


def _attended(run: MeasuringRun, seed: int, *, way: Way, dtype: torch.dtype, scheme: str) -> Figures:
    scene = random_voices(seed, dtype, scheme)
    here = {key: part.to(run.device) if isinstance(part, Tensor) else part for key, part in scene.items()}
    bound = ATTENTION_BOUNDS[_name(dtype)]
    return compared(lambda: frame_attention(**here, way=way), exact_attention(**scene), bound)


def _labelled(run: MeasuringRun, seed: int, *, way: Way) -> Figures:
    similarity = exact_similarity(*random_scene(seed, torch.float32)).float()
    persons = 20.0 * torch.arange(similarity.shape[1] - 1)
    bounds = torch.stack([persons, persons + 4], dim=1)
    exact = exact_labels(similarity, bounds, 12.0)
    here = similarity.to(run.device), bounds.to(run.device)
    return compared(lambda: labels(*here, 12.0, way=way), exact, LABELS_BOUND)


def _check_true_size(run: MeasuringRun, way: Way, dtype: torch.dtype) -> None:
    """Similarities of a whole clip, of which some tokens are computed in float64 as well."""
    for persons in (2, 4):
        for kind in ("noise", "structure"):
            name = f"true size/{persons} persons/{kind}/{way}/{_name(dtype)}"
            work = functools.partial(_true_size, run, way, dtype, persons=persons, kind=kind)
            run.item(name, work, needs=15)
        if way is not Way.TWIN:
            name = f"true size/{persons} persons/labels, attention/{way}/{_name(dtype)}"
            run.item(name, functools.partial(_true_layer, run, way, dtype, persons=persons), needs=15)


def _true_layer(run: MeasuringRun, way: Way, dtype: torch.dtype, *, persons: int) -> Figures:
    """Labels of a whole clip and the attention that they rotate, against the twin."""
    size = run.size
    query, _, _ = attention_inputs(size, dtype, run.device)
    shape = 1, size.grid.frames, persons, size.audio_tokens, 2, size.heads, size.channels
    key, value = torch.randn(shape, dtype=dtype, device=run.device).unbind(4)
    similarity = torch.rand(1, persons + 1, size.tokens, device=run.device)
    ranges = spread_ranges(persons).on(run.device)
    of_tokens = labels(similarity, ranges.persons, ranges.background, way=Way.TWIN)
    found = functools.partial(labels, similarity, ranges.persons, ranges.background, way=way)
    attend = functools.partial(
        frame_attention, query, key, value, query_labels=of_tokens, key_labels=ranges.audio[None]
    )
    return worst(
        [
            compared(found, of_tokens, LABELS_BOUND),
            compared(lambda: attend(way=way), attend(way=Way.TWIN), ATTENTION_BOUNDS[_name(dtype)]),
        ]
    )


def _true_size(run: MeasuringRun, way: Way, dtype: torch.dtype, *, persons: int, kind: str) -> Figures:
    size = run.size
    query, key, _ = attention_inputs(size, dtype, run.device)
    masks = person_masks(size, persons, run.device)
    if kind == "structure":
        query, key = structured(query, key, masks)
    sample = torch.randperm(size.tokens, device=run.device)[:SAMPLE]
    exact = torch.cat([exact_similarity(query[:, some], key, masks[None]) for some in sample.split(128)], -1)
    with poisoned():
        found = localize(query, key, masks[None], way)
    unwritten = int((~found.isfinite()).sum())
    error = None if unwritten else relative_error(found[..., sample], exact)
    changed = float((found[..., sample].argmax(1) != exact.argmax(1)).double().mean())
    allowed = CHANGED_ON_NOISE[way] if kind == "noise" else 0.0
    bound = max(MAPS_BOUND, bound_of(way, dtype)) if size.reference < SAMPLE else MAPS_BOUND
    return {
        "error": error,
        "bound": bound,
        "not_finite": unwritten,
        "changed": changed,
        "ok": error is not None and error <= bound and (changed <= allowed or size.reference < SAMPLE),
    }


def _check_hooks(run: MeasuringRun, way: Way, dtype: torch.dtype) -> None:
    """Both hooks of every scheme and number of persons, without a copy from or to the host."""
    for scheme in METHODS:
        for persons in PERSONS:
            if scheme in ("concat", "add", "split") and persons not in (1, 2):
                continue
            name = f"hooks/{scheme}/{persons} persons/{way}/{_name(dtype)}"
            work = functools.partial(_hooks, run, way, dtype, scheme=scheme, persons=persons)
            run.item(name, work, needs=15)


def _hooks(run: MeasuringRun, way: Way, dtype: torch.dtype, *, scheme: str, persons: int) -> Figures:
    """What the hooks add, beside the same weights and inputs in float32 on the CPU; one row is silent."""
    size = SIZES["tiny"]  # small enough for the CPU too, its heads as wide as the model's
    exactly = random_adapter(size, size.blocks)
    here = random_adapter(size, size.blocks, dtype=dtype, device=run.device)
    here.load_state_dict(exactly.state_dict())
    exactly.load_state_dict(here.state_dict())  # rounded as on the device
    rows = voice_rows(here, size, persons, audible=(True, False))
    there = voice_rows(exactly, size, persons, audible=(True, False))
    there.tokens.copy_(rows.tokens)
    query, key, _ = attention_inputs(size, dtype, run.device, rows=2)
    query, key = structured(3 * query, 3 * key, rows.masks[0])
    hidden = torch.randn(2, size.tokens, size.width, dtype=dtype, device=run.device)
    hooks = bound_voices(here, rows, size, scheme=scheme)[0]
    with torch.no_grad(), limited_to(way):
        hooks.added(hidden, hooks.locate(query, key))  # compiles
        with poisoned(), unsynchronised(run):
            added = hooks.added(hidden, hooks.locate(query, key))
    beside = bound_voices(exactly, there, size, scheme=scheme)[0]
    with torch.no_grad():
        query, key, hidden = (part.cpu().float() for part in (query, key, hidden))
        wanted = beside.added(hidden, beside.locate(query, key))
    difference = (added.cpu().float() - wanted).norm() / wanted.norm()
    bound = HOOKS_BOUND[_name(dtype)]
    return {
        "error": float(difference) if difference.isfinite() else None,
        "bound": bound,
        "not_finite": int((~added.isfinite()).sum()),
        "ok": bool(difference <= bound),
    }


@contextmanager
def unsynchronised(run: MeasuringRun) -> Iterator[None]:
    """Raise where work waits for the GPU or copies from the host in a way that waits."""
    if not run.on_gpu:
        yield
        return
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


class _Sentences(logging.Handler):
    """What was logged about kernels that do not run."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.sentences.append(record.getMessage())
