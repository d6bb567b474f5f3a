"""A film, clip by clip: the last frames of one condition the next (paper 3.5). Knows no library of models."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .audio.conversation import Conversation
from .audio.windows import audio_windows
from .clips import Clip, ClipPlan, latent_frames, mirrored_indices
from .colour import match_colour
from .conditioning import MotionLatent, conditioning_frames, conditioning_mask, motion_latent
from .sampling import clip_noise

LATENT_CHANNELS = 16
PIXELS_PER_LATENT = 8


@dataclass(frozen=True)
class ClipInputs:
    """Everything a host needs to sample one clip.

    Attributes
    ----------
    clip : Clip
    given : Tensor [1, 3, given frames, height, width], in -1..1
        The picture, or the motion frames; the last one is the CLIP encoder's picture.
    mask : Tensor [1, 4, latent frames, height / 8, width / 8]
        Wan's mask channels.
    encoded : Tensor [1, 16, latent frames, height / 8, width / 8]
        The given frames and grey, through the VAE.
    windows : Tensor [speakers, frames, window, layers, channels]
        Audio features around every frame.
    noise : Tensor, shape of `encoded`
    motion : MotionLatent or None
        None in the first clip.
    """

    clip: Clip
    given: Tensor
    mask: Tensor
    encoded: Tensor
    windows: Tensor
    noise: Tensor
    motion: MotionLatent | None


class ClipMaker(Protocol):
    """What a host offers to the film."""

    def encode(self, frames: Tensor) -> Tensor:
        """Frames [1, 3, frames, height, width] in -1..1 to the normalised latent [1, 16, ...]."""

    def decode(self, latent: Tensor) -> Tensor:
        """The way back."""

    def sample(self, inputs: ClipInputs) -> Tensor:
        """The latent of one clip, shape of `inputs.encoded`."""


@dataclass(frozen=True)
class FinishedClip:
    """A clip's frames that enter the film, and its whole latent.

    Attributes
    ----------
    clip : Clip
    frames : Tensor [new frames, height, width, 3], in 0..1
    latent : Tensor [1, 16, latent frames, height / 8, width / 8]
    """

    clip: Clip
    frames: Tensor
    latent: Tensor


def make_film(
    maker: ClipMaker,
    picture: Tensor,
    conversation: Conversation,
    plan: ClipPlan,
    seed: int,
    window: int = 5,
    colour_strength: float = 1.0,
    prolonged: int = 0,
) -> Iterator[FinishedClip]:
    """Make a film clip by clip; no more than one clip of frames is held.

    Parameters
    ----------
    maker : ClipMaker
    picture : Tensor [height, width, 3], in 0..1
        At the film's size.
    conversation : Conversation
    plan : ClipPlan
    seed : int
        One for the whole film: each clip draws its noise, then that of its motion frames.
    window : int
        Feature frames around a video frame; the adapter's.
    colour_strength : float
        Of the match with the picture's colours, 0..1.
    prolonged : int
        Feature frames by which the last clip's voices are prolonged backwards, as in the released code
        (`plan_mirrored`); 0 lets silence follow.

    Yields
    ------
    FinishedClip
    """
    generator = torch.Generator().manual_seed(seed)
    first = picture.movedim(-1, 0)[None, :, None] * 2 - 1
    given = first
    for clip, following in zip(plan.clips, [*plan.clips[1:], None], strict=True):
        mirrored = prolonged if following is None else 0
        windows = clip_windows(conversation, clip, window, mirrored)
        latent = maker.sample(_inputs(maker, clip, given, windows, generator))
        frames = match_colour(maker.decode(latent).to(first), first, colour_strength)
        if following is not None:
            given = frames[:, :, -following.motion_frames :]
        new_frames = frames[0, :, clip.motion_frames : clip.motion_frames + clip.new_frames]
        yield FinishedClip(clip, new_frames.movedim(0, -1) / 2 + 0.5, latent)


def _inputs(
    maker: ClipMaker, clip: Clip, given: Tensor, windows: Tensor, generator: torch.Generator
) -> ClipInputs:
    height, width = (side // PIXELS_PER_LATENT for side in given.shape[-2:])
    encoded = maker.encode(conditioning_frames(given, clip.frames))
    noise = clip_noise((1, LATENT_CHANNELS, latent_frames(clip.frames), height, width), generator)
    motion = motion_latent(encoded, clip.motion_frames, generator) if clip.motion_frames else None
    mask = conditioning_mask(clip.frames, given.shape[2], height, width)[None]
    return ClipInputs(clip, given, mask, encoded, windows, noise, motion)


def clip_windows(conversation: Conversation, clip: Clip, window: int, prolonged: int = 0) -> Tensor:
    """Audio windows of a clip's frames; past the voices' end lies encoded silence.

    Parameters
    ----------
    conversation : Conversation
    clip : Clip
    window : int
    prolonged : int
        Feature frames that play backwards after the end, before anything is clamped.

    Returns
    -------
    Tensor [speakers, frames, window, layers, channels]
    """
    features = torch.stack(conversation.features)
    missing = clip.start + clip.frames + window // 2 - conversation.frames
    if prolonged:
        features = features[:, mirrored_indices(conversation.frames, prolonged)]
    elif missing > 0:
        silence = conversation.silence[torch.arange(missing) % len(conversation.silence)]
        features = torch.cat([features, silence.expand(len(features), *silence.shape)], dim=1)
    return audio_windows(features, clip.start, clip.frames, window)
