"""How several voices enter the audio layer: the injection schemes of the paper's Fig. 3, and routing."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import MultiTalkError, quoted
from .labels import LabelRanges, token_classes, token_labels
from .wan import Grid

SCHEMES = ("l-rope", "routed", "concat", "add", "split")


def check_scheme(name: str) -> None:
    """Raise a MultiTalkError that names the known schemes for an unknown one."""
    if name not in SCHEMES:
        raise MultiTalkError(f"There is no scheme {quoted(name)}: choose one of {', '.join(SCHEMES)}.")


@dataclass(frozen=True)
class Binding:
    """What binds tokens to voices in one audio layer.

    Attributes
    ----------
    query_labels : Tensor [rows, tokens] or None
        Label of every video token; None rotates nothing.
    key_labels : Tensor [rows, voices] or None
        Label of every voice.
    heard : Tensor [rows, tokens or 1, voices], bool, or None
        Which voices a token may hear; None is all. A token that hears none gets nothing.
    summed : bool
        One attention a voice, the results added, instead of one attention over all voices.
    """

    query_labels: Tensor | None = None
    key_labels: Tensor | None = None
    heard: Tensor | None = None
    summed: bool = False


def needs_localization(scheme: str, voices: int) -> bool:
    """Whether a scheme asks where the persons are; one voice needs it only to spare the bystanders."""
    return scheme == "routed" or (scheme == "l-rope" and voices > 1)


def bind(
    scheme: str,
    ranges: LabelRanges,
    audible: Sequence[bool],
    grid: Grid,
    similarity: Tensor | None,
    device: torch.device | str = "cpu",
) -> Binding:
    """Bind the tokens of every row to the voices of that row.

    Rows of different kinds share one shape: an audio-free row hears voice 0 alone (where its zero
    embedding lies), unrotated.

    Parameters
    ----------
    scheme : str
        One of SCHEMES.
    ranges : LabelRanges
        For as many persons as there are voices.
    audible : sequence of bool, one a row
        False for rows without audio.
    grid : Grid
    similarity : Tensor [rows, persons + 1, tokens] or None
        From `class_similarity`, where `needs_localization`.
    device : torch.device
        Of the tokens.

    Returns
    -------
    Binding
    """
    voices = len(ranges.audio)
    if scheme == "routed":
        classes = token_classes(similarity)
        heard = classes[:, :, None] == torch.arange(voices, device=classes.device)
        binding = Binding(*_own_labels(similarity, ranges), heard) if voices > 1 else Binding(heard=heard)
    elif scheme == "l-rope" and voices > 1:
        key_labels = similarity.new_tensor(ranges.audio).expand(len(audible), -1)
        binding = Binding(token_labels(similarity, ranges), key_labels)
    elif scheme == "split":
        binding = Binding(heard=_columns_heard(grid, voices, device).expand(len(audible), -1, -1))
    else:
        binding = Binding(summed=scheme == "add")
    if all(audible):
        return binding
    return _with_free_rows(binding, torch.as_tensor(audible, device=device), voices)


def _own_labels(similarity: Tensor, ranges: LabelRanges) -> tuple[Tensor, Tensor]:
    """Labels for routing: each token's difference from its own voice's label, that voice being at 0."""
    bounds = tuple(
        (low - voice, high - voice) for (low, high), voice in zip(ranges.persons, ranges.audio, strict=True)
    )
    own = LabelRanges(bounds, background=0.0, audio=(0.0,) * len(bounds))
    return token_labels(similarity, own), similarity.new_zeros(len(similarity), len(bounds))


def _columns_heard(grid: Grid, voices: int, device: torch.device | str) -> Tensor:
    """Columns in as equal parts as can be, earlier ones wider; part i hears voice i. [1, tokens, voices]"""
    parts = torch.arange(grid.width, device=device).tensor_split(voices)
    part_of_column = torch.cat([torch.full_like(part, index) for index, part in enumerate(parts)])
    part_of_token = part_of_column.repeat(grid.frames * grid.height)
    return (part_of_token[:, None] == torch.arange(voices, device=device))[None]


def _with_free_rows(binding: Binding, audible: Tensor, voices: int) -> Binding:
    """Let audio-free rows hear voice 0 alone, everywhere and unrotated."""
    first_voice = torch.arange(voices, device=audible.device) == 0
    rows = audible[:, None, None]
    every_voice = torch.ones(len(audible), 1, voices, dtype=torch.bool, device=audible.device)
    heard = torch.where(rows, binding.heard if binding.heard is not None else every_voice, first_voice)
    if binding.query_labels is None:
        return Binding(heard=heard, summed=binding.summed)
    return Binding(
        query_labels=binding.query_labels * audible[:, None],
        key_labels=binding.key_labels * audible[:, None],
        heard=heard,
    )
