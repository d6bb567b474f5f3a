"""Convert quantised weights to plain ones: fp8 with or without a scale, and Quanto's int8 and fp8."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from ..errors import MultiTalkError

# ComfyUI's older and newer name of the scale, and Quanto's; all mean stored · scale.
SCALES = ("scale_weight", "weight_scale", "weight._scale")
STORED = ("weight", "bias", "weight._data")
PARTS = (*STORED, *SCALES)
PLAIN = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
FLOAT8 = (torch.float8_e4m3fn, torch.float8_e5m2)


def stored_parts(parts: Collection[str]) -> list[str]:
    """The parts of a parameter that contain its numbers, without their scales."""
    return [part for part in STORED if part in parts]


def dequantise(name: str, parts: Mapping[str, Tensor], dtype: torch.dtype | None) -> Tensor:
    """Convert a parameter to plain numbers.

    Parameters
    ----------
    name : str
        Name of the parameter, for error messages.
    parts : mapping of str to Tensor
        "weight" or "bias", or the parts of a quantised weight: its numbers and a scale, which is one number
        for the tensor or one per row.
    dtype : torch.dtype, optional
        Of the result; by default that of the parameter, or bfloat16 for quantised weights.

    Raises
    ------
    MultiTalkError
        When the layout is not one of those above.
    """
    stored = parts[stored_parts(parts)[0]]
    scales = [parts[scale] for scale in SCALES if scale in parts]
    quanto = "weight._data" in parts
    if len(parts) - len(scales) > 1 or len(scales) > 1 or quanto != ("weight._scale" in parts):
        raise MultiTalkError(
            f"The tensor {name} has the parts {', '.join(sorted(parts))}, an unknown kind of quantisation: "
            "use the fp16, bf16 or fp8 version."
        )
    if stored.dtype not in (*PLAIN, *FLOAT8, *([torch.int8] if quanto else [])):
        raise MultiTalkError(
            f"The tensor {name} is stored as {str(stored.dtype).removeprefix('torch.')}, a kind of "
            "quantisation that is not supported: use the fp16, bf16 or fp8 version."
        )
    if not scales:
        own = torch.bfloat16 if stored.dtype in FLOAT8 else stored.dtype
        return stored.to(dtype or own)
    return (stored.float() * _scale_for(name, stored, scales[0])).to(dtype or torch.bfloat16)


def _scale_for(name: str, stored: Tensor, scale: Tensor) -> Tensor:
    if scale.dtype in PLAIN and scale.numel() == 1:
        return scale.float().reshape(())
    if scale.dtype in PLAIN and scale.numel() == stored.shape[:1].numel():
        return scale.float().reshape(-1, *(1,) * (stored.dim() - 1))
    raise MultiTalkError(
        f"The scale of {name} is {list(scale.shape)} for a weight of {list(stored.shape)}, a kind of "
        "quantisation that is not supported: use the fp16, bf16 or fp8 version."
    )
