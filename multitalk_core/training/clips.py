"""Training clips on disk: encoded once, in shards of safetensors."""

import bisect
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
from ..files import whole_file


@dataclass(frozen=True)
class TrainingClip:
    """A clip, or a batch of clips of one kind with a first dimension more.

    Attributes
    ----------
    latent : Tensor [16, latent frames, height, width]
        The video through the VAE, normalised.
    encoded : Tensor [16, latent frames, height, width]
        The given frames and grey, through the VAE.
    mask : Tensor [4, latent frames, height, width]
        Wan's mask channels.
    features : Tensor [voices, frames + window - 1, layers, channels]
        Audio features of the clip's frames, half a window more on each side; no voices for the I2V task.
    persons : Tensor [voices + 1, tokens of a frame]
        Token masks, the background last.
    text : Tensor [tokens, channels]
    image : Tensor [tokens, channels] or None
        CLIP's tokens of the last given frame, where the model has an image embedder.
    faces : Tensor [voices, 3] or None
        Of cartoon people in the first frame, for binding scores: middle and half width in picture heights.
    loudness : Tensor [voices, frames] or None
        Of the voices, likewise.
    """

    latent: Tensor
    encoded: Tensor
    mask: Tensor
    features: Tensor
    persons: Tensor
    text: Tensor
    image: Tensor | None = None
    faces: Tensor | None = None
    loudness: Tensor | None = None

    def tensors(self) -> dict[str, Tensor]:
        """Its tensors by name, without those it lacks."""
        return {name: tensor for name, tensor in vars(self).items() if tensor is not None}

    def to(self, where: torch.device | torch.dtype) -> "TrainingClip":
        """The same on a device or in a precision."""
        return TrainingClip(**{name: tensor.to(where) for name, tensor in self.tensors().items()})


def stack_clips(clips: Sequence[TrainingClip]) -> TrainingClip:
    """Clips of one kind, that is of one size and number of voices, as a batch."""
    names = clips[0].tensors()
    return TrainingClip(**{name: torch.stack([getattr(clip, name) for clip in clips]) for name in names})


def write_shard(folder: Path, number: int, clips: Sequence[TrainingClip], part: int | None = None) -> None:
    """Write clips of one kind as a shard, in half precision; it appears only when it is whole."""
    tensors = stack_clips(clips).tensors()
    with whole_file(shard_path(folder, number, part)) as unfinished:
        save_file(
            {name: tensor.to(torch.float16).contiguous() for name, tensor in tensors.items()}, unfinished
        )


def shard_path(folder: Path, number: int, part: int | None = None) -> Path:
    """Where a shard lies, or a part of it."""
    return folder / f"shard-{number:05d}{'' if part is None else f'-{part:03d}'}.safetensors"


class ClipsOfOneKind(Dataset[TrainingClip]):
    """Clips that fit into one batch, read one by one.

    Parameters
    ----------
    paths : sequence of Path
        Shards of one kind.
    """

    def __init__(self, paths: Sequence[Path]):
        self.shards = [safe_open(path, "pt") for path in paths]
        self.ends = list(accumulate(shard.get_slice("latent").get_shape()[0] for shard in self.shards))

    def __len__(self) -> int:
        return self.ends[-1]

    def __getitem__(self, index: int) -> TrainingClip:
        number = bisect.bisect_right(self.ends, index)
        row = index - (self.ends[number - 1] if number else 0)
        shard = self.shards[number]
        return TrainingClip(**{name: shard.get_slice(name)[row].float() for name in shard.keys()})  # noqa: SIM118


class ShardedClips(ClipsOfOneKind):
    """All clips of one or more folders of shards.

    Attributes
    ----------
    kinds : list of ClipsOfOneKind
        The same clips by size and number of voices, in the order of their first shards.

    Raises
    ------
    MultiTalkError
        When a folder holds no shards.
    """

    def __init__(self, *folders: Path):
        paths = []
        for folder in folders:
            found = sorted(folder.glob("shard-*.safetensors"))
            if not found:
                raise MultiTalkError(f"{folder} holds no training clips: prepare them first.")
            paths += found
        super().__init__(paths)
        by_kind: dict[tuple, list[Path]] = {}
        for path, shard in zip(paths, self.shards, strict=True):
            by_kind.setdefault(_kind(shard), []).append(path)
        self.kinds = [ClipsOfOneKind(of_kind) for of_kind in by_kind.values()]


def _kind(shard: safe_open) -> tuple:
    """The shapes of a shard's tensors but for the number of clips."""
    return tuple((name, *shard.get_slice(name).get_shape()[1:]) for name in sorted(shard.keys()))
