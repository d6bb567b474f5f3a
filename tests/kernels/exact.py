"""What the kernels compute, in float64 and as plainly as it can be written."""

import math

import torch
from torch import Tensor


def exact_similarity(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Mean attention to each class, by the whole matrix."""
    query, key, masks = query.double(), key.double(), masks.double()
    scores = torch.einsum("bthc,brhc->bhtr", query, key[:, : masks.shape[-1]]) / math.sqrt(query.shape[-1])
    sums = torch.einsum("bhtr,bkr->bkt", scores.softmax(-1), masks.expand(len(query), -1, -1))
    return sums / query.shape[2] / masks.sum(-1).clamp(min=1)[..., None]


def exact_attention(query: Tensor, key: Tensor, value: Tensor, **binding: Tensor | bool | None) -> Tensor:
    """Attention to the voices of a token's frame that it may attend to, by the whole matrix."""
    query = rotated_exactly(query, binding.get("query_labels"))
    key = rotated_keys(key, binding.get("key_labels"))
    rows, frames, voices = key.shape[:3]
    may_attend = binding.get("may_attend")
    if may_attend is None:
        may_attend = torch.ones(rows, 1, voices, dtype=torch.bool)
    may_attend = may_attend.expand(-1, query.shape[1], -1).unflatten(1, (frames, -1))  # b f n v
    scores = torch.einsum("bfnhc,bfvahc->bfnhva", query.unflatten(1, (frames, -1)), key)
    weights = (scores / math.sqrt(query.shape[-1])).exp() * may_attend[:, :, :, None, :, None]
    sums = weights.sum(-1 if binding.get("summed") else (-2, -1), keepdim=True)
    weights = (weights / sums).nan_to_num()
    return torch.einsum("bfnhva,bfvahc->bfnhc", weights, value.double()).flatten(1, 2)


def rotated_exactly(vectors: Tensor, labels: Tensor | None) -> Tensor:
    """Vectors [b, t, h, c] as complex numbers, turned by their labels [b, t]."""
    pairs = torch.view_as_complex(vectors.double().unflatten(-1, (-1, 2)).contiguous())
    if labels is not None:
        channels = vectors.shape[-1]
        speeds = 10000.0 ** -(torch.arange(0, channels, 2, dtype=torch.float64) / channels)
        angles = labels.double()[:, :, None, None] * speeds
        pairs = pairs * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(pairs).flatten(-2)


def rotated_keys(key: Tensor, labels: Tensor | None) -> Tensor:
    """Keys [b, f, v, a, h, c] turned by their voices' labels [b, v]."""
    if labels is None:
        return key.double()
    frames, voices, tokens = key.shape[1:4]
    each = labels[:, None, :, None].expand(-1, frames, -1, tokens).flatten(1)
    return rotated_exactly(key.flatten(1, 3), each).unflatten(1, (frames, voices, tokens))


def relative_error(found: Tensor, exact: Tensor) -> float:
    """max|a - b| / max|b|."""
    return float((found.double() - exact).abs().max() / exact.abs().max())


def random_scene(seed: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and masks of a random shape: ragged tokens, 1 to 8 persons, an empty class."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator))

    rows, persons, reference = drawn(1, 2), drawn(1, 8), drawn(9, 70)
    tokens, heads, channels = reference * drawn(1, 3), drawn(1, 6), (64, 128)[drawn(0, 1)]
    query, key = (torch.randn(rows, tokens, heads, channels, generator=generator).to(dtype) for _ in range(2))
    owner = torch.randint(0, persons + 1, (drawn(1, rows), reference), generator=generator)
    owner[owner == drawn(0, persons)] = -1  # one class is empty
    masks = (owner[:, None] == torch.arange(persons + 1)[:, None]).float()
    return query, key, masks


def random_voices(
    seed: int, dtype: torch.dtype, scheme: str, *, rows: int | None = None, voices: int | None = None
) -> dict[str, Tensor | bool | None]:
    """Queries, keys, values and binding of a random shape, the second row without audio."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator))

    drawn_rows, frames, drawn_voices, heads = drawn(1, 2), drawn(1, 3), drawn(1, 8), drawn(1, 4)
    own, rows, voices = drawn(5, 70), rows or drawn_rows, voices or drawn_voices
    audio_tokens, channels = (5, 16, 32)[drawn(0, 2)], (64, 128)[drawn(0, 1)]
    query = torch.randn(rows, frames * own, heads, channels, generator=generator).to(dtype)
    pair = torch.randn(rows, frames, voices, audio_tokens, 2, heads, channels, generator=generator).to(dtype)
    key, value = pair.unbind(4)
    audible = torch.arange(rows) == 0
    labels = torch.rand(rows, frames * own, generator=generator) * 20 * voices * audible[:, None]
    voice_labels = (20.0 * torch.arange(voices) + 2) * audible[:, None]
    first = torch.arange(voices) == 0
    by_row = audible[:, None, None] | first
    owner = torch.randint(0, voices + 1, (rows, frames * own), generator=generator)  # the last is nobody
    by_token = torch.where(by_row, owner[:, :, None] == torch.arange(voices), first)
    bindings: dict[str, dict[str, Tensor | bool | None]] = {
        "concat": {"may_attend": by_row},
        "one row": {},
        "l-rope": {"query_labels": labels, "key_labels": voice_labels, "may_attend": by_row},
        "routed": {"query_labels": labels, "may_attend": by_token},
        "split": {"may_attend": by_token},
        "add": {"may_attend": by_row, "summed": True},
    }
    return {"query": query, "key": key, "value": value, **bindings[scheme]}


SCHEMES = ("concat", "one row", "l-rope", "routed", "split", "add")
