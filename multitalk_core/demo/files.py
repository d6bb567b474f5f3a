"""The demo's own files, and its models read from them."""

from pathlib import Path

import torch
from torch import Tensor

from ..checkpoint import list_tensors
from ..hosts.diffusers.models import Models
from .text import DemoText

EMBEDDED = Path(__file__).with_name("assets")
EMBEDDED_FILES = {
    "transformer": "diffusion_models/multitalk_demo_dit.safetensors",
    "vae": "vae/multitalk_demo_vae.safetensors",
    "adapter": "model_patches/multitalk_demo_adapter.safetensors",
    "audio_encoder": "audio_encoders/multitalk_demo_wav2vec2.safetensors",
    "text": "text/multitalk_demo_text.safetensors",
}


def load_embedded(device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32) -> Models:
    """The demo's own models: Wan2.1-I2V in miniature.

    Raises
    ------
    MultiTalkError
        When the files that belong to the program are missing or damaged.
    """
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

    files = {name: EMBEDDED / file for name, file in EMBEDDED_FILES.items()}
    for file in files.values():
        list_tensors(file)
    transformer = WanTransformer3DModel.from_single_file(
        str(files["transformer"]), config=str(EMBEDDED / "diffusers"), subfolder="transformer"
    ).to(device)
    if dtype != torch.float32:
        transformer.to(dtype)
    vae = AutoencoderKLWan.from_single_file(
        str(files["vae"]), config=str(EMBEDDED / "diffusers"), subfolder="vae"
    ).to(device)
    words = DemoText.read(files["text"])

    def text(prompt: str, negative: bool = False) -> Tensor:
        return words(prompt, negative).to(device, dtype)

    return Models(transformer, vae, text, None, torch.device(device), dtype, "embedded demo")
