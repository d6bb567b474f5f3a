"""The runs of `composition`: functions whose tensors are handed to pytest."""

from collections.abc import Callable

from torch import Tensor

RUNS: dict[str, Callable[[], dict[str, Tensor]]] = {}


def run(function: Callable[[], dict[str, Tensor]]) -> Callable[[], dict[str, Tensor]]:
    """A function whose tensors are handed to pytest, under its name and theirs."""
    RUNS[function.__name__] = function
    return function
