"""The demo's own models: Wan2.1-I2V in miniature."""

import torch
from torch import Tensor

from ...checkpoint import list_tensors
from ...demo.files import EMBEDDED, EMBEDDED_FILES
from ...demo.text import DemoText
from .models import Models


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
