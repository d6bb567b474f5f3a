"""Talks: scenes whose persons speak, rendered as films and encoded as training clips."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..audio.features import AudioEncoder
from ..demo.text import DemoText
from ..hosts.diffusers.models import decode_latent
from ..method.conditioning import conditioning_frames, conditioning_mask
from ..method.windows import window_indices
from ..persons.box import Box
from ..persons.marking import PersonOrder, persons_from_boxes, persons_from_parts
from ..persons.masks import Persons
from ..training.shards import TrainingClip, shard_path, write_shard
from .captions import caption
from .scene import ACTIONS, STAYS, Scene, random_scene
from .tracks import Track, random_track, silent_track
from .whole_clips import encode_latents

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan

WINDOW = 5
GIVEN_FRAMES = (1, 5)  # the picture alone, or the motion frames of a previous clip
NEGATIVE_SHARE = 0.1  # of the clips, trained with the negative prompt
TRACKS, SENTENCES_A_TRACK = 200, 2
LISTENER_SHARE = 0.1  # of the persons
WORN_SHARE = (
    0.5  # of the clips with motion frames: these pass through the VAE once more, as generated frames do
)
BOX_JITTER = 0.06  # picture heights
SHARD_CLIPS = 25
UNSEEN_SEEDS = 1_000_000_000  # scenes and tracks from here on are never trained on


@dataclass(frozen=True)
class Size:
    """Size of a clip in video frames and pixels."""

    frames: int
    height: int
    width: int


@dataclass(frozen=True)
class Kind:
    """What happens in the talks of one kind.

    Attributes
    ----------
    persons : tuple of int
        Possible numbers of persons.
    crossing : float
        Share of the talks of two persons who change sides.
    acting : float
        Share of the persons who act.
    voiced : bool
        Whether clips have voices; clips without are for the I2V task.
    left_to_right : bool
        Whether speakers stand in speaker order, as `split` assumes.
    listeners : int
        How many of the persons, the last in speaker order, are silent.
    """

    persons: tuple[int, ...] = (2,)
    crossing: float = 0.0
    acting: float = 0.0
    voiced: bool = True
    left_to_right: bool = False
    listeners: int = 0


@dataclass(frozen=True)
class Portion:
    """A number of clips of one kind and size."""

    kind: Kind
    size: Size
    clips: int


@dataclass(frozen=True, eq=False)
class Talk:
    """A scene, a track per person, and the frame of each track at which the scene starts."""

    scene: Scene
    tracks: tuple[Track, ...]
    starts: tuple[int, ...]

    @property
    def given(self) -> int:
        """Number of conditioning frames; walks and actions begin after them."""
        return self.scene.start + 1

    def openness(self, frames: int) -> Tensor:
        """Openness of every mouth, [persons, frames]."""
        parts = [
            track.openness[start : start + frames]
            for track, start in zip(self.tracks, self.starts, strict=True)
        ]
        return torch.stack(parts)

    def film(self, size: Size) -> Tensor:
        """Render the talk, [frames, height, width, 3] in 0..1."""
        return self.scene.frames(self.openness(size.frames), size.height)

    def features(self, encoder: AudioEncoder, frames: int) -> Tensor:
        """Audio features with half a window of margin, [persons, frames + window - 1, layers, channels]."""
        pieces = []
        for track, start in zip(self.tracks, self.starts, strict=True):
            features = track_features(track, encoder)
            pieces.append(
                features[window_indices(start + frames // 2, 1, len(features), window=frames + WINDOW - 1)[0]]
            )
        return torch.stack(pieces)


@cache
def track_features(track: Track, encoder: AudioEncoder) -> Tensor:
    """Audio features of a whole track, [frames, layers, channels]."""
    return encoder.encode(track.samples, frames=len(track.openness))


def random_talk(seed: int, size: Size, kind: Kind, *, sway: float, given: int | None = None) -> Talk:
    """A random talk of a kind; seeds from UNSEEN_SEEDS on have sentences that are never trained on.

    Parameters
    ----------
    seed : int
    size : Size
    kind : Kind
    sway : float
        Maximum amplitude of the persons' movement, in picture heights.
    given : int, optional
        Number of conditioning frames; by default one of GIVEN_FRAMES at random.
    """
    rng = np.random.default_rng(seed)
    scene = random_scene(
        seed, aspect=size.width / size.height, persons=int(rng.choice(kind.persons)), sway=sway
    )
    scene = replace(scene, start=(given or int(rng.choice(GIVEN_FRAMES))) - 1)
    if len(scene.persons) == 2 and rng.random() < kind.crossing:
        scene = scene.crossing()
    actions = [str(rng.choice(ACTIONS)) if rng.random() < kind.acting else STAYS for _ in scene.persons]
    scene = scene.acting(tuple(actions))
    order = rng.permutation(len(scene.persons)).tolist()
    if kind.left_to_right:
        order.sort()
    scene = replace(scene, persons=tuple(scene.persons[index] for index in order))
    unseen = seed >= UNSEEN_SEEDS
    tracks = tuple(
        silent_track()
        if (rng.random() < LISTENER_SHARE and not unseen) or index >= len(scene.persons) - kind.listeners
        else random_track(int(rng.integers(TRACKS)), unseen, SENTENCES_A_TRACK)
        for index in range(len(scene.persons))
    )
    starts = tuple(int(rng.integers(len(track.openness) - size.frames + 1)) for track in tracks)
    return Talk(scene, tracks, starts)


def person_masks(scene: Scene, height: int, width: int, *, rng: np.random.Generator) -> Persons:
    """Person masks from inexact boxes, as drawn by hand, or from equal parts of the picture."""
    if rng.random() < 0.5:
        return persons_from_parts(len(scene.persons), height, width).ordered(scene.places())
    boxes = [
        Box(*((np.array(box) + rng.uniform(-BOX_JITTER, BOX_JITTER, 4)) * height)) for box in scene.boxes()
    ]
    return persons_from_boxes(boxes, height, width, order=PersonOrder.GIVEN)


@torch.no_grad()
def training_clips(
    talks: list[Talk],
    *,
    size: Size,
    vae: "AutoencoderKLWan",
    encoder: AudioEncoder,
    text: DemoText,
    kind: Kind,
    seed: int,
) -> list[TrainingClip]:
    """Encode talks as training clips."""
    rng = np.random.default_rng(seed)
    videos = torch.stack([talk.film(size) for talk in talks]).permute(0, 4, 1, 2, 3) * 2 - 1
    conditions = []
    for talk, video in zip(talks, videos, strict=True):
        frames = video[None, :, : talk.given]
        if talk.given > 1 and rng.random() < WORN_SHARE:
            frames = decode_latent(vae, encode_latents(vae, frames)).clamp(-1, 1)
        conditions.append(conditioning_frames(frames, size.frames))
    latents, encoded = encode_latents(vae, videos), encode_latents(vae, torch.cat(conditions))
    clips = []
    for talk, latent, condition in zip(talks, latents, encoded, strict=True):
        features = talk.features(encoder, size.frames)
        masks = person_masks(talk.scene, size.height, size.width, rng=rng)
        persons = masks.token_masks(size.height, size.width)
        negative = rng.random() < NEGATIVE_SHARE
        clips.append(
            TrainingClip(
                latent=latent,
                encoded=condition,
                mask=conditioning_mask(
                    size.frames, talk.given, height=latent.shape[2], width=latent.shape[3]
                ),
                features=features if kind.voiced else features[:0],
                persons=persons if kind.voiced else torch.ones_like(persons[:1]),
                text=text(caption(talk.scene), negative)[0],
            )
        )
    return clips


def prepare(
    folder: Path,
    portions: Sequence[Portion],
    *,
    vae: "AutoencoderKLWan",
    encoder: AudioEncoder,
    text: DemoText,
    sway: float,
    first_seed: int,
) -> Iterator[int]:
    """Write the clips of all portions in shards, on all cores; existing shards stay.

    Yields the number of clips so far.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards = ShardsOfTalks(
        folder, portions, vae=vae, encoder=encoder, text=text, sway=sway, first_seed=first_seed
    )
    missing = [number for number in range(len(shards)) if not shard_path(folder, number).exists()]
    written = len(shards) - len(missing)
    for _ in DataLoader(shards, batch_size=None, sampler=missing, num_workers=os.cpu_count() or 1):
        written += 1
        yield written * SHARD_CLIPS


class ShardsOfTalks(Dataset[Path]):
    """The shards of all portions; one is written where it is asked for."""

    def __init__(
        self,
        folder: Path,
        portions: Sequence[Portion],
        *,
        vae: "AutoencoderKLWan",
        encoder: AudioEncoder,
        text: DemoText,
        sway: float,
        first_seed: int,
    ) -> None:
        self.folder, self.sway, self.first_seed = folder, sway, first_seed
        self.vae, self.encoder, self.text = vae, encoder, text
        self.portions = [portion for portion in portions for _ in range(portion.clips // SHARD_CLIPS)]

    def __len__(self) -> int:
        return len(self.portions)

    def __getitem__(self, number: int) -> Path:
        portion, first = self.portions[number], self.first_seed + number * SHARD_CLIPS
        seeds = range(first, first + SHARD_CLIPS)
        talks = [random_talk(seed, portion.size, portion.kind, sway=self.sway) for seed in seeds]
        clips = training_clips(
            talks,
            size=portion.size,
            vae=self.vae,
            encoder=self.encoder,
            text=self.text,
            kind=portion.kind,
            seed=first,
        )
        return write_shard(self.folder, number, clips)
