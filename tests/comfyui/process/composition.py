"""Latents of MultiTalk beside other nodes and in other circumstances; pytest compares them."""

import node_runs  # noqa: F401
import refused_runs  # noqa: F401
import torch
import weight_runs  # noqa: F401
from run_registry import RUNS
from scene import save_outputs
from torch import Tensor

OUTPUTS: dict[str, Tensor] = {}


def main() -> None:
    """Run everything."""
    for name, function in RUNS.items():
        with torch.inference_mode():
            tensors = function()
        OUTPUTS.update({f"{name}.{part}" if part else name: tensor for part, tensor in tensors.items()})
    save_outputs(OUTPUTS)


main()
