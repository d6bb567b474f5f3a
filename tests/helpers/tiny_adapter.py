"""A small audio adapter with random weights, and the loader's refusals."""

import pytest
import torch
from torch import Tensor

from multitalk_core.checkpoint import read_adapter
from multitalk_core.checkpoint.adapter_sizes import expected_sizes
from multitalk_core.errors import MultiTalkError
from multitalk_core.method.adapter_shape import AdapterShape

SHAPE = AdapterShape((0, 1), 64, 32, context_tokens=4, intermediate=32, window=5, feature_size=32)


def adapter() -> dict[str, Tensor]:
    """Its tensors, the same every time."""
    generator = torch.Generator().manual_seed(3)
    return {key: torch.randn(size, generator=generator) for key, size in expected_sizes(SHAPE).items()}


def refused(path: object) -> str:
    """What the loader says about a file that is no adapter."""
    with pytest.raises(MultiTalkError) as refusal:
        read_adapter(path)
    return str(refusal.value)
