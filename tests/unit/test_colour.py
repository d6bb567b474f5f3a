"""Colour correction between clips."""

import numpy as np
import pytest
import torch

from multitalk_core.colour import lab_from_rgb, match_colour, rgb_from_lab


def frames(seed: int, count: int = 2, low: float = -0.6, high: float = 0.6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, count, 8, 8, generator=generator) * (high - low) + low


def test_lab_is_scikit_images() -> None:
    from skimage.color import rgb2lab

    rgb = np.random.default_rng(0).random((5, 7, 3))
    ours = lab_from_rgb(torch.from_numpy(rgb).permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    np.testing.assert_allclose(ours.numpy(), rgb2lab(rgb), atol=1e-3)


def test_lab_and_back() -> None:
    rgb = frames(1) / 2 + 0.5
    torch.testing.assert_close(rgb_from_lab(lab_from_rgb(rgb)), rgb, atol=1e-4, rtol=1e-4)


def test_a_drifted_clip_takes_the_pictures_colours() -> None:
    picture = frames(2, 1)
    drifted = picture.repeat(1, 1, 3, 1, 1) * 0.7 + torch.tensor([0.2, 0.0, -0.1]).view(1, 3, 1, 1, 1)
    corrected = match_colour(drifted, picture)
    before = (drifted - picture).abs().mean()
    assert (corrected - picture).abs().mean() < before / 3


@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0])
def test_strength_mixes(strength: float) -> None:
    clip, picture = frames(3), frames(4, 1)
    mixed = match_colour(clip, picture, strength)
    expected = (1 - strength) * clip + strength * match_colour(clip, picture, 1.0)
    torch.testing.assert_close(mixed, expected)


def test_a_flat_frame_takes_the_references_mean_and_is_no_nan() -> None:
    picture = frames(5, 1)
    corrected = match_colour(torch.zeros(1, 3, 1, 8, 8), picture)
    assert corrected.isfinite().all()
    assert corrected.var(dim=(-1, -2)).max() < 1e-6
