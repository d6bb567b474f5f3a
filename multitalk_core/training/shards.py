"""Training clips on disk: encoded once, in shards of safetensors."""

import bisect
import hashlib
import re
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import accumulate
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.utils.data import Dataset

from ..errors import MultiTalkError
from ..files.given import check_file
from ..files.whole import whole_file

SHARD_NAME = re.compile(r"shard-[0-9]{5,}(-[0-9]{3,})?\.safetensors")
MEND = "run `prepare` again, which makes it anew"
UNFINISHED_NAME = re.compile(rf"\.{SHARD_NAME.pattern}\.[0-9a-f]{{8}}\.part")


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


NEEDED = {field.name for field in fields(TrainingClip) if field.default is MISSING}
KNOWN = {field.name for field in fields(TrainingClip)}


def stack_clips(clips: Sequence[TrainingClip]) -> TrainingClip:
    """Clips of one kind, that is of one size and number of voices, as a batch."""
    names = clips[0].tensors()
    return TrainingClip(**{name: torch.stack([getattr(clip, name) for clip in clips]) for name in names})


def check_finite(clip: TrainingClip) -> None:
    """Raise a MultiTalkError for a clip with numbers that no training survives.

    That are NaN, and those beyond a shard's half precision, which would become infinite.
    """
    for name, tensor in clip.tensors().items():
        if not torch.isfinite(tensor.to(torch.float16)).all():
            raise MultiTalkError(
                f"The clip's {name} has numbers that are NaN or infinite: the model's files may be damaged."
            )


def write_shard(folder: Path, number: int, clips: Sequence[TrainingClip], part: int | None = None) -> Path:
    """Write clips of one kind as a shard, in half precision; it appears only when it is whole."""
    tensors = stack_clips(clips).tensors()
    path = shard_path(folder, number, part)
    with whole_file(path) as unfinished:
        save_file(
            {name: tensor.to(torch.float16).contiguous() for name, tensor in tensors.items()}, unfinished
        )
    return path


def shard_path(folder: Path, number: int, part: int | None = None) -> Path:
    """Where a shard lies, or a part of it."""
    return folder / f"shard-{number:05d}{'' if part is None else f'-{part:03d}'}.safetensors"


def shards_in(folder: Path, number: int | None = None) -> list[Path]:
    """The shards in a folder, of all lines or of one, in order; other files are passed over."""
    paths = [path for path in folder.glob("shard-*") if SHARD_NAME.fullmatch(path.name)]
    return sorted(path for path in paths if number in (None, int(path.name.split("-")[1].split(".")[0])))


def unfinished_shards(folder: Path) -> list[Path]:
    """What a killed run left of shards."""
    return [path for path in folder.glob(".shard-*") if UNFINISHED_NAME.fullmatch(path.name)]


def shard_digest(path: Path) -> str:
    """SHA-256 of a shard, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open_shard(path: Path) -> safe_open:
    """Open a shard.

    Raises
    ------
    MultiTalkError
        When it is damaged, or no shard of training clips.
    """
    check_file(path, "shard", MEND)
    try:
        shard = safe_open(path, "pt")
    except (OSError, SafetensorError) as error:
        raise MultiTalkError(f"The shard {path} is damaged: {MEND}.") from error
    names = set(shard.keys())
    clips = {tuple(shard.get_slice(name).get_shape()[:1]) for name in names}
    if not NEEDED <= names <= KNOWN or len(clips) != 1 or clips <= {(), (0,)}:
        raise MultiTalkError(f"The shard {path} is damaged or of another program: {MEND}.")
    return shard


class ClipsOfOneKind(Dataset[TrainingClip]):
    """Clips that fit into one batch, read one by one.

    Parameters
    ----------
    paths : sequence of Path
        Shards of one kind.
    """

    def __init__(self, paths: Sequence[Path]):
        self.paths = list(paths)
        self.shards = [_open_shard(path) for path in paths]
        self.ends = list(accumulate(shard.get_slice("latent").get_shape()[0] for shard in self.shards))

    def __len__(self) -> int:
        return self.ends[-1]

    def __getitem__(self, index: int) -> TrainingClip:
        number = bisect.bisect_right(self.ends, index)
        row = index - (self.ends[number - 1] if number else 0)
        shard = self.shards[number]
        clip = TrainingClip(**{name: shard.get_slice(name)[row].float() for name in shard.keys()})  # noqa: SIM118
        try:
            check_finite(clip)
        except MultiTalkError as error:
            raise MultiTalkError(f"The shard {self.paths[number]} is damaged: {MEND}. {error}") from error
        return clip


class ShardedClips(ClipsOfOneKind):
    """All clips of one or more folders of shards.

    Attributes
    ----------
    kinds : list of ClipsOfOneKind
        The same clips by size and number of voices, in the order of their first shards.

    Raises
    ------
    MultiTalkError
        When a folder holds no shards, or a damaged one.
    """

    def __init__(self, *folders: Path):
        paths = []
        for folder in folders:
            found = shards_in(folder)
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
