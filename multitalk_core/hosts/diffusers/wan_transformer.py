"""Wan's transformer as a film uses it: its weights read, LoRAs added, stored in fewer bits."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ...checkpoint.gguf_file import is_gguf
from ...files.given import loading
from .lora import Lora, add_loras
from .quantization import Quantization, loader_config, store_in_fp8
from .single_file import read_single_file

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel


@dataclass(frozen=True, kw_only=True)
class TransformerOptions:
    """Where the transformer's weights come from, and what is made of them.

    Attributes
    ----------
    file : Path or None
        One safetensors or GGUF file in place of the folder's own weights.
    loras : tuple of Lora
    quantization : Quantization

    Raises
    ------
    MultiTalkError
        For an unknown quantization.
    """

    file: Path | None = None
    loras: tuple[Lora, ...] = ()
    quantization: Quantization = Quantization.NONE

    def __post_init__(self) -> None:
        Quantization(self.quantization)


AS_STORED = TransformerOptions()


def read_transformer(
    folder: Path, dtype: torch.dtype, options: TransformerOptions = AS_STORED
) -> "WanTransformer3DModel":
    """The transformer of a checked folder in diffusers' format, on the CPU.

    Raises
    ------
    MultiTalkError
        A file is damaged, or does not fit.
    """
    from diffusers import WanTransformer3DModel

    quantization = options.quantization
    if options.file is not None:
        transformer = read_single_file(options.file, folder, dtype, quantization=quantization)
    else:
        with loading(folder / "transformer", "transformer"):
            transformer = WanTransformer3DModel.from_pretrained(
                folder / "transformer",
                torch_dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
                quantization_config=loader_config(quantization, dtype),
            )
    in_blocks = options.file is not None and is_gguf(options.file)
    plain = quantization in (Quantization.NONE, Quantization.FP8) and not in_blocks
    add_loras(transformer, options.loras, merged=plain)
    if quantization == Quantization.FP8:
        store_in_fp8(transformer, dtype)
    return transformer
