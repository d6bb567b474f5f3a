"""Quantised weights back to plain ones: fp8 with or without a scale, and Quanto's int8 and fp8."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..errors import MultiTalkError

# ComfyUI's older and newer name of the scale, and Quanto's pair; all mean stored · scale.
SCALES = ("scale_weight", "weight_scale", "weight._scale")
QUANTISED_SUFFIXES = (*SCALES, "weight._data")
PLAIN = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
FLOAT8 = (torch.float8_e4m3fn, torch.float8_e5m2)


def dequantise(name: str, parts: Mapping[str, Tensor], dtype: torch.dtype | None) -> Tensor:
    """One parameter as plain numbers.

    Parameters
    ----------
    name
        Of the parameter, for error sentences.
    parts
        "weight" or "bias", or the parts of a quantised weight: stored numbers and scale, the scale one
        number for the tensor or one for each row.
    dtype
        Of the result; by default its own, and bfloat16 for quantised weights.

    Raises
    ------
    MultiTalkError
        The layout is not one of those above.
    """
    stored = next((parts[part] for part in ("weight", "bias", "weight._data") if part in parts), None)
    scales = [parts[scale] for scale in SCALES if scale in parts]
    quanto = "weight._data" in parts
    if stored is None or len(scales) > 1 or quanto != ("weight._scale" in parts):
        raise MultiTalkError(
            f"The tensor {name} has the parts {', '.join(sorted(parts))}, an unknown kind of quantisation: "
            "use the fp16, bf16 or fp8 version."
        )
    if (
        stored.dtype not in PLAIN
        and stored.dtype not in FLOAT8
        and not (quanto and stored.dtype == torch.int8)
    ):
        raise MultiTalkError(
            f"The tensor {name} is stored as {str(stored.dtype).removeprefix('torch.')}, a kind of quantisation "
            "that is not supported: use the fp16, bf16 or fp8 version."
        )
    if not scales:
        own = torch.bfloat16 if stored.dtype in FLOAT8 else stored.dtype
        return stored.to(dtype or own)
    return (stored.float() * _scale_for(name, stored, scales[0])).to(dtype or torch.bfloat16)


def _scale_for(name: str, stored: Tensor, scale: Tensor) -> Tensor:
    if scale.dtype in PLAIN and scale.numel() == 1:
        return scale.float().reshape(())
    if scale.dtype in PLAIN and scale.numel() == len(stored):
        return scale.float().reshape(-1, *(1,) * (stored.dim() - 1))
    raise MultiTalkError(
        f"The scale of {name} is {list(scale.shape)} for a weight of {list(stored.shape)}, a kind of quantisation "
        "that is not supported: use the fp16, bf16 or fp8 version."
    )
