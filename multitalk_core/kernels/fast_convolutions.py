"""3-D convolutions on a CPU through oneDNN, which torch avoids for small ones."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class FastConvolutions(TorchFunctionMode):
    """Inside this context, float32 layers of type Conv3d on a CPU run in oneDNN, channels last.

    torch leaves a convolution to oneDNN by the product of its first four dimensions, which for a video leaves
    out the width: a small video of few channels takes torch's own way, ten times slower and with 27 copies of
    its input in memory. Results agree to float tolerance (`python -m tests.bench_decode`). Everything else
    runs as it does outside the context.
    """

    def __torch_function__(  # noqa: PLR0917 - torch calls it so
        self, function: Callable, types: Any, arguments: tuple = (), options: dict | None = None
    ) -> Any:
        """Run one function of torch."""
        if function is functional.conv3d and not options and _runs_in_onednn(*arguments):
            return _in_onednn(*arguments)
        return function(*arguments, **(options or {}))


def _runs_in_onednn(input: Tensor, weight: Tensor, *settings: Any) -> bool:
    """Whether these are float32 on a CPU, in a batch, with all the settings that a Conv3d layer passes."""
    on_cpu = input.device.type == "cpu" and torch.backends.mkldnn.is_available()
    of_layer = len(settings) == 5 and all(isinstance(lengths, tuple) for lengths in settings[1:4])
    return on_cpu and of_layer and input.dim() == 5 and input.dtype == weight.dtype == torch.float32


def _in_onednn(  # noqa: PLR0917 - the order of torch's conv3d
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> Tensor:
    weight = weight.contiguous(memory_format=torch.channels_last_3d)
    return torch.mkldnn_convolution(input, weight, bias, padding, stride, dilation, groups)
