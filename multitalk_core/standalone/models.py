"""The models a pipeline needs, read from a diffusers folder or from the embedded demo files.

Knows diffusers, transformers and accelerate; knows nothing of sampling.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch
from torch import Tensor

from ..checkpoint import check_image_to_video, list_tensors
from ..errors import MultiTalkError
from .demo_text import DemoText

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

EMBEDDED = Path(__file__).with_name("embedded")
TEXT_TOKENS = 512
# Wan normalises the picture of its CLIP encoder with OpenAI's constants.
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)

Offload = Literal["none", "model", "sequential"]


class TextEncoder(Protocol):
    """Prompt to embedding.

    The embedded demo's `DemoText` has one embedding for every negative prompt; a real encoder looks only at
    `prompt`.
    """

    def __call__(self, prompt: str, negative: bool = False) -> Tensor:
        """[1, tokens, text channels]."""
        ...


@dataclass
class Models:
    """What a pipeline runs, ready on `device`."""

    transformer: "WanTransformer3DModel"
    vae: "AutoencoderKLWan"
    """In float32 always."""
    text: TextEncoder
    image: Callable[[Tensor], Tensor] | None
    """Picture [1, 3, H, W] in −1..1, already cropped, to CLIP tokens [1, 257, channels].

    None where the DiT has no image embedder.
    """
    device: torch.device
    """Where inputs go; with offloading the weights lie elsewhere between calls."""
    dtype: torch.dtype
    """Of the transformer's inputs."""
    name: str


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


EMBEDDED_FILES = {
    "transformer": "diffusion_models/multitalk_demo_dit.safetensors",
    "vae": "vae/multitalk_demo_vae.safetensors",
    "adapter": "model_patches/multitalk_demo_adapter.safetensors",
    "audio_encoder": "audio_encoders/multitalk_demo_wav2vec2.safetensors",
    "text": "text/multitalk_demo_text.safetensors",
}


def load_folder(
    path: str | Path,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.bfloat16,
    offload: Offload = "none",
    with_transformer: bool = True,
) -> Models:
    """Wan2.1-I2V from a folder in diffusers' format.

    Parameters
    ----------
    path
        Holds model_index.json and the folders transformer, vae, text_encoder and tokenizer; image_encoder too
        when the transformer has an image embedder.
    device
        Where the models run.
    dtype
        Of all models but the VAE, which runs in float32 (as in the released code).
    offload
        "none": all models stay on `device`. "model": each is moved there when its turn comes and back
        afterwards. "sequential": each layer is; the least memory, and slow.
    with_transformer
        False for what only encodes: `transformer` is then None.

    Raises
    ------
    MultiTalkError
        When the folder is missing, no Wan2.1-I2V folder in diffusers' format, incomplete, damaged, or holds
        pickles in place of safetensors.
    """
    from transformers import AutoTokenizer, CLIPVisionModel, UMT5EncoderModel

    folder = Path(path)
    has_image_encoder = _check_folder(folder)
    device = torch.device(device)
    options = {"use_safetensors": True, "local_files_only": True, "dtype": dtype}
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    text_encoder = UMT5EncoderModel.from_pretrained(folder / "text_encoder", **options)
    image_encoder = None
    if has_image_encoder:
        image_encoder = CLIPVisionModel.from_pretrained(folder / "image_encoder", **options)
    transformer = load_transformer(folder, dtype) if with_transformer else None
    vae = load_vae(folder)
    in_turn = [model for model in (text_encoder, image_encoder, transformer, vae) if model is not None]
    _place(in_turn, device, offload)
    return Models(
        transformer,
        vae,
        _text_encoder(tokenizer, text_encoder, device),
        None if image_encoder is None else _image_encoder(image_encoder, device),
        device,
        dtype,
        folder.name,
    )


def load_transformer(folder: Path, dtype: torch.dtype) -> "WanTransformer3DModel":
    """The transformer alone of a folder in diffusers' format, on the CPU.

    Raises
    ------
    MultiTalkError
        As `load_folder`.
    """
    from diffusers import WanTransformer3DModel

    _check_folder(folder)
    return WanTransformer3DModel.from_pretrained(
        folder / "transformer", torch_dtype=dtype, use_safetensors=True, local_files_only=True
    )


def load_vae(folder: Path) -> "AutoencoderKLWan":
    """The VAE alone of a folder in diffusers' format, in float32 on the CPU.

    Raises
    ------
    MultiTalkError
        As `load_folder`.
    """
    from diffusers import AutoencoderKLWan

    _check_folder(folder)
    return AutoencoderKLWan.from_pretrained(
        folder / "vae", torch_dtype=torch.float32, use_safetensors=True, local_files_only=True
    )


def encode_frames(vae: "AutoencoderKLWan", frames: Tensor) -> Tensor:
    """Frames to the normalised latent that Wan's DiT sees: the posterior's mode, so without randomness.

    Parameters
    ----------
    vae
    frames
        [1, 3, F, H, W] in −1..1, F = 4n + 1.

    Returns
    -------
    Tensor
        [1, 16, 1 + (F − 1) / 4, H / 8, W / 8] float32.
    """
    mean, std = _latent_statistics(vae, frames.device)
    return (vae.encode(frames.to(vae.dtype)).latent_dist.mode().float() - mean) / std


def decode_latent(vae: "AutoencoderKLWan", latent: Tensor) -> Tensor:
    """The way back: [1, 16, f, h, w] to [1, 3, 4(f − 1) + 1, 8h, 8w] float32 in −1..1."""
    mean, std = _latent_statistics(vae, latent.device)
    return vae.decode((latent.float() * std + mean).to(vae.dtype)).sample.float()


def _latent_statistics(vae: "AutoencoderKLWan", device: torch.device) -> tuple[Tensor, Tensor]:
    mean = torch.tensor(vae.config.latents_mean, device=device).view(1, -1, 1, 1, 1)
    std = torch.tensor(vae.config.latents_std, device=device).view(1, -1, 1, 1, 1)
    return mean, std


def _check_folder(folder: Path) -> bool:
    """Refuse what is no Wan2.1-I2V; say whether it needs its image encoder."""
    index = _read_json(folder, "model_index.json")
    config = _read_json(folder, "transformer/config.json")
    if config.get("_class_name") != "WanTransformer3DModel":
        raise MultiTalkError(f"{folder} holds no Wan model; {ADVICE}")
    check_image_to_video(config["in_channels"], f"The model in {folder}", ADVICE)
    if index.get("transformer_2", [None])[0] is not None:
        raise MultiTalkError(
            f"{folder} holds Wan2.2 with its two transformers, MultiTalk needs Wan2.1; {ADVICE}"
        )
    has_image_encoder = config.get("image_dim") is not None
    weights = ["transformer", "vae", "text_encoder"] + ["image_encoder"] * has_image_encoder
    for part in [*weights, "tokenizer"]:
        if not (folder / part).is_dir():
            raise MultiTalkError(f"The folder {folder / part} is missing; {ADVICE}")
    for part in weights:
        list_tensors(folder / part)
    return has_image_encoder


ADVICE = "download Wan-AI/Wan2.1-I2V-14B-480P-Diffusers (or 720P) and choose that folder."


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    if not folder.is_dir():
        raise MultiTalkError(f"The model folder {folder} does not exist; {ADVICE}")
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MultiTalkError(
            f"{folder} is no model folder in diffusers' format: it has no {name}; {ADVICE}"
        ) from error
    except (OSError, ValueError) as error:
        raise MultiTalkError(f"{folder / name} cannot be read; download it again.") from error


def _place(in_turn: list[torch.nn.Module], device: torch.device, offload: Offload) -> None:
    """Put the models, in the order of their use, where `offload` wants them."""
    from accelerate import cpu_offload, cpu_offload_with_hook

    previous = None
    for model in in_turn:
        model.eval()
        if offload == "none":
            model.to(device)
        elif offload == "model":
            _, previous = cpu_offload_with_hook(model, device, prev_module_hook=previous)
        else:
            cpu_offload(model, device, offload_buffers=len(model._parameters) > 0)


def _text_encoder(tokenizer: Any, encoder: torch.nn.Module, device: torch.device) -> TextEncoder:
    @torch.no_grad()
    def text(prompt: str, negative: bool = False) -> Tensor:
        tokens = tokenizer(
            " ".join(prompt.split()),
            padding="max_length",
            max_length=TEXT_TOKENS,
            truncation=True,
            return_tensors="pt",
        ).to(device)
        hidden = encoder(tokens.input_ids, tokens.attention_mask).last_hidden_state
        return hidden * tokens.attention_mask[..., None].to(hidden)  # Wan pads with zeros

    return text


def _image_encoder(encoder: torch.nn.Module, device: torch.device) -> Callable[[Tensor], Tensor]:
    side = encoder.config.image_size
    mean = torch.tensor(CLIP_MEAN, device=device).view(1, 3, 1, 1)
    std = torch.tensor(CLIP_STD, device=device).view(1, 3, 1, 1)

    @torch.no_grad()
    def image(picture: Tensor) -> Tensor:
        # The whole picture is squeezed to a square: Wan crops nothing and does not antialias.
        squeezed = torch.nn.functional.interpolate(
            picture.to(device, torch.float32), size=(side, side), mode="bicubic", align_corners=False
        )
        pixels = ((squeezed / 2 + 0.5) - mean) / std
        return encoder(pixels.to(encoder.dtype), output_hidden_states=True).hidden_states[-2]

    return image
