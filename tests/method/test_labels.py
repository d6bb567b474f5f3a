"""Label ranges, labels of tokens, and the rotation."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from multitalk_core.kernels.rotation import rotate
from multitalk_core.method.labels import spread_ranges, token_labels
from multitalk_core.method.localization import token_classes


def test_the_papers_ranges() -> None:
    paper = spread_ranges(2)
    assert paper.persons == ((0, 4), (20, 24))
    assert paper.audio == (2, 22)
    assert paper.background == 12
    narrow = spread_ranges(2, label_range=2, label_distance=2)
    assert narrow.persons == ((0, 2), (2, 4))
    assert narrow.audio == (1, 3)


def test_more_speakers_never_share_a_range() -> None:
    ranges = spread_ranges(5)
    for (_, end), (start, _) in pairwise(ranges.persons):
        assert end < start


@given(seed=st.integers(0, 2**31), persons=st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_labels_lie_in_their_persons_range(seed: int, persons: int) -> None:
    similarity = torch.rand(2, persons + 1, 40, generator=torch.Generator().manual_seed(seed))
    ranges = spread_ranges(persons)
    labels, classes = token_labels(similarity, ranges.on("cpu")), token_classes(similarity)
    assert (labels[classes == persons] == 12).all()
    for person, (low, high) in enumerate(ranges.persons):
        own = labels[classes == person]
        assert ((own >= low) & (own <= high + 1e-4)).all()


def test_the_most_similar_token_has_the_highest_label() -> None:
    similarity = torch.tensor([[[0.9, 0.5, 0.1], [0.1, 0.1, 0.2], [0.0, 0.0, 0.0]]])
    labels = token_labels(similarity, spread_ranges(2).on("cpu"))
    torch.testing.assert_close(labels, torch.tensor([[4.0, 2.0, 24.0]]))


@given(label=st.floats(-30, 30), other=st.floats(-30, 30), shift=st.floats(-20, 20))
@settings(max_examples=40, deadline=None)
def test_scores_depend_on_the_labels_difference_alone(label: float, other: float, shift: float) -> None:
    query, key = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(0))

    def score(a: float, b: float) -> torch.Tensor:
        return rotate(query, torch.tensor(a)) @ rotate(key, torch.tensor(b)).T

    torch.testing.assert_close(score(label, other), score(label + shift, other + shift), atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize("at_once", [1, 200, 2**23])
def test_heads_turn_alike_however_many_at_a_time(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(2)
    vectors = torch.randn(2, 5, 6, 8, generator=generator).bfloat16()
    labels = torch.rand(2, 5, 1, generator=generator) * 24
    whole = rotate(vectors, labels)
    monkeypatch.setattr("multitalk_core.kernels.rotation.AT_ONCE", at_once)
    assert torch.equal(rotate(vectors, labels), whole)
    trained = vectors.float().requires_grad_()
    rotate(trained, labels).square().sum().backward()
    torch.testing.assert_close(trained.grad, 2 * trained.detach())  # lengths stay


def test_label_zero_changes_nothing_and_length_is_kept() -> None:
    vectors = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(rotate(vectors, torch.zeros(3, 5)), vectors)
    rotated = rotate(vectors, torch.full((3, 5), 22.0))
    torch.testing.assert_close(rotated.norm(dim=-1), vectors.norm(dim=-1))
    assert rotate(vectors.bfloat16(), torch.zeros(3, 5)).dtype == torch.bfloat16
