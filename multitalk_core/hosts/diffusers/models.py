"""The models of the diffusers host, and what its VAE makes of frames and latents."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from ...kernels.fast_convolutions import FastConvolutions

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan, WanTransformer3DModel


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
    """What a video model runs, ready on `device`.

    Attributes
    ----------
    transformer : WanTransformer3DModel
    vae : AutoencoderKLWan
        In float32 always.
    text : TextEncoder
    image : callable or None
        Picture [1, 3, height, width] in -1..1, already cropped, to CLIP tokens [1, 257, channels]; None where
        the DiT has no image embedder.
    device : torch.device
        Where inputs go; with offloading the weights lie elsewhere between calls.
    dtype : torch.dtype
        Of the transformer's inputs.
    name : str
        What sentences call the model.
    """

    transformer: "WanTransformer3DModel"
    vae: "AutoencoderKLWan"
    text: TextEncoder
    image: Callable[[Tensor], Tensor] | None
    device: torch.device
    dtype: torch.dtype
    name: str


def encode_frames(vae: "AutoencoderKLWan", frames: Tensor) -> Tensor:
    """Frames to the normalised latent that Wan's DiT sees: the posterior's mode, so without randomness.

    Parameters
    ----------
    vae : AutoencoderKLWan
    frames : Tensor [1, 3, 4n + 1, height, width], in -1..1

    Returns
    -------
    Tensor [1, 16, n + 1, height / 8, width / 8], float32
    """
    mean, std = latent_statistics(vae, frames.device)
    with FastConvolutions():
        posterior = vae.encode(frames.to(vae.dtype)).latent_dist
    return (posterior.mode().float() - mean) / std


def decode_latent(vae: "AutoencoderKLWan", latent: Tensor) -> Tensor:
    """The way back: [1, 16, n + 1, height / 8, width / 8] to [1, 3, 4n + 1, height, width], in -1..1."""
    mean, std = latent_statistics(vae, latent.device)
    with FastConvolutions():
        return vae.decode((latent.float() * std + mean).to(vae.dtype)).sample.float()


def latent_statistics(vae: "AutoencoderKLWan", device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the latents before normalisation, [1, 16, 1, 1, 1] each."""
    mean = torch.tensor(vae.config.latents_mean, device=device).view(1, -1, 1, 1, 1)
    std = torch.tensor(vae.config.latents_std, device=device).view(1, -1, 1, 1, 1)
    return mean, std
