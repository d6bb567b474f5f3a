"""Keys of clips: digests over everything that shapes them, each with the one before it."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
_ENCODER = json.JSONEncoder(sort_keys=True, allow_nan=False)


def digest(value: Json | Tensor | np.ndarray) -> str:
    """SHA-256 of a plain value, or of a tensor's type, shape and numbers, in hexadecimal."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().contiguous().numpy()
    if isinstance(value, np.ndarray):
        hashed = hashlib.sha256(f"{value.dtype} {value.shape} ".encode())
        hashed.update(np.ascontiguousarray(value).data)
        return hashed.hexdigest()
    return hashlib.sha256(_ENCODER.encode(value).encode()).hexdigest()


def chain(description: Json, links: Sequence[Json]) -> list[str]:
    """The key of every clip.

    Parameters
    ----------
    description : plain values
        What shapes the whole film.
    links : sequence of plain values
        What shapes each clip besides.

    Returns
    -------
    list of str
        One a link; each depends on the description and on all links up to its own.
    """
    keys, before = [], digest(description)
    for link in links:
        before = digest([before, link])
        keys.append(before)
    return keys


def computed_on(device: torch.device) -> dict[str, Json]:
    """What changes the numbers of a film besides its inputs, by name: part of the description everywhere."""
    return {"device": device.type, "torch": release(torch.__version__)}


def release(version: str) -> str:
    """Of a library's version, what can change numbers: its first two parts."""
    return ".".join(version.split(".")[:2])
