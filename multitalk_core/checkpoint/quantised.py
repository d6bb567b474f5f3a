"""Convert quantised weights to plain ones: fp8 with or without a scale, Quanto's int8 and fp8, and GGUF's."""

import json
import re
from collections.abc import Collection, Iterable, Mapping

import torch
from torch import Tensor

from ..errors import MultiTalkError
from .gguf_file import is_block_type
from .reading import StoredTensor, load_tensors

# ComfyUI's older and newer name of the scale, and Quanto's; all mean stored · scale.
SCALES = ("scale_weight", "weight_scale", "weight._scale")
STORED = ("weight", "bias", "weight._data")
PARTS = (*STORED, *SCALES)
PLAIN = ("F32", "F16", "BF16", "F64")
FLOAT8 = ("F8_E4M3", "F8_E5M2")
FLOAT8_TYPES = (torch.float8_e4m3fn, torch.float8_e5m2)
NOTE = ".comfy_quant"  # JSON in bytes
MARKER = re.compile(r"(?:.*\.)?scaled_fp8")  # two numbers long where products are computed in full precision
# Quantisations that are not read, by the end of a name that only they have.
UNREAD = {
    "NVFP4": re.compile(r".*\.(weight_scale_2|pre_quant_scale)"),
    "bitsandbytes in 4 bits": re.compile(r".*\.weight\.(nested_)?(absmax|quant_map|quant_state\..*)"),
    "bitsandbytes in 8 bits": re.compile(r".*\.(SCB|weight_format)"),
    "SVDQuant": re.compile(r".*\.(wscales|smooth|smooth_factor(_orig)?)"),
    "GPTQ or AWQ": re.compile(r".*\.(qweight|qzeros|g_idx)"),
    "Quanto in 4 bits or fewer": re.compile(r".*\.weight\._shift"),
    "compressed-tensors": re.compile(r".*\.weight_(packed|zero_point|shape)"),
    "fp8 in blocks": re.compile(r".*\.weight_scale_inv"),
    "int8 under names of its own": re.compile(r".*\.weight_int8"),
}
NAMES = {"I8": "int8", "U8": "uint8"}
INSTEAD = "use the fp16, bf16 or fp8 version"


def unread_quantisation(names: Iterable[str]) -> str | None:
    """The quantisation that the names of tensors show, if it is one that is not read."""
    names = list(names)
    return next((form for form, end in UNREAD.items() if any(map(end.fullmatch, names))), None)


def stored_parts(parts: Collection[str]) -> list[str]:
    """The parts of a parameter that contain its numbers, without their scales."""
    return [part for part in STORED if part in parts]


def asks_for_full_precision(stored: Mapping[str, StoredTensor]) -> bool:
    """Whether a checkpoint's float8 is for storage alone, by the marker or the layers' notes of ComfyUI."""
    if any(MARKER.fullmatch(name) and tensor.numbers == 2 for name, tensor in stored.items()):
        return True
    notes = {name: tensor for name, tensor in stored.items() if name.endswith(NOTE) and tensor.dtype == "U8"}
    return any(_full_precision_noted(bytes(note.flatten().tolist())) for note in load_tensors(notes).values())


def _full_precision_noted(note: bytes) -> bool:
    try:
        return bool(json.loads(note)["full_precision_matrix_mult"])
    except (ValueError, KeyError, TypeError):  # none, or a note of another kind
        return False


def check_parts(name: str, parts: Mapping[str, StoredTensor]) -> None:
    """Check that a parameter is plain, or quantised in a way that `dequantise` knows.

    Parameters
    ----------
    name : str
        Name of the parameter, for error messages.
    parts : mapping of str to StoredTensor
        "weight" or "bias", or the parts of a quantised weight: its numbers and a scale, which is one number
        for the tensor or one per row.

    Raises
    ------
    MultiTalkError
    """
    stored = parts[stored_parts(parts)[0]]
    scales = [parts[scale] for scale in SCALES if scale in parts]
    quanto = "weight._data" in parts
    if len(parts) - len(scales) > 1 or len(scales) > 1 or quanto != ("weight._scale" in parts):
        raise MultiTalkError(
            f"The tensor {name} has the parts {', '.join(sorted(parts))}, an unknown kind of quantisation: "
            f"{INSTEAD}."
        )
    if stored.dtype not in (*PLAIN, *FLOAT8, *(["I8"] if quanto else [])) and not is_block_type(stored.dtype):
        raise MultiTalkError(
            f"The tensor {name} is stored as {NAMES.get(stored.dtype, stored.dtype)}, a kind of quantisation "
            f"that is not supported: {INSTEAD}."
        )
    for scale in scales:
        if scale.dtype not in PLAIN or scale.numbers not in (1, *stored.shape[:1]):
            raise MultiTalkError(
                f"The scale of {name} is {list(scale.shape)} for a weight of {list(stored.shape)}, a kind of "
                f"quantisation that is not supported: {INSTEAD}."
            )


def dequantise(parts: Mapping[str, Tensor], dtype: torch.dtype | None) -> Tensor:
    """Convert a parameter to plain numbers.

    Parameters
    ----------
    parts : mapping of str to Tensor
        As `check_parts` allows them.
    dtype : torch.dtype, optional
        Of the result; by default that of the parameter, or bfloat16 for quantised weights.
    """
    stored = parts[stored_parts(parts)[0]]
    if not any(scale in parts for scale in SCALES):
        own = torch.bfloat16 if stored.dtype.itemsize == 1 else stored.dtype
        return stored.to(dtype or own)
    scale = scale_of(parts).reshape(-1, *(1,) * (stored.dim() - 1))
    return (stored.float() * scale).to(dtype or torch.bfloat16)


def scale_of(parts: Mapping[str, Tensor]) -> Tensor:
    """What a parameter's numbers are multiplied by, float32: one number, or one a row."""
    return next((parts[scale].float() for scale in SCALES if scale in parts), torch.ones(()))
