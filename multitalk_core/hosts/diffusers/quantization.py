"""Weights in 8 or 4 bits, through diffusers: what it needs, and how transformer and adapter get them."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch

from ...errors import MultiTalkError
from ...guards.words import Word
from .offloading import Offload

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel

    from ...method.adapter import AudioAdapter

# What fp8's layerwise casting leaves alone too.
KEPT_LAYERS = ("condition_embedder", "proj_out")
KEPT_ADAPTER_LAYERS = ("audio_proj", "norm")


class Quantization(Word):
    """How the linear layers' weights are stored; they compute in the transformer's precision.

    FP8 is a cast, so that it takes torch alone. INT8 has one scale a row (torchao), NF4 one in 64 numbers
    (bitsandbytes).
    """

    NONE = "none"
    FP8 = "fp8"
    INT8 = "int8"
    NF4 = "nf4"


PACKAGES = {Quantization.INT8: "torchao", Quantization.NF4: "bitsandbytes"}


def check_quantization(quantization: Quantization, device: torch.device, offload: Offload) -> None:
    """Refuse a quantization that this machine or the offloading cannot do.

    Raises
    ------
    MultiTalkError
        The package is missing; nf4 without CUDA, or with offloading of layers; weights that are divided.
    """
    if quantization != Quantization.NONE and offload == Offload.SHARD:
        raise MultiTalkError(
            f"{quantization} weights cannot be divided among GPUs: leave the quantization out, or choose the "
            f"offloading {Offload.GROUP}."
        )
    if quantization == Quantization.NF4 and device.type != "cuda":
        raise MultiTalkError(
            f"nf4 weights need an NVIDIA GPU, and the device is {device}: choose the quantization int8 or "
            "fp8, or the device cuda."
        )
    if quantization == Quantization.NF4 and offload in (Offload.GROUP, Offload.SEQUENTIAL):
        raise MultiTalkError(
            f"nf4 weights cannot be moved layer by layer as offloading by {offload} does: choose the "
            "offloading model or none, or the quantization fp8."
        )
    package = PACKAGES.get(quantization)
    if package is not None and find_spec(package) is None:
        raise MultiTalkError(
            f"{quantization} weights need the package {package}: install it with `pip install {package}`, or "
            "choose the quantization fp8, which needs none."
        )


def loader_config(quantization: Quantization, dtype: torch.dtype) -> Any:
    """The configuration with which diffusers quantises while it loads; None for fp8 and plain weights."""
    if quantization == Quantization.INT8:
        from diffusers import TorchAoConfig
        from torchao.quantization import Int8WeightOnlyConfig

        return TorchAoConfig(Int8WeightOnlyConfig(), modules_to_not_convert=[*KEPT_LAYERS])
    if quantization == Quantization.NF4:
        from diffusers import BitsAndBytesConfig

        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=dtype,
            llm_int8_skip_modules=[*KEPT_LAYERS],
        )
    return None


def store_in_int8(transformer: "WanTransformer3DModel") -> None:
    """Quantise a transformer that was read in full, as diffusers does while it reads a folder."""
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    kept = {*KEPT_LAYERS, *transformer._keep_in_fp32_modules}

    def is_stored(module: torch.nn.Module, name: str) -> bool:
        return isinstance(module, torch.nn.Linear) and not kept & set(name.split("."))

    quantize_(transformer, Int8WeightOnlyConfig(), is_stored)


def store_in_fp8(transformer: "WanTransformer3DModel", dtype: torch.dtype) -> None:
    """Cast the linear layers' weights to float8_e4m3fn, and back to `dtype` while each computes."""
    transformer.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)


def quantise_adapter(adapter: "AudioAdapter", quantization: Quantization, dtype: torch.dtype) -> None:
    """Store the audio layers' weights in 8 bits: int8 with int8, fp8 with the other quantizations."""
    if quantization == Quantization.INT8:
        from torchao.quantization import Int8WeightOnlyConfig, quantize_

        quantize_(adapter.blocks, Int8WeightOnlyConfig())
    elif quantization != Quantization.NONE:
        from diffusers.hooks import apply_layerwise_casting

        apply_layerwise_casting(adapter, torch.float8_e4m3fn, dtype, skip_modules_pattern=KEPT_ADAPTER_LAYERS)
