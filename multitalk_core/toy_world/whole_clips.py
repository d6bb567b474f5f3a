"""The toy world's VAE on whole clips at once: faster than diffusers' frame by frame.

Its 3×3×3 convolutions see one frame: their taps on earlier frames are zero and stay zero, for no gradient
reaches them. Only the layers that change the frame rate look back, by two frames, so that the decoder reaches
its steady state within the trained length and knows films of any length. The attention adds nothing, for the
same reason: a network of convolutions alone knows pictures of any size.
"""

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..hosts.diffusers.models import latent_statistics

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan


@torch.no_grad()
def forget_earlier_frames(vae: "AutoencoderKLWan") -> None:
    """Set all taps on earlier frames to zero, and the output of the attention.

    The taps that stay get the deviation of a 3×3 convolution; with that of 3×3×3, training stalls at first.
    """
    for layer in vae.modules():
        if isinstance(layer, nn.Conv3d) and layer.kernel_size == (3, 3, 3):
            layer.weight[:, :, :-1] = 0
            layer.weight[:, :, -1] *= 3**0.5
        if type(layer).__name__ == "WanAttentionBlock":
            projection: Any = layer.proj
            nn.init.zeros_(projection.weight)
            nn.init.zeros_(projection.bias)


@torch.no_grad()
def pass_frames_on(vae: "AutoencoderKLWan") -> None:
    """Let the layers that change the frame rate begin near copies of their last frame.

    A VAE that was trained on stills then knows still clips; otherwise it starts again with its first clip.
    """
    for layer in vae.modules():
        if hasattr(layer, "time_conv"):
            convolution: Any = layer.time_conv
            convolution.weight *= 0.1
            convolution.bias.zero_()
            channels = convolution.in_channels
            for copy in convolution.weight.split(channels):
                copy[:, :, -1, 0, 0] += torch.eye(channels)


def sees_one_frame(vae: "AutoencoderKLWan") -> bool:
    """Whether the VAE is as `forget_earlier_frames` leaves it."""
    for layer in vae.modules():
        if isinstance(layer, nn.Conv3d) and layer.kernel_size == (3, 3, 3) and layer.weight[:, :, :-1].any():
            return False
        if type(layer).__name__ == "WanAttentionBlock" and any(
            weight.any() for weight in layer.proj.parameters()
        ):
            return False
    return True


def parameters_of(part: nn.Module) -> list[nn.Parameter]:
    """The parameters that training changes: all but those of the attention."""
    return [parameter for name, parameter in part.named_parameters() if "attentions" not in name]


def encode_clips(vae: "AutoencoderKLWan", clips: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and logarithm of the variance of the posterior, as of `vae.encode`.

    Parameters
    ----------
    vae : AutoencoderKLWan
        After `forget_earlier_frames`.
    clips : Tensor [rows, 3, 4n + 1, height, width], in -1..1

    Returns
    -------
    two of Tensor [rows, 16, n + 1, height / 8, width / 8]
    """
    encoder = vae.encoder
    frames = _convolved(encoder.conv_in, _folded(clips))
    for layer in encoder.down_blocks:
        frames = _layer(layer, frames, len(clips))
    frames = _middle(encoder.mid_block, frames)
    frames = _convolved(encoder.conv_out, F.silu(_normalised(encoder.norm_out, frames)))
    moments = _unfolded(_convolved(vae.quant_conv, frames), len(clips))
    mean, log_variance = moments.chunk(2, dim=1)
    return mean, log_variance.clamp(-30.0, 20.0)


@torch.no_grad()
def encode_latents(vae: "AutoencoderKLWan", clips: Tensor) -> Tensor:
    """The normalised latents of clips, as of `encode_frames`.

    Parameters and shapes as in `encode_clips`.
    """
    mean, deviation = latent_statistics(vae, clips.device)
    # One after the other: what a clip needs at a time then stays in the processor's cache.
    modes = [encode_clips(vae, clip[None])[0] for clip in clips]
    return (torch.cat(modes) - mean) / deviation


def decode_clips(vae: "AutoencoderKLWan", latents: Tensor) -> Tensor:
    """The way back, as `vae.decode` without its clamp: [rows, 3, 4n + 1, height, width]."""
    decoder = vae.decoder
    frames = _convolved(vae.post_quant_conv, _folded(latents))
    frames = _middle(decoder.mid_block, _convolved(decoder.conv_in, frames))
    for block in decoder.up_blocks:
        for layer in (*block.resnets, *(block.upsamplers or ())):
            frames = _layer(layer, frames, len(latents))
    frames = _convolved(decoder.conv_out, F.silu(_normalised(decoder.norm_out, frames)))
    return _unfolded(frames, len(latents))


def _folded(clips: Tensor) -> Tensor:
    """[rows, channels, frames, height, width] to [rows · frames, channels, height, width]."""
    return clips.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)


def _unfolded(frames: Tensor, rows: int) -> Tensor:
    return frames.unflatten(0, (rows, -1)).transpose(1, 2)


def _layer(layer: Any, frames: Tensor, rows: int) -> Tensor:
    return _residual(layer, frames) if hasattr(layer, "conv1") else _resampled(layer, frames, rows)


def _middle(block: Any, frames: Tensor) -> Tensor:
    for layer in block.resnets:
        frames = _residual(layer, frames)
    return frames


def _residual(block: Any, frames: Tensor) -> Tensor:
    shortcut = block.conv_shortcut
    short = frames if isinstance(shortcut, nn.Identity) else _convolved(shortcut, frames)
    for norm, layer in ((block.norm1, block.conv1), (block.norm2, block.conv2)):
        frames = _convolved(layer, F.silu(_normalised(norm, frames)))
    return frames + short


def _resampled(layer: Any, frames: Tensor, rows: int) -> Tensor:
    """Half or double the size, and the number of frames after the first."""
    if layer.mode == "upsample3d":
        first, later = _first_and_later(frames, rows)
        if later.shape[1]:
            before = F.pad(later, (0, 0, 0, 0, 0, 0, 2, 0))
            doubled = _over_time(layer.time_conv, before, step=1).unflatten(2, (2, -1)).flatten(1, 2)
            first = torch.cat([first, doubled], dim=1)
        frames = first.flatten(0, 1)
    frames = layer.resample(frames)
    if layer.mode == "downsample3d":
        first, later = _first_and_later(frames, rows)
        if later.shape[1]:
            halved = _over_time(layer.time_conv, torch.cat([first, later], dim=1), step=2)
            first = torch.cat([first, halved], dim=1)
        frames = first.flatten(0, 1)
    return frames


def _first_and_later(frames: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    clips = frames.unflatten(0, (rows, -1))
    return clips[:, :1], clips[:, 1:]


def _over_time(layer: Any, clips: Tensor, *, step: int) -> Tensor:
    """A convolution over three frames, [rows, frames, channels, height, width]."""
    last = clips.shape[1] - 2
    stacked = torch.cat([clips[:, tap : last + tap : step] for tap in range(3)], dim=2)
    weight = layer.weight[..., 0, 0].transpose(1, 2).flatten(1)
    frames = F.conv2d(stacked.flatten(0, 1), weight[..., None, None], layer.bias)
    return frames.unflatten(0, stacked.shape[:2])


def _convolved(layer: Any, frames: Tensor) -> Tensor:
    weight = layer.weight[:, :, -1]
    return F.conv2d(frames, weight, layer.bias, padding=weight.shape[-1] // 2)


def _normalised(norm: Any, frames: Tensor) -> Tensor:
    """Root mean square norm over the channels."""
    return F.normalize(frames, dim=1) * norm.scale * norm.gamma[..., 0]
