"""Random inputs of a model's own shapes: queries and keys, persons in the picture, voices.

Axes: r tokens of the first latent frame, t video tokens, h heads, c channels, k classes (persons, then the
background).
"""

import torch
from torch import Tensor

from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.audio_patch import AudioRows, audio_rows
from multitalk_core.method.wan import video_frames

from .model_size import ModelSize


def person_masks(size: ModelSize, persons: int, device: torch.device) -> Tensor:
    """Persons side by side in the lower two thirds of the picture, [k, r], 0 or 1."""
    grid = size.grid
    columns = torch.arange(grid.width) * (persons + 1) // grid.width  # the last part is the background's
    owner = columns.expand(grid.height, -1).clone()
    owner[: grid.height // 3] = persons
    classes = torch.arange(persons + 1)
    return (owner.flatten() == classes[:, None]).float().to(device)


def attention_inputs(
    size: ModelSize, dtype: torch.dtype, device: torch.device, *, rows: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of a self-attention, [rows, t, h, c], as large as after their norms."""
    shape = rows, size.tokens, size.heads, size.channels
    query, key, value = (torch.randn(shape, dtype=dtype, device=device) for _ in range(3))
    return query, key, value


def structured(query: Tensor, key: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens that resemble the class of their place in the first frame, as a real picture's do."""
    classes = masks.argmax(0)
    frames = query.shape[1] // len(classes)
    direction = torch.randn(len(masks), *query.shape[2:], dtype=query.dtype, device=query.device)
    each = direction[classes].repeat(frames, 1, 1)
    return query + each, key + each


def voice_rows(
    adapter: AudioAdapter,
    size: ModelSize,
    persons: int,
    *,
    audible: tuple[bool, ...] = (True,),
) -> AudioRows:
    """Rows of random voices, as many as persons, in the adapter's precision."""
    weight = adapter.audio_proj.proj1.weight
    frames = video_frames(size.grid.frames)
    windows = torch.randn(persons, frames, 5, 1, size.features, dtype=weight.dtype, device=weight.device)
    with torch.no_grad():
        tokens = adapter.voice_tokens(windows)
    return audio_rows(tokens, person_masks(size, persons, weight.device), audible)
