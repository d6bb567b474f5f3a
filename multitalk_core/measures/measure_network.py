"""What the measures' networks share: built from their weights, run in batches in full float32."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch import Tensor, nn

Progress = Callable[[int, int], None]
"""Called with how many items are done, and of how many; may raise to stop."""

COUNTER = "num_batches_tracked"  # of training; files of before 2018 lack it


def unreported(done: int, of: int) -> None:
    """Report no progress."""


def expected_tensors(network: type[nn.Module]) -> dict[str, Tensor]:
    """A network's tensors by name, with their shapes and precisions but without numbers."""
    with torch.device("meta"):
        return dict(network().state_dict())


class MeasureNetwork:
    """A measure's network with its weights, on a device, for evaluation.

    Parameters
    ----------
    weights : mapping of str to Tensor
        From `read_measure_weights`.
    device : str or torch.device
    """

    architecture: ClassVar[type[nn.Module]]

    def __init__(self, weights: Mapping[str, Tensor], *, device: str | torch.device = "cpu") -> None:
        with torch.device("meta"):
            network = self.architecture()
        network.to_empty(device=device)
        counters = {name: torch.tensor(0) for name in network.state_dict() if name.endswith(COUNTER)}
        network.load_state_dict({**counters, **weights})
        self.network = network.eval().requires_grad_(False)
        self.device = device


@contextmanager
def full_precision() -> Iterator[None]:
    """Compute without gradients, and without TF32, which changes the third digit."""
    with (
        torch.inference_mode(),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, allow_tf32=False),
    ):
        yield


def in_batches(
    items: Tensor, compute: Callable[[Tensor], Tensor], *, size: int, progress: Progress
) -> Tensor:
    """Compute something of all items, `size` at a time; the results are on the CPU.

    Parameters
    ----------
    items : Tensor [items, ...]
    compute : callable
        From [size, ...] to [size, results]
    size : int
    progress : callable
        Called after every batch.

    Returns
    -------
    Tensor [items, results]
    """
    results = []
    with full_precision():
        for start in range(0, len(items), size):
            results.append(compute(items[start : start + size]).cpu())
            progress(min(start + size, len(items)), len(items))
    return torch.cat(results)
