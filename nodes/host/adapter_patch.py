"""The audio adapter under ComfyUI's memory management: what a MODEL_PATCH socket holds."""

import comfy.model_management
import comfy.ops
import torch
from comfy.ldm.modules.attention import attention_pytorch, optimized_attention
from comfy.model_patcher import CoreModelPatcher, ModelPatcher
from torch import Tensor

from ...multitalk_core.checkpoint import adapter_shape, build_adapter, read_adapter, read_stored_adapter
from ...multitalk_core.method.adapter import AudioAdapter
from ...multitalk_core.method.adapter_shape import AdapterShape
from .float8 import as_stored, float8_layers, in_float8, split

HEAD_WIDTH = 128  # of every released Wan


def load_adapter(path: str, dtype: torch.dtype | None, *, fast: bool = False) -> ModelPatcher:
    """Read an adapter; the patcher's `model` is an `AudioAdapter`, on the offload device.

    Parameters
    ----------
    path : str
        A file that `read_adapter` reads.
    dtype : torch.dtype, optional
        Of the weights, in float8 of the matrices alone; their own where not given. Layers cast them to their
        input's, as ComfyUI's do.
    fast : bool
        Whether float8 matrices are multiplied as they are, on GPUs that can.

    Raises
    ------
    MultiTalkError
        The file is no adapter.
    """
    if dtype is None:
        state = as_stored(read_stored_adapter(path))
    elif dtype.itemsize == 1:
        state = in_float8(read_adapter(path), dtype, fast=fast)
    else:
        state = read_adapter(path, dtype)
    released, _ = split(state)
    heads = max(1, adapter_shape(released).width // HEAD_WIDTH)
    return _patcher(state, heads, comfy.model_management.get_torch_device())


def shape_of(model_patch: ModelPatcher) -> AdapterShape:
    """The dimensions of the adapter of a MODEL_PATCH.

    Raises
    ------
    MultiTalkError
        The patch is of another kind.
    """
    model = model_patch.model
    return model.shape if isinstance(model, AudioAdapter) else adapter_shape(model.state_dict())


def adapter_for(model_patch: ModelPatcher, heads: int) -> ModelPatcher:
    """The adapter of a MODEL_PATCH for a DiT with so many heads; shares the weights and their LoRAs.

    Parameters
    ----------
    model_patch : ModelPatcher
        From `load_adapter`, or from ComfyUI's own ModelPatchLoader: of that one only the weights are taken,
        because its layers differ (its layer norm has another epsilon).
    heads : int
        Attention heads of the DiT.

    Raises
    ------
    MultiTalkError
        The patch is of another kind.
    """
    model = model_patch.model
    if isinstance(model, AudioAdapter) and model.heads == heads:
        return model_patch
    return _copied(model_patch, heads, model_patch.load_device)


def adapter_on(adapter: ModelPatcher, device: torch.device) -> ModelPatcher:
    """An adapter of its own for another device, with the same LoRAs."""
    return _copied(adapter, adapter.model.heads, device)


def _copied(model_patch: ModelPatcher, heads: int, load_device: torch.device) -> ModelPatcher:
    """The same weights and LoRAs around another module."""
    offload_device = model_patch.offload_device
    state = model_patch.model.state_dict()
    state |= {name: kept.weight for name, kept in model_patch.backup.items()}  # without LoRAs, where loaded
    state = {name: tensor.to(offload_device) for name, tensor in state.items()}
    copied = _patcher(state, heads, load_device)
    copied.patches = {name: list(changes) for name, changes in model_patch.patches.items()}
    copied.patches_uuid = model_patch.patches_uuid
    return copied


def _patcher(state: dict[str, Tensor], heads: int, load_device: torch.device) -> ModelPatcher:
    """A patcher around an adapter that uses the tensors themselves, without a copy."""
    released, beside = split(state)
    layers = float8_layers(load_device) if beside else comfy.ops.manual_cast
    return CoreModelPatcher(
        build_adapter(released, heads, layers=layers, attention=comfy_attention, beside=beside),
        load_device=load_device,
        offload_device=comfy.model_management.unet_offload_device(),
    )


def comfy_attention(query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None) -> Tensor:
    """ComfyUI's attention of choice; torch's own under a mask, which not every other one honours."""
    attention = optimized_attention if mask is None else attention_pytorch
    return attention(
        query, key, value, heads=query.shape[1], mask=mask, skip_reshape=True, skip_output_reshape=True
    )
