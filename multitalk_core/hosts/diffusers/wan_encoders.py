"""What Wan's DiT is conditioned on besides the voices: the prompt through umt5, the picture through CLIP."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .models import TextEncoder

if TYPE_CHECKING:
    from transformers import CLIPVisionModel

TEXT_TOKENS = 512
# Wan normalises the picture of its CLIP encoder with OpenAI's constants.
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def prompt_encoder(tokenizer: Any, encoder: torch.nn.Module, device: torch.device) -> TextEncoder:
    """Prompts to [1, TEXT_TOKENS, channels], zeros behind their end, by umt5 and its tokenizer."""

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


def picture_encoder(encoder: "CLIPVisionModel", device: torch.device) -> Callable[[Tensor], Tensor]:
    """Pictures [1, 3, H, W] in −1..1 to tokens of CLIP's penultimate layer, [1, tokens, channels]."""
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
