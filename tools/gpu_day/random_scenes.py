"""Random inputs of the kernels, of random shapes: ragged tokens, one to eight persons, a silent row."""

import torch
from torch import Tensor

SCHEMES = ("concat", "one row", "l-rope", "routed", "split", "add")


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
