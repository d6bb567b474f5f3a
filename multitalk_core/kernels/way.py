"""Which way a kernel is computed: by its twin, by torch's fused attention, or by Triton.

torch.compile traces `only_way` and `choose`, so they read nothing that it cannot guard.
"""

import importlib.util
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

import torch

from ..errors import MultiTalkError, quoted

LOG = logging.getLogger(__name__)
VARIABLE = "MULTITALK_KERNELS"
HAS_TRITON = importlib.util.find_spec("triton") is not None  # it is not imported

Result = TypeVar("Result")

broken: set[str] = set()
"""Kernels that did not compile or launch on this machine; they are not tried again."""


class Way(StrEnum):
    """How a kernel is computed.

    Attributes
    ----------
    TWIN
        Plain torch in float32, on every device: what the others are measured against.
    SDPA
        Torch's fused attention in the input's own type.
    TRITON
        Compiled for NVIDIA's GPUs.
    """

    TWIN = "twin"
    SDPA = "sdpa"
    TRITON = "triton"


_only: Way | None = None


@contextmanager
def only(way: Way) -> Iterator[None]:
    """Compute every kernel in one way, on any device and without a fallback: to compare the ways.

    Parameters
    ----------
    way : Way
    """
    global _only
    before, _only = _only, way
    try:
        yield
    finally:
        _only = before


def only_way() -> Way | None:
    """The way of `only`, or None outside of it."""
    return _only


LIMITED_TO = {"off": Way.TWIN, "sdpa": Way.SDPA, "triton": Way.TRITON}


def limit() -> Way:
    """The fastest way that MULTITALK_KERNELS allows.

    Raises
    ------
    MultiTalkError
        For another word than off, sdpa or triton.
    """
    word = os.environ.get(VARIABLE) or "triton"
    if word not in LIMITED_TO:
        raise MultiTalkError(f'{VARIABLE} is "{quoted(word)}": use off, sdpa or triton.')
    return LIMITED_TO[word]


def choose(kernel: str, device: torch.device, fits: bool) -> Way:
    """The fastest way that is at hand, or the way of `only`.

    Parameters
    ----------
    kernel : str
        Its name.
    device : torch.device
        Of its inputs.
    fits : bool
        Whether the inputs are what the Triton kernel is written for.
    """
    single = only_way()
    if single is not None:
        return single
    allowed = limit()
    if device.type != "cuda" or allowed is Way.TWIN:
        return Way.TWIN
    nvidia = torch.version.hip is None
    if allowed is Way.TRITON and nvidia and fits and HAS_TRITON and kernel not in broken:
        return Way.TRITON
    return Way.SDPA


def reason(kernel: str, device: torch.device, fits: bool) -> str:
    """Why `choose` takes its way, for a sentence that ends in it."""
    if device.type != "cuda":
        return "the device is no GPU that the kernels are written for"
    if limit() is not Way.TRITON:
        return f"{VARIABLE} asks for it"
    if torch.version.hip is not None:
        return "the GPU is AMD's"
    if kernel in broken:
        return "the GPU's own kernel does not run here"
    if not HAS_TRITON:
        return "Triton is not installed"
    return "it is the fastest" if fits else "the GPU's own kernel is written for other inputs"


def launched(kernel: str, launch: Callable[[], Result], instead: Callable[[], Result]) -> Result:
    """Run a kernel, or what stands in for it where it does not compile or launch here.

    Within `only`, errors are let through.

    Parameters
    ----------
    kernel : str
        Its name.
    launch, instead : callable
    """
    if only_way() is not None:
        return launch()
    if kernel in broken:
        return instead()
    try:
        return launch()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        broken.add(kernel)
        LOG.warning(
            "MultiTalk: the GPU kernel %s does not run here (%s: %s); a slower way is used.",
            kernel,
            type(error).__name__,
            str(error).partition("\n")[0],
        )
        return instead()
