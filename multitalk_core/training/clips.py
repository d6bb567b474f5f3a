"""Training clips on disk: encoded once, in shards of safetensors."""

import bisect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.utils.data import Dataset

from ..errors import MultiTalkError


@dataclass(frozen=True)
class TrainingClip:
    """A clip, or a batch of clips with a first dimension more.

    Attributes
    ----------
    latent : Tensor [16, latent frames, height, width]
        The video through the VAE, normalised.
    encoded : Tensor [16, latent frames, height, width]
        The given frames and grey, through the VAE.
    mask : Tensor [4, latent frames, height, width]
        Wan's mask channels.
    features : Tensor [voices, frames + window - 1, layers, channels]
        Audio features of the clip's frames, half a window more on each side.
    persons : Tensor [voices + 1, tokens of a frame]
        Token masks, the background last.
    text : Tensor [tokens, channels]
    """

    latent: Tensor
    encoded: Tensor
    mask: Tensor
    features: Tensor
    persons: Tensor
    text: Tensor

    def to(self, device: torch.device) -> "TrainingClip":
        """The same on `device`."""
        return TrainingClip(*(getattr(self, name).to(device) for name in FIELDS))


FIELDS = tuple(TrainingClip.__dataclass_fields__)


def stack_clips(clips: Sequence[TrainingClip]) -> TrainingClip:
    """Clips of one size as a batch."""
    return TrainingClip(*(torch.stack([getattr(clip, name) for clip in clips]) for name in FIELDS))


def write_shard(folder: Path, number: int, clips: Sequence[TrainingClip]) -> None:
    """Write clips of one size as a shard, in half precision; it appears only when it is whole."""
    batch = stack_clips(clips)
    partial = folder / f".shard-{number:05d}.{os.getpid()}.partial"
    save_file({name: getattr(batch, name).to(torch.float16).contiguous() for name in FIELDS}, partial)
    os.replace(partial, shard_path(folder, number))


def shard_path(folder: Path, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"shard-{number:05d}.safetensors"


class ShardedClips(Dataset[TrainingClip]):
    """All clips of a folder of shards, read one by one.

    Raises
    ------
    MultiTalkError
        When the folder holds no shards.
    """

    def __init__(self, folder: Path):
        paths = sorted(folder.glob("shard-*.safetensors"))
        if not paths:
            raise MultiTalkError(f"{folder} holds no training clips: prepare them first.")
        self.shards = [safe_open(path, "pt") for path in paths]
        self.ends = list(accumulate(shard.get_slice("latent").get_shape()[0] for shard in self.shards))

    def __len__(self) -> int:
        return self.ends[-1]

    def __getitem__(self, index: int) -> TrainingClip:
        number = bisect.bisect_right(self.ends, index)
        row = index - (self.ends[number - 1] if number else 0)
        shard = self.shards[number]
        return TrainingClip(*(shard.get_slice(name)[row].float() for name in FIELDS))
