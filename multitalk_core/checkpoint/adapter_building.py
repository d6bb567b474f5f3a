"""Adapters from the tensors of a file."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..kernels.frame_attention import Attention, torch_attention
from ..method.adapter import AudioAdapter
from .adapter_sizes import adapter_shape


def build_adapter(
    state: dict[str, Tensor],
    heads: int,
    *,
    layers: Any = nn,
    attention: Attention = torch_attention,
    beside: Mapping[str, Tensor] | None = None,
) -> AudioAdapter:
    """Build an adapter that uses the tensors themselves, without a copy.

    Parameters
    ----------
    state : dict of Tensor
        From `read_adapter`.
    heads : int
        Attention heads of the DiT.
    layers : module
        Where `Linear` and `LayerNorm` come from: torch.nn or ComfyUI's operations.
    attention : Attention
    beside : mapping of str to Tensor, optional
        What the layers read beside the released tensors, such as scales.

    Returns
    -------
    AudioAdapter
        For inference: without gradients.

    Raises
    ------
    MultiTalkError
        Tensors are missing, or their shapes contradict each other.
    """
    with torch.device("meta"):
        adapter = AudioAdapter(adapter_shape(state), heads, layers=layers, attention=attention)
    adapter.load_state_dict({**state, **(beside or {})}, assign=True)
    return adapter.eval().requires_grad_(False)
