"""The kernels on this device: which way is chosen and why, and its error against the twin on fresh inputs."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..kernels import Way, frame_attention, labels, localize
from ..kernels.frame_attention import NAME as FRAME_ATTENTION
from ..kernels.frame_attention import fits as attention_fits
from ..kernels.localize import FUSED
from ..kernels.localize import NAME as LOCALIZE
from ..kernels.localize import fits as localize_fits
from ..kernels.token_labels import NAME as LABELS
from ..kernels.way import broken, choose, limit, reason
from .checkup import Check
from .report_line import failed, passed, warned

# Largest relative error, max|a - b| / max|b|; half precision rounds results to 8 or 11 bits.
MOST = {torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 2e-2}
NAMES = {
    Way.TWIN: "plain torch",
    Way.SDPA: "torch's fused attention (sdpa)",
    Way.TRITON: "its own GPU kernel (triton)",
}
ROWS, FRAMES, VOICES, AUDIO_TOKENS = 2, 2, 2, 32
FRAME_TOKENS = 390  # of 416×240
MOST_HEADS = 8
BOUNDS = ((0.0, 4.0), (20.0, 24.0))
BACKGROUND = 12.0


@dataclass(frozen=True)
class KernelTrial:
    """A kernel and inputs for it.

    Attributes
    ----------
    name : str
    fits : bool
        Whether Triton's kernel is written for such inputs.
    compute : callable
        By a way, or by the fastest where it is None.
    """

    name: str
    fits: bool
    compute: Callable[[Way | None], Tensor]


def kernels(device: torch.device, dtype: torch.dtype, *, heads: int, channels: int) -> Check[None]:
    """Each kernel by the way that a film takes here, against the twin.

    Parameters
    ----------
    device : torch.device
    dtype : torch.dtype
        Of queries and keys in the model; fp8 weights are computed in bfloat16.
    heads, channels : int
        Of the model's attention.
    """
    dtype = dtype if dtype in MOST else torch.bfloat16
    limit()  # refuses an unknown word in the environment
    for trial in _trials(device, dtype, heads=min(heads, MOST_HEADS), channels=channels):
        computed, whose = trial.compute(None), ""
        chosen = choose(trial.name, device, trial.fits)
        if chosen is Way.TWIN and trial.name != LABELS:  # torch has none fused for them
            computed, whose = trial.compute(Way.SDPA), " of torch's fused attention (sdpa)"
        error = _relative_error(computed, trial.compute(Way.TWIN))
        precision, most = str(dtype).removeprefix("torch."), MOST[dtype]
        allowed = f"{error:.1e}, and {most:.0e} is allowed"
        measured = f"the largest error{whose} in {precision} against plain torch is {allowed}"
        if error <= most:
            why = reason(trial.name, device, trial.fits)
            yield passed(f"{trial.name} is computed by {NAMES[chosen]}, because {why}; {measured}.")
        else:
            yield failed(
                f"{trial.name} is wrong on this device, {measured}: set MULTITALK_KERNELS=off, and attach "
                "this report to a bug report."
            )
        if trial.name in broken:
            yield warned(
                f"The GPU kernel {trial.name} does not run here, and a slower way is used: update the GPU's "
                "driver and Triton, and attach this report to a bug report if that does not help."
            )
    if FUSED in broken:
        yield warned(
            "Torch's fused attention takes no narrow values on this GPU, so that localization runs in "
            "float32, which is slow: update torch."
        )


def _relative_error(found: Tensor, exact: Tensor) -> float:
    """max|a - b| / max|b|; infinite where a number is not finite."""
    error = float((found.float() - exact.float()).abs().max() / exact.float().abs().max())
    return error if error == error else float("inf")


def _trials(
    device: torch.device, dtype: torch.dtype, *, heads: int, channels: int
) -> tuple[KernelTrial, KernelTrial, KernelTrial]:
    """The three kernels on random inputs: two rows, two persons and a background."""
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(device, dtype)

    query, key = (drawn(ROWS, FRAMES * FRAME_TOKENS, heads, channels) for _ in range(2))
    owner = torch.arange(FRAME_TOKENS) * (VOICES + 1) // FRAME_TOKENS
    masks = (owner == torch.arange(VOICES + 1)[:, None]).float()[None].to(device)
    similarity = localize(query, key, masks, Way.TWIN)
    bounds = torch.tensor(BOUNDS, device=device)
    voice_key, voice_value = (drawn(ROWS, FRAMES, VOICES, AUDIO_TOKENS, heads, channels) for _ in range(2))
    query_labels = labels(similarity, bounds, BACKGROUND, way=Way.TWIN)
    key_labels = bounds.mean(dim=1).expand(ROWS, -1)
    return (
        KernelTrial(LOCALIZE, localize_fits(query, masks), lambda way: localize(query, key, masks, way)),
        KernelTrial(LABELS, True, lambda way: labels(similarity, bounds, BACKGROUND, way=way)),
        KernelTrial(
            FRAME_ATTENTION,
            attention_fits(query, voice_key),
            lambda way: frame_attention(
                query, voice_key, voice_value, query_labels=query_labels, key_labels=key_labels, way=way
            ),
        ),
    )
