"""Talks: a scene whose persons each say something, as a film to look at and as a clip to train on."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..audio.features import AudioEncoder
from ..audio.windows import window_indices
from ..conditioning import conditioning_frames, conditioning_mask
from ..persons import GIVEN, Box, Persons, persons_from_boxes, persons_from_parts
from ..standalone.models import decode_latent, encode_frames
from ..training.clips import TrainingClip, shard_path, write_shard
from .scene import Scene, random_scene
from .tracks import Track, random_track

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan

WINDOW = 5
GIVEN_FRAMES = (1, 5)  # the picture alone, or the motion frames of a clip before
NEGATIVE_SHARE = 0.1  # of the clips, trained with the negative prompt's text
TRACKS, SENTENCES_A_TRACK = 200, 2
MOST_WEAR = 3  # times that the given frames were generated, decoded and given again
BOX_JITTER = 0.06  # picture heights
SHARD_CLIPS = 50
UNSEEN_SEEDS = 1_000_000_000  # scenes and tracks from here on are never trained on


@dataclass(frozen=True)
class Size:
    """Of a clip: video frames, and pixels."""

    frames: int
    height: int
    width: int


@dataclass(frozen=True, eq=False)
class Talk:
    """A scene, the tracks of its persons, and the frame of the tracks at which it starts."""

    scene: Scene
    tracks: tuple[Track, ...]
    starts: tuple[int, ...]

    def openness(self, frames: int) -> Tensor:
        """Of every mouth, [persons, frames]."""
        parts = [
            track.openness[start : start + frames]
            for track, start in zip(self.tracks, self.starts, strict=True)
        ]
        return torch.stack(parts)

    def film(self, size: Size) -> Tensor:
        """[frames, height, width, 3] in 0..1."""
        return self.scene.frames(self.openness(size.frames), size.height)

    def features(self, encoder: AudioEncoder, frames: int) -> Tensor:
        """Audio features, [persons, frames + window - 1, layers, channels]: half a window more each side."""
        heard = []
        for track, start in zip(self.tracks, self.starts, strict=True):
            features = track_features(track, encoder)
            heard.append(
                features[window_indices(start + frames // 2, 1, len(features), frames + WINDOW - 1)[0]]
            )
        return torch.stack(heard)


@cache
def track_features(track: Track, encoder: AudioEncoder) -> Tensor:
    """Audio features of a whole track, [frames, layers, channels]."""
    return encoder.encode(track.samples, frames=len(track.openness))


def random_talk(seed: int, frames: int, aspect: float, sway: float) -> Talk:
    """Two persons in any speaker order; from UNSEEN_SEEDS on they say sentences never trained on."""
    rng = np.random.default_rng(seed)
    scene = random_scene(seed, aspect, sway=sway)
    if rng.random() < 0.5:
        scene = Scene(scene.persons[::-1], scene.wall, scene.floor, scene.aspect)
    tracks = tuple(
        random_track(int(rng.integers(TRACKS)), seed >= UNSEEN_SEEDS, SENTENCES_A_TRACK)
        for _ in scene.persons
    )
    starts = tuple(int(rng.integers(len(track.openness) - frames + 1)) for track in tracks)
    return Talk(scene, tracks, starts)


def person_masks(scene: Scene, height: int, width: int, rng: np.random.Generator) -> Persons:
    """Where the persons are: boxes drawn by a hand that is not too exact, or equal parts of the picture."""
    if rng.random() < 0.5:
        order = np.argsort(np.argsort([person.x for person in scene.persons]))
        return persons_from_parts(len(scene.persons), height, width).ordered(order.tolist())
    boxes = [
        Box(*((np.array(box) + rng.uniform(-BOX_JITTER, BOX_JITTER, 4)) * height)) for box in scene.boxes()
    ]
    return persons_from_boxes(boxes, height, width, GIVEN)


@torch.no_grad()
def training_clip(
    talk: Talk,
    size: Size,
    vae: "AutoencoderKLWan",
    encoder: AudioEncoder,
    texts: dict[str, Tensor],
    seed: int,
) -> TrainingClip:
    """Encode a talk as the model sees it."""
    rng = np.random.default_rng(seed)
    given = int(rng.choice(GIVEN_FRAMES))
    video = talk.film(size).permute(3, 0, 1, 2)[None] * 2 - 1
    latent = encode_frames(vae, video)[0]
    frames = worn(vae, video[:, :, :given], int(rng.integers(MOST_WEAR + 1)))
    encoded = encode_frames(vae, conditioning_frames(frames, size.frames))[0]
    return TrainingClip(
        latent=latent,
        encoded=encoded,
        mask=conditioning_mask(size.frames, given, *latent.shape[2:]),
        features=talk.features(encoder, size.frames),
        persons=person_masks(talk.scene, size.height, size.width, rng).token_masks(size.height, size.width),
        text=texts["negative" if rng.random() < NEGATIVE_SHARE else "prompt"],
    )


def worn(vae: "AutoencoderKLWan", frames: Tensor, times: int) -> Tensor:
    """Frames [1, 3, frames, height, width] as they come out of `times` clips, each continuing the last."""
    for _ in range(times):
        frames = decode_latent(vae, encode_frames(vae, frames)).clamp(-1, 1)
    return frames


def prepare(
    folder: Path,
    count: int,
    size: Size,
    vae: "AutoencoderKLWan",
    encoder: AudioEncoder,
    texts: dict[str, Tensor],
    sway: float,
) -> Iterable[int]:
    """Write `count` clips in shards; those already there stay. Yields the clips done so far."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count // SHARD_CLIPS):
        if not shard_path(folder, number).exists():
            seeds = range(number * SHARD_CLIPS, (number + 1) * SHARD_CLIPS)
            talks = [random_talk(seed, size.frames, size.width / size.height, sway) for seed in seeds]
            clips = [
                training_clip(talk, size, vae, encoder, texts, seed)
                for talk, seed in zip(talks, seeds, strict=True)
            ]
            write_shard(folder, number, clips)
        yield (number + 1) * SHARD_CLIPS
