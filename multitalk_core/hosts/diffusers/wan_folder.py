"""Wan2.1-I2V folders in diffusers' format: checked, and their models read and placed."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ...checkpoint import check_image_to_video, list_tensors
from ...checkpoint.gguf_file import is_gguf
from ...errors import MultiTalkError
from ...files.given import check_folder, loading, read_json
from .models import Models
from .offloading import Offload, place
from .wan_encoders import picture_encoder, prompt_encoder
from .wan_transformer import AS_STORED, TransformerOptions, read_transformer

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

ADVICE = "download Wan-AI/Wan2.1-I2V-14B-480P-Diffusers (or 720P) and choose that folder."


def load_folder(
    path: str | Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.bfloat16,
    *,
    offload: Offload = Offload.NONE,
    transformer: TransformerOptions | None = AS_STORED,
) -> Models:
    """Wan2.1-I2V from a folder in diffusers' format.

    Parameters
    ----------
    path : str or Path
        Holds model_index.json and the folders transformer, vae, text_encoder and tokenizer; image_encoder too
        when the transformer has an image embedder. Of the transformer its config.json alone where its weights
        come from a file.
    device : str or torch.device
        Where the models run.
    dtype : torch.dtype
        Of all models but the VAE, which runs in float32 as in the reference implementation.
    offload : Offload
        What of the weights lies in main memory between its turns.
    transformer : TransformerOptions or None
        None for what only encodes: the `transformer` returned is then None too.

    Raises
    ------
    MultiTalkError
        When the folder is missing, no Wan2.1-I2V folder in diffusers' format, incomplete, damaged, or holds
        pickles in place of safetensors; when the transformer's file or a LoRA does not fit.
    """
    from transformers import AutoTokenizer, CLIPVisionModel, UMT5EncoderModel

    folder = Path(path)
    file = None if transformer is None else transformer.file
    has_image_encoder = _check_folder(folder, with_weights=file is None)
    device, offload = torch.device(device), Offload(offload)
    if file is not None and is_gguf(file) and offload in (Offload.SEQUENTIAL, Offload.SHARD):
        raise MultiTalkError(
            f"The model {file} is GGUF, whose weights cannot be offloaded by {offload}: choose the "
            f"offloading {Offload.GROUP}."
        )
    dit = None if transformer is None else read_transformer(folder, dtype, transformer)
    options = {"use_safetensors": True, "local_files_only": True, "dtype": dtype}
    with loading(folder / "tokenizer", "tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    with loading(folder / "text_encoder", "text encoder"):
        text_encoder = UMT5EncoderModel.from_pretrained(folder / "text_encoder", **options)
    image_encoder = None
    if has_image_encoder:
        with loading(folder / "image_encoder", "image encoder"):
            image_encoder = CLIPVisionModel.from_pretrained(folder / "image_encoder", **options)
    vae = _read_vae(folder)
    in_turn = [model for model in (text_encoder, image_encoder, dit, vae) if model is not None]
    place(in_turn, device, offload)
    return Models(
        dit,
        vae,
        prompt_encoder(tokenizer, text_encoder, device),
        None if image_encoder is None else picture_encoder(image_encoder, device),
        device,
        dtype,
        folder.name if file is None else file.name,
    )


def load_transformer(
    folder: Path, dtype: torch.dtype, options: TransformerOptions = AS_STORED
) -> "WanTransformer3DModel":
    """The transformer alone of a folder in diffusers' format, on the CPU.

    Raises
    ------
    MultiTalkError
        As `load_folder`.
    """
    _check_folder(folder, with_weights=options.file is None)
    return read_transformer(folder, dtype, options)


def attention_heads(folder: Path) -> int | None:
    """How many the transformer of a folder in diffusers' format has; None where its config.json does not say.

    Raises
    ------
    MultiTalkError
        As `load_folder`.
    """
    heads = _read_json(folder, "transformer/config.json").get("num_attention_heads")
    return heads if isinstance(heads, int) else None


def load_vae(folder: Path) -> "AutoencoderKLWan":
    """The VAE alone of a folder in diffusers' format, in float32 on the CPU.

    Raises
    ------
    MultiTalkError
        As `load_folder`.
    """
    _check_folder(folder)
    return _read_vae(folder)


def _read_vae(folder: Path) -> "AutoencoderKLWan":
    from diffusers import AutoencoderKLWan

    with loading(folder / "vae", "VAE"):
        return AutoencoderKLWan.from_pretrained(
            folder / "vae", torch_dtype=torch.float32, use_safetensors=True, local_files_only=True
        )


def _check_folder(folder: Path, *, with_weights: bool = True) -> bool:
    """Refuse what is no Wan2.1-I2V; say whether it needs its image encoder."""
    index = _read_json(folder, "model_index.json")
    config = _read_json(folder, "transformer/config.json")
    if config.get("_class_name") != "WanTransformer3DModel":
        raise MultiTalkError(f"{folder} holds no Wan model; {ADVICE}")
    check_image_to_video(config.get("in_channels"), f"The model in {folder}", ADVICE)
    if index.get("transformer_2") not in (None, [None, None]):
        raise MultiTalkError(
            f"{folder} holds Wan2.2 with its two transformers, MultiTalk needs Wan2.1; {ADVICE}"
        )
    has_image_encoder = config.get("image_dim") is not None
    weights = [*["transformer"] * with_weights, "vae", "text_encoder", *["image_encoder"] * has_image_encoder]
    for part in [*weights, "tokenizer"]:
        if not (folder / part).is_dir():
            raise MultiTalkError(f"The folder {folder / part} is missing; {ADVICE}")
    check_folder(folder, "model folder")
    for part in weights:
        list_tensors(folder / part)
    return has_image_encoder


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    if not os.path.isdir(folder):
        raise MultiTalkError(f"The model folder {folder} does not exist; {ADVICE}")
    if not (folder / name).exists():
        raise MultiTalkError(f"{folder} is no model folder in diffusers' format: it has no {name}; {ADVICE}")
    return read_json(folder / name, "model's configuration")
