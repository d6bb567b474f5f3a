"""Keys of clips: digests of everything that affects them, each chained to the one before."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
_ENCODER = json.JSONEncoder(sort_keys=True, allow_nan=False)


def digest(value: Json | Tensor | np.ndarray) -> str:
    """SHA-256, in hexadecimal, of a JSON value or of the type, shape and numbers of an array."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().contiguous().numpy()
    if isinstance(value, np.ndarray):
        hashed = hashlib.sha256(f"{value.dtype} {value.shape} ".encode())
        hashed.update(np.ascontiguousarray(value).data)
        return hashed.hexdigest()
    return hashlib.sha256(_ENCODER.encode(value).encode()).hexdigest()


def chain(description: Json, links: Sequence[Json]) -> list[str]:
    """Compute the key of every clip.

    Parameters
    ----------
    description : JSON value
        What affects the whole film.
    links : sequence of JSON values
        What affects one clip each.

    Returns
    -------
    list of str
        One per link; each depends on the description and on all links up to its own.
    """
    keys: list[str] = []
    before = digest(description)
    for link in links:
        before = digest([before, link])
        keys.append(before)
    return keys


def computed_on(device: torch.device) -> dict[str, Json]:
    """What changes the numbers of a film besides its inputs, by name; part of every description."""
    return {"device": device.type, "torch": release(torch.__version__)}


def release(version: str) -> str:
    """The first two parts of a library's version; the rest does not change numbers."""
    return ".".join(version.split(".")[:2])
