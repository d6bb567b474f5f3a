"""The Fréchet distance: where normal forms of it go wrong, and what it refuses."""

import pytest
import torch

from multitalk_core.errors import MultiTalkError
from multitalk_core.measures.frechet import few_samples_warning, frechet_distance


def drawn(samples: int, dimensions: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(samples, dimensions, generator=torch.Generator().manual_seed(seed))


def test_of_one_dimension_it_is_the_known_formula():
    x, y = drawn(50, 1), 3 * drawn(70, 1, seed=1) + 5
    expected = (x.mean() - y.mean()) ** 2 + (x.std() - y.std()) ** 2
    assert frechet_distance(x, y) == pytest.approx(expected.item(), rel=1e-5)


def test_two_samples_in_many_dimensions():
    """Both covariances are of rank one: their product's root is the length of the shared direction."""
    x, y = drawn(2, 2048).double(), drawn(2, 2048, seed=1).double()
    a, b = (x[0] - x[1]) / 2**0.5, (y[0] - y[1]) / 2**0.5
    shift = (x.mean(0) - y.mean(0)).square().sum()
    expected = shift + a.square().sum() + b.square().sum() - 2 * (a @ b).abs()
    assert frechet_distance(x, y) == pytest.approx(expected.item(), rel=1e-12)


def test_more_samples_than_dimensions_give_the_same_on_both_sides():
    many, few = drawn(300, 20), drawn(15, 20, seed=1)
    assert frechet_distance(many, few) == pytest.approx(frechet_distance(few, many), rel=1e-12)
    assert frechet_distance(many, many[torch.randperm(300)]) < 1e-10


def test_few_samples_are_mentioned():
    assert "12 and 3000 samples in 2048 dimensions" in few_samples_warning(drawn(12, 2048), drawn(3000, 2048))
    assert few_samples_warning(drawn(65, 64), drawn(70, 64)) is None


@pytest.mark.parametrize(
    ("x", "y", "sentence"),
    [
        (drawn(1, 4), drawn(9, 4), "at least two samples"),
        (drawn(9, 4), drawn(9, 5), "same columns"),
        (drawn(9, 4)[0], drawn(9, 4), "same columns"),
        (drawn(9, 4) / 0, drawn(9, 4), "not finite"),
        (drawn(0, 4), drawn(9, 4), "at least two samples"),
    ],
)
def test_refusals(x, y, sentence):
    with pytest.raises(MultiTalkError, match=sentence):
        frechet_distance(x, y)
