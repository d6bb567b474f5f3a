"""Adapters in float8, in the form that ComfyUI's mixed-precision layers read: a scale and a note a matrix."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import comfy.ops
import torch
from comfy.cli_args import PerformanceFeature, args
from torch import Tensor

from ...multitalk_core.checkpoint import StoredAdapter

SCALE, NOTE = "weight_scale", "comfy_quant"  # of a layer, in ComfyUI's terms
FORMATS = {torch.float8_e4m3fn: "float8_e4m3fn", torch.float8_e5m2: "float8_e5m2"}


def as_stored(adapter: StoredAdapter) -> dict[str, Tensor]:
    """The state of an adapter whose file may have matrices in float8.

    Those with a scale are multiplied as they are, on GPUs that can, unless the file asks for more precision;
    those without only where ComfyUI was started for it, as it does with a model's.
    """
    scaled = any((scale != 1).item() for scale in adapter.scales.values())
    fast = _started_fast() or (scaled and not adapter.full_precision)
    return _noted(adapter.state, adapter.scales, fast=fast)


def in_float8(state: Mapping[str, Tensor], dtype: torch.dtype, *, fast: bool) -> dict[str, Tensor]:
    """The state with its matrices in float8, each scaled to the precision's range; vectors keep their own."""
    converted, scales = dict(state), {}
    for key, matrix in state.items():
        if matrix.dim() == 2:
            largest = matrix.float().abs().amax()
            scales[key] = torch.where(largest > 0, largest / torch.finfo(dtype).max, 1.0)
            converted[key] = (matrix.float() / scales[key]).to(dtype)
    return _noted(converted, scales, fast=fast or _started_fast())


def _started_fast() -> bool:
    return PerformanceFeature.Fp8MatrixMultiplication in args.fast


def _noted(state: Mapping[str, Tensor], scales: Mapping[str, Tensor], *, fast: bool) -> dict[str, Tensor]:
    """The state with a scale and a note for each matrix in float8."""
    noted = dict(state)
    for key, scale in scales.items():
        layer, dtype = key.removesuffix(".weight"), state[key].dtype
        # Only e4m3fn has tensor cores of its own. The projection runs once a clip: nothing is won there.
        exact = not fast or dtype != torch.float8_e4m3fn or layer.startswith("audio_proj.")
        note = {"format": FORMATS[dtype], "full_precision_matrix_mult": exact}
        noted[f"{layer}.{SCALE}"] = scale
        noted[f"{layer}.{NOTE}"] = torch.tensor(list(json.dumps(note).encode()), dtype=torch.uint8)
    return noted


def split(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """A state's released tensors, and the scales and notes beside them."""
    beside = {name: tensor for name, tensor in state.items() if name.endswith((f".{SCALE}", f".{NOTE}"))}
    return {name: tensor for name, tensor in state.items() if name not in beside}, beside


def float8_layers(device: torch.device) -> Any:
    """ComfyUI's layers for matrices in float8; on devices without float8 they compute in their input's."""
    noted = SimpleNamespace(quant_config={"mixed_ops": True})
    return comfy.ops.pick_operations(None, torch.bfloat16, load_device=device, model_config=noted)
