"""Adapters for a WanTransformer3DModel."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ...checkpoint import adapter_shape, build_adapter, check_adapter, read_adapter
from ...method.adapter import AudioAdapter

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel


def read_fitting_adapter(
    path: str | Path, transformer: "WanTransformer3DModel", dtype: torch.dtype, *, model_name: str
) -> AudioAdapter:
    """Read an adapter and check that it fits a transformer.

    Parameters
    ----------
    path : str or Path
        One .safetensors file, shards or their folder.
    transformer : WanTransformer3DModel
    dtype : torch.dtype
        Of the adapter's weights.
    model_name : str
        What sentences call the model.

    Raises
    ------
    MultiTalkError
        The file is no adapter, or one for another width or depth.
    """
    state = read_adapter(path, dtype)
    config = transformer.config
    heads = config.num_attention_heads
    width, depth = heads * config.attention_head_dim, config.num_layers
    check_adapter(adapter_shape(state), model_width=width, model_depth=depth, model_name=model_name)
    return build_adapter(state, heads)
