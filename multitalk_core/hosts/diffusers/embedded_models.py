"""The demo's own models: Wan2.1-I2V in miniature."""

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...checkpoint import list_tensors
from ...demo.files import EMBEDDED, EMBEDDED_FILES
from ...demo.text import DemoText
from .models import Models
from .offloading import Offload, place
from .wan_transformer import AS_STORED, TransformerOptions, read_transformer

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel


def load_embedded(
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    *,
    offload: Offload = Offload.NONE,
    transformer: TransformerOptions = AS_STORED,
) -> Models:
    """The demo's own models: Wan2.1-I2V in miniature.

    Parameters
    ----------
    device : str or torch.device
    dtype : torch.dtype
        Of the transformer.
    offload : Offload
        What of the weights lies in main memory between its turns.
    transformer : TransformerOptions
        Its `file` is the demo's.

    Raises
    ------
    MultiTalkError
        When the files that belong to the program are missing or damaged, or a LoRA does not fit.
    """
    from diffusers import AutoencoderKLWan

    files = {name: EMBEDDED / file for name, file in EMBEDDED_FILES.items()}
    for file in files.values():
        list_tensors(file)
    dit = load_embedded_transformer(dtype, transformer)
    vae = AutoencoderKLWan.from_single_file(
        str(files["vae"]), config=str(EMBEDDED / "diffusers"), subfolder="vae"
    )
    place([dit, vae], torch.device(device), Offload(offload))
    words = DemoText.read(files["text"])

    def text(prompt: str, negative: bool = False) -> Tensor:
        return words(prompt, negative).to(device, dtype)

    return Models(dit, vae, text, None, torch.device(device), dtype, "embedded demo")


def load_embedded_transformer(
    dtype: torch.dtype, options: TransformerOptions = AS_STORED
) -> "WanTransformer3DModel":
    """The demo's transformer alone, on the CPU; arguments and errors as in `load_embedded`."""
    file = EMBEDDED / EMBEDDED_FILES["transformer"]
    return read_transformer(EMBEDDED / "diffusers", dtype, replace(options, file=file))
