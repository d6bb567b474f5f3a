"""How this ComfyUI computes: what changes a film's numbers besides its graph and its files."""

import comfy.ldm.modules.attention
from comfy.cli_args import args
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfyui_version import __version__

from ...multitalk_core.film.store import Json, computed_on

PRECISION = (
    "--force-fp32",
    "--force-fp16",
    "--fp64-unet",
    "--fp32-unet",
    "--bf16-unet",
    "--fp16-unet",
    "--fp8_e4m3fn-unet",
    "--fp8_e5m2-unet",
    "--fp8_e8m0fnu-unet",
    "--fp32-vae",
    "--bf16-vae",
    "--fp16-vae",
    "--cpu-vae",
    "--fp32-text-enc",
    "--bf16-text-enc",
    "--fp16-text-enc",
    "--fp8_e4m3fn-text-enc",
    "--fp8_e5m2-text-enc",
    "--fp16-intermediates",
    "--supports-fp8-compute",
    "--fast",
)
ATTENTION = (
    "--use-split-cross-attention",
    "--use-quad-cross-attention",
    "--use-pytorch-cross-attention",
    "--use-sage-attention",
    "--use-flash-attention",
    "--use-ck-attention",
    "--disable-xformers",
    "--force-upcast-attention",
    "--dont-upcast-attention",
)


def computed(model: ModelPatcher, vae: VAE) -> dict[str, Json]:
    """By name, as a user reads it where a film starts again; a flag that was not given is not named."""
    return {
        **computed_on(model.load_device),
        "ComfyUI": __version__,
        "the model's precision": str(model.model.get_dtype_inference()),
        "the VAE's precision": str(vae.vae_dtype),
        "attention": comfy.ldm.modules.attention.optimized_attention.__name__,
        **{flag: value for flag in PRECISION + ATTENTION if (value := _given(flag))},
    }


def _given(flag: str) -> Json:
    """What a launch flag says; None where this ComfyUI knows no such flag."""
    value = getattr(args, flag.removeprefix("--").replace("-", "_"), None)
    # --fast is a set of features
    return sorted(feature.value for feature in value) if isinstance(value, set) else value
