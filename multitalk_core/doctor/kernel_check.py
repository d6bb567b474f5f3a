"""The kernels on this device: which way is chosen and why, and its error against float64 on fresh inputs."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..kernels import Way, frame_attention, labels, localize
from ..kernels.exact import exact_attention, exact_labels, exact_similarity
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


@dataclass(frozen=True, kw_only=True)
class KernelTrial:
    """A kernel and inputs for it.

    Attributes
    ----------
    name : str
    fits : bool
        Whether Triton's kernel is written for such inputs.
    dtype : torch.dtype
        Of the inputs.
    compute : callable
        As a film does.
    exact : Tensor
        The same in float64, on the CPU.
    """

    name: str
    fits: bool
    dtype: torch.dtype
    compute: Callable[[], Tensor]
    exact: Tensor


def kernels(device: torch.device, dtype: torch.dtype, *, heads: int, channels: int) -> Check[None]:
    """Each kernel by the way that a film takes here, against float64.

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
        error = _relative_error(trial.compute(), trial.exact)
        chosen = choose(trial.name, device, trial.fits)
        precision, most = str(trial.dtype).removeprefix("torch."), MOST[trial.dtype]
        allowed = f"{error:.1e}, and {most:.0e} is allowed"
        measured = f"the largest error in {precision} against float64 is {allowed}"
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
    error = float((found.cpu().double() - exact).abs().max() / exact.abs().max())
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
    similarity = exact_similarity(query.cpu(), key.cpu(), masks.cpu())
    mapped, bounds = similarity.float().to(device), torch.tensor(BOUNDS, device=device)
    labelled = exact_labels(mapped.cpu(), bounds.cpu(), BACKGROUND)
    voice_key, voice_value = (drawn(ROWS, FRAMES, VOICES, AUDIO_TOKENS, heads, channels) for _ in range(2))
    query_labels, key_labels = labelled.float().to(device), bounds.mean(dim=1).expand(ROWS, -1)
    attended = exact_attention(
        query.cpu(),
        voice_key.cpu(),
        voice_value.cpu(),
        query_labels=query_labels.cpu(),
        key_labels=key_labels.cpu(),
    )
    return (
        KernelTrial(
            name=LOCALIZE,
            fits=localize_fits(query, masks),
            dtype=dtype,
            compute=lambda: localize(query, key, masks),
            exact=similarity,
        ),
        KernelTrial(
            name=LABELS,
            fits=True,
            dtype=torch.float32,
            compute=lambda: labels(mapped, bounds, BACKGROUND),
            exact=labelled,
        ),
        KernelTrial(
            name=FRAME_ATTENTION,
            fits=attention_fits(query, voice_key),
            dtype=dtype,
            compute=lambda: frame_attention(
                query, voice_key, voice_value, query_labels=query_labels, key_labels=key_labels
            ),
            exact=attended,
        ),
    )
