"""What bfloat16 costs: the kernel's formula, step by step, against float64, and careless ways that fail."""

import functools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from multitalk_core.kernels.exact import exact_similarity, relative_error

TOKENS, REFERENCE, HEADS, CHANNELS = 400, 1560, 40, 128  # all but the tokens as in Wan2.1-14B at 480p
HALF = torch.bfloat16
LARGEST_ERROR = 1e-3  # of the maps
LARGEST_CHANGE = {"noise": 0.005, "structure": 0.0}  # share of tokens whose class is another


def scores_of(query: Tensor, key: Tensor) -> Tensor:
    """Axes h t r, as tensor cores add them up: products of halves are exact in float32."""
    query, key = (each[0].transpose(0, 1).float() for each in (query, key))
    return query @ key.transpose(1, 2) / math.sqrt(CHANNELS)


def by_the_kernel(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Probabilities in bfloat16, 0/1 masks and a column of ones as values, divisions in float32."""
    scores = scores_of(query, key)
    probabilities = (scores - scores.amax(-1, keepdim=True)).exp().to(HALF).float()
    sums = probabilities @ masks[0].T
    means = sums / probabilities.sum(-1, keepdim=True)
    return (means.sum(0) / (HEADS * masks[0].sum(-1))).T[None]


def with_sizes_in_the_values(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Masks already divided by their sizes, and each head's result rounded."""
    values = (masks[0] / masks[0].sum(-1, keepdim=True)).to(HALF).float()
    attended = (scores_of(query, key).softmax(-1).to(HALF).float() @ values.T).to(HALF)
    return attended.mean(0).float().T[None]


def with_rounded_results(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """0/1 masks, but each head's result rounded, as ready-made attention gives it."""
    attended = (scores_of(query, key).softmax(-1).to(HALF).float() @ masks[0].T).to(HALF)
    return (attended.float().sum(0) / (HEADS * masks[0].sum(-1))).T[None]


def as_released(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """The whole matrix in bfloat16, and every later step in it."""
    attention = scores_of(query, key).to(HALF).softmax(-1)
    maps = [(attention * mask.to(HALF)).sum(-1) / mask.sum().to(HALF) for mask in masks[0]]
    return torch.stack([each.mean(0) for each in maps])[None].float()


@functools.cache
def scene(kind: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Queries, keys and masks of two persons and a background, and the exact maps."""
    generator = torch.Generator().manual_seed(7)
    owner = torch.randint(0, 3, (REFERENCE,), generator=generator)
    masks = (owner == torch.arange(3)[:, None]).float()[None]
    query = torch.randn(1, TOKENS, HEADS, CHANNELS, generator=generator)
    key = torch.randn(1, REFERENCE, HEADS, CHANNELS, generator=generator)
    if kind == "structure":
        directions = torch.randn(3, HEADS, CHANNELS, generator=generator)
        query += 0.5 * directions[torch.randint(0, 3, (TOKENS,), generator=generator)]
        key += 0.5 * directions[owner]
    query, key = query.to(HALF), key.to(HALF)
    return query, key, masks, exact_similarity(query, key, masks)


def is_exact_enough(way: Callable[..., Tensor], kind: str) -> bool:
    *inputs, exact = scene(kind)
    found = way(*inputs)
    changed = float((found.argmax(1) != exact.argmax(1)).double().mean())
    return relative_error(found, exact) < LARGEST_ERROR and changed <= LARGEST_CHANGE[kind]


@pytest.mark.parametrize("kind", LARGEST_CHANGE)
def test_the_kernels_formula_keeps_the_maps_and_the_classes(kind):
    assert is_exact_enough(by_the_kernel, kind)


@pytest.mark.parametrize("way", [with_sizes_in_the_values, with_rounded_results, as_released])
def test_careless_ways_are_found_out(way):
    assert not is_exact_enough(way, "noise")
