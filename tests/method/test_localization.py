"""Localization against the paper's plain formula."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from multitalk_core.method.localization import class_similarity


def plain_similarity(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Softmax over the reference tokens written out, averaged over each mask (paper 3.3)."""
    reference = key[:, : masks.shape[-1]]
    scores = torch.einsum("bqhd,bkhd->bhqk", query, reference) / query.shape[-1] ** 0.5
    attention = scores.softmax(dim=-1)
    per_class = torch.einsum("bhqk,bck->bhcq", attention, masks.expand(len(query), -1, -1))
    sizes = masks.sum(dim=-1).clamp(min=1)
    return per_class.mean(dim=1) / sizes.expand(len(query), -1)[..., None]


@given(
    rows=st.integers(1, 3),
    heads=st.sampled_from([1, 2, 3, 9]),
    channels=st.sampled_from([4, 16]),
    classes=st.integers(1, 6),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=25, deadline=None)
def test_fused_equals_plain(rows: int, heads: int, channels: int, classes: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(rows, 30, heads, channels, generator=generator)
    key = torch.randn(rows, 30, heads, channels, generator=generator)
    masks = (torch.rand(1, classes, 10, generator=generator) > 0.5).float()
    torch.testing.assert_close(
        class_similarity(query, key, masks), plain_similarity(query, key, masks), rtol=1e-5, atol=1e-6
    )


@given(seed=st.integers(0, 2**31), classes=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_similarity_times_mask_size_sums_to_one(seed: int, classes: int) -> None:
    """Every reference token belongs to one class: a token's attention is shared out completely."""
    generator = torch.Generator().manual_seed(seed)
    query, key = torch.randn(2, 1, 24, 2, 8, generator=generator)
    owner = torch.cat([torch.arange(classes), torch.randint(classes, (12 - classes,), generator=generator)])
    masks = torch.nn.functional.one_hot(owner, classes).T[None].float()
    similarity = class_similarity(query, key, masks)
    assert similarity.min() >= 0
    shares = (similarity * masks.sum(-1)[..., None]).sum(dim=1)
    torch.testing.assert_close(shares, torch.ones(1, 24))


def test_permuting_persons_permutes_their_maps() -> None:
    query, key = torch.randn(2, 1, 24, 3, 8, generator=torch.Generator().manual_seed(1))
    masks = torch.eye(4)[None].repeat_interleave(3, dim=2)
    order = [2, 0, 1, 3]
    swapped = class_similarity(query, key, masks[:, order])
    torch.testing.assert_close(swapped, class_similarity(query, key, masks)[:, order])


def test_rows_may_have_their_own_masks() -> None:
    query, key = torch.randn(2, 2, 24, 3, 8, generator=torch.Generator().manual_seed(2))
    masks = (torch.rand(2, 3, 12, generator=torch.Generator().manual_seed(3)) > 0.4).float()
    together = class_similarity(query, key, masks)
    for row in range(2):
        alone = class_similarity(query[row : row + 1], key[row : row + 1], masks[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone)


def test_half_precision_queries_are_located_in_float32() -> None:
    query, key = torch.randn(2, 1, 24, 2, 8, generator=torch.Generator().manual_seed(4))
    masks = torch.eye(3)[None].repeat_interleave(4, dim=2)
    similarity = class_similarity(query.bfloat16(), key.bfloat16(), masks)
    assert similarity.dtype == torch.float32
    exact = class_similarity(query.bfloat16().float(), key.bfloat16().float(), masks)
    torch.testing.assert_close(similarity, exact)


def test_empty_background_has_no_similarity_and_no_nan() -> None:
    query, key = torch.randn(2, 1, 24, 2, 8, generator=torch.Generator().manual_seed(5))
    masks = torch.tensor([[[1.0] * 12, [0.0] * 12]])
    similarity = class_similarity(query, key, masks)
    assert similarity[:, 1].eq(0).all()
    assert similarity.isfinite().all()


@pytest.mark.parametrize("tokens", [2000, 4000])
def test_no_tokens_by_reference_matrix_is_held(tokens: int) -> None:
    """The largest tensor made is smaller than one head's tokens × reference matrix."""
    from torch.utils._python_dispatch import TorchDispatchMode

    largest = 0

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            nonlocal largest
            result = function(*args, **(kwargs or {}))
            for value in result if isinstance(result, tuple | list) else [result]:
                if isinstance(value, Tensor):
                    largest = max(largest, value.numel())
            return result

    query, key = torch.randn(2, 1, tokens, 1, 16)
    masks = torch.ones(1, 3, tokens // 4)
    with Watch():
        class_similarity(query, key, masks)
    assert largest < tokens * (tokens // 4) / 4
