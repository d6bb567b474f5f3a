"""A film, clip by clip: the last frames of one condition the next (paper 3.5). Knows no library of models."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ..audio.conversation import Conversation
from ..guards.finite import check_finite
from ..method.conditioning import (
    PIXELS_PER_LATENT,
    MotionLatent,
    SourceLatent,
    conditioning_frames,
    conditioning_mask,
    motion_latent,
)
from ..method.recorder import BindingRecorder
from ..method.sampling import clip_noise
from ..method.wan import latent_frames
from .clips import Clip, ClipPlan
from .colour import match_colour
from .dubbing import Dubbing
from .seams import Joins
from .store import FilmClips, Json, StoredClip

LATENT_CHANNELS = 16
MULTITALK, INFINITETALK = CONTINUATIONS = ("multitalk", "infinitetalk")
# Part of every key: raised whenever the same inputs come to give other frames.
MATHS_VERSION = 2


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
    prompt : str or None
        Of this clip alone; None is the film's.
    source : SourceLatent or None
        Of the video that is dubbed, to start from.
    """

    clip: Clip
    given: Tensor
    mask: Tensor
    encoded: Tensor
    windows: Tensor
    noise: Tensor
    motion: MotionLatent | None
    prompt: str | None = None
    source: SourceLatent | None = None


class ClipMaker(Protocol):
    """What a host offers to the film."""

    def encode(self, frames: Tensor) -> Tensor:
        """Frames [1, 3, frames, height, width] in -1..1 to the normalised latent [1, 16, ...]."""

    def decode(self, latent: Tensor) -> Tensor:
        """The way back."""

    def sample(self, inputs: ClipInputs) -> Tensor:
        """The latent of one clip, shape of `inputs.encoded`."""


@dataclass(frozen=True)
class Take:
    """What one clip has of its own.

    Attributes
    ----------
    seed : int, optional
        Starts the noise of this clip and of those that follow.
    prompt : str, optional
        In place of the film's, for this clip.
    """

    seed: int | None = None
    prompt: str | None = None


@dataclass(frozen=True)
class FinishedClip:
    """A clip's frames that enter the film, and its whole latent.

    Attributes
    ----------
    clip : Clip
    frames : Tensor [new frames, height, width, 3], in 0..1
    latent : Tensor [1, 16, latent frames, height / 8, width / 8]
    kept : bool
        Whether it was read from the store rather than made.
    """

    clip: Clip
    frames: Tensor
    latent: Tensor
    kept: bool = False


def make_film(
    maker: ClipMaker,
    picture: Tensor,
    conversation: Conversation,
    plan: ClipPlan,
    seed: int,
    window: int = 5,
    colour_strength: float = 1.0,
    prolonged: int = 0,
    takes: Mapping[int, Take] | None = None,
    segments: FilmClips | None = None,
    continuation: str = MULTITALK,
    recorder: BindingRecorder | None = None,
    dubbing: Dubbing | None = None,
    joins: Joins | None = None,
) -> Iterator[FinishedClip]:
    """Make a film clip by clip; no more than one clip of frames is held, and one of a dubbed video's
    with its mask.

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
    takes : mapping of clip index to Take
    segments : FilmClips, optional
        From `open_film`, with the links of `clip_links`. Clips that lie there are read, the others kept
        there; frames are then in 8 bits, the same whether made or read.
    continuation : str
        How a clip goes on from the one before, one of CONTINUATIONS: as the adapter learnt it. "multitalk"
        is conditioned on the motion frames; "infinitetalk" on the picture throughout, its motion frames
        being held clean in the latent.
    recorder : BindingRecorder, optional
        The maker's: what it recorded of a clip is kept and read with it.
    dubbing : Dubbing, optional
        A video whose first picture `picture` is. Its clips are what sampling starts from, its frames what
        colours are matched with, and "infinitetalk" is conditioned on its frame at the clip's start.
    joins : Joins, optional
        Corrections between clips; by default the released code's.

    Yields
    ------
    FinishedClip

    Raises
    ------
    MultiTalkError
        When a clip's numbers are not finite; it is not kept.
    """
    takes = takes or {}
    joins = joins or Joins()
    generator = torch.Generator().manual_seed(seed)
    first = picture.movedim(-1, 0)[None, :, None] * 2 - 1

    def made(clip: Clip, before: Tensor) -> StoredClip:
        """One clip, from the last frames of the one before."""
        take = takes.get(clip.index, Take())
        if take.seed is not None:
            generator.manual_seed(take.seed)
        windows = conversation.windows(
            clip.start, clip.frames, window, prolonged=prolonged if clip.index == len(plan.clips) - 1 else 0
        )
        seen = first if dubbing is None else dubbing.frames(clip)
        given = before if continuation == MULTITALK else seen[:, :, :1]
        source = None if dubbing is None else dubbing.source(clip, seen, maker.encode)
        codec = (maker.encode, maker.decode)
        repeated = joins.made_up(before, *codec) if clip.motion_frames else before
        latent = maker.sample(
            _inputs(maker, clip, given, before, repeated, windows, generator, take.prompt, source)
        )
        check_finite(latent, f"The latent of clip {clip.index + 1}")
        decoded = maker.decode(latent).to(first)
        check_finite(decoded, f"What the VAE decodes of clip {clip.index + 1}")
        frames = _matched(decoded, seen, colour_strength, joins.colour_method)
        frames = joins.faded(frames, before, clip.motion_frames)
        if dubbing is not None:
            frames = dubbing.with_video(frames, clip, seen)
        motion = frames[:, :, frames.shape[2] - plan.overlap :].clone()
        added = frames[0, :, clip.motion_frames :].movedim(0, -1) / 2 + 0.5
        located = {} if recorder is None else recorder.tensors(clip.index)
        return StoredClip(added, latent, motion, generator.get_state(), located)

    before = first
    for clip in plan.clips:
        if not clip.new_frames:
            break  # the released plan may end in a clip that adds nothing
        segment = None if segments is None else segments.read(clip.index)
        kept = segment is not None
        if segment is None:
            segment = made(clip, before)
            if segments is not None:
                segment = segments.write(clip.index, segment)
        elif recorder is not None:
            recorder.restore(clip.index, segment.located)
        before = segment.motion
        generator.set_state(segment.noise)
        yield FinishedClip(clip, segment.frames[: clip.new_frames], segment.latent, kept)
        del segment  # its frames need not lie in memory while the next clip is made


def clip_links(
    conversation: Conversation,
    plan: ClipPlan,
    window: int = 5,
    prolonged: int = 0,
    takes: Mapping[int, Take] | None = None,
) -> Iterator[dict[str, Json]]:
    """What shapes each clip besides what shapes the whole film, one by one: the links of `open_film`."""
    takes = takes or {}
    for clip in plan.clips:
        last = clip.index == len(plan.clips) - 1
        take = takes.get(clip.index, Take())
        until = clip.start + clip.frames + window // 2
        yield {
            "frames": [clip.start, clip.frames, clip.motion_frames, plan.overlap],
            "voices": conversation.digest_until(until),
            "ending": prolonged if last else 0,
            "seed of its own": take.seed,
            "prompt of its own": take.prompt,
        }


def _matched(frames: Tensor, reference: Tensor, strength: float, method: str) -> Tensor:
    """Colours matched frame by frame, in place: a whole clip at once takes many times its memory.

    The reference has one frame, or as many.
    """
    goals = reference.expand(-1, -1, frames.shape[2], -1, -1)
    for index in range(frames.shape[2]):
        frame, goal = (part[:, :, index : index + 1] for part in (frames, goals))
        frame.copy_(match_colour(frame, goal, strength, method))
    return frames


def _inputs(
    maker: ClipMaker,
    clip: Clip,
    given: Tensor,
    before: Tensor,
    repeated: Tensor,
    windows: Tensor,
    generator: torch.Generator,
    prompt: str | None,
    source: SourceLatent | None,
) -> ClipInputs:
    """`given` frames condition the clip; `before` are the last ones of the clip before, `repeated` those as
    they are encoded."""
    height, width = (side // PIXELS_PER_LATENT for side in given.shape[-2:])
    continued = before is given
    encoded = maker.encode(conditioning_frames(repeated if continued else given, clip.frames))
    noise = clip_noise((1, LATENT_CHANNELS, latent_frames(clip.frames), height, width), generator)
    motion = None
    if clip.motion_frames and continued:
        motion = motion_latent(encoded, clip.motion_frames, generator)
    elif clip.motion_frames:
        motion = MotionLatent(maker.encode(repeated), generator, noised=False)
    mask = conditioning_mask(clip.frames, given.shape[2], height, width)[None]
    return ClipInputs(clip, given, mask, encoded, windows, noise, motion, prompt, source)
