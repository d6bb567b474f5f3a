"""One clip on disk: its frames, and the state from which the next clip continues."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from ...files.plain import is_plain
from ...files.whole import whole_file
from ...guards.finite import is_finite
from ...media.picture import levels
from .lossless import pack_frames, unpack_frames

FORMAT = "multitalk segment 1"
TENSORS = ("frames", "latent", "motion", "noise")
LOCATED = "located."  # prefix of the recorded tensors
FRAME_BYTES = 1.5  # per pixel: two fifths of its 8-bit colours, and its share of the latent
MOTION_BYTES = 12  # per pixel: three colours in float32


class BrokenClip(Exception):
    """A stored clip that cannot be used; the message completes "the stored clip is ..."."""


@dataclass(frozen=True)
class StoredClip:
    """A finished clip.

    Attributes
    ----------
    frames : Tensor [clip frames - motion frames, height, width, 3], in 0..1
        Frames that the clip adds, including any after the end of the film; stored in 8 bits.
    latent : Tensor [1, 16, latent frames, height / 8, width / 8]
    motion : Tensor [1, 3, overlap, height, width], float32 in -1..1
        The clip's last frames after colour correction, from which the next clip starts.
    noise : Tensor [n], uint8
        State of the noise generator after the clip.
    located : dict of str to Tensor
        Recorded localization of the clip, if any.
    """

    frames: Tensor
    latent: Tensor
    motion: Tensor
    noise: Tensor
    located: dict[str, Tensor] = field(default_factory=dict)


def stored_clip_bytes(frames: int, overlap: int, *, height: int, width: int) -> int:
    """Estimate the size of a stored clip on disk."""
    return round((FRAME_BYTES * frames + MOTION_BYTES * overlap) * height * width)


def write_clip(path: Path, key: str, clip: StoredClip) -> StoredClip:
    """Write a clip, completely or not at all.

    Returns
    -------
    StoredClip
        The clip as it will be read, with its frames in 8 bits.

    Raises
    ------
    OSError
        When the clip cannot be written.
    """
    from safetensors.torch import save

    tensors = {name: getattr(clip, name).detach().cpu().contiguous() for name in TENSORS}
    tensors |= {LOCATED + name: tensor.cpu().contiguous() for name, tensor in clip.located.items()}
    seen = levels(clip.frames)
    tensors["frames"] = pack_frames(seen)
    metadata = {"format": FORMAT, "key": key, "sha256": _checksum(key, tensors)}
    with whole_file(path) as part:
        part.write_bytes(save(tensors, metadata))
    return replace(clip, frames=seen.float() / 255)


def read_clip(path: Path, key: str) -> StoredClip:
    """Read a clip and verify all of its bytes.

    Raises
    ------
    BrokenClip
        When the file is missing, truncated, altered, or another clip's.
    """
    from safetensors import SafetensorError, safe_open

    if not is_plain(path):
        raise BrokenClip("missing")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT or not set(TENSORS) <= set(file.keys()):
                raise BrokenClip("not in this version's format")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise BrokenClip("cut short or altered") from error
    except OSError as error:
        raise BrokenClip(f"not readable ({error.strerror or error})") from error
    if metadata.get("sha256") != _checksum(metadata.get("key", ""), tensors):
        raise BrokenClip("altered")
    if metadata["key"] != key:
        raise BrokenClip("another clip's")
    if not all(map(is_finite, tensors.values())):
        raise BrokenClip("not finite")
    frames = unpack_frames(tensors.pop("frames")).float() / 255
    located = {name.removeprefix(LOCATED): tensors.pop(name) for name in set(tensors) - set(TENSORS)}
    return StoredClip(frames, **tensors, located=located)


def _checksum(key: str, tensors: dict[str, Tensor]) -> str:
    hashed = hashlib.sha256(key.encode())
    for name, tensor in sorted(tensors.items()):
        hashed.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        hashed.update(tensor.view(-1).view(torch.uint8).numpy().data)
    return hashed.hexdigest()
