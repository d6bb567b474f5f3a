"""Colour correction between clips."""

import numpy as np
import pytest
import torch

from multitalk_core.errors import MultiTalkError
from multitalk_core.film.colour import (
    ColourMethod,
    colour_drift,
    lab_from_rgb,
    lab_statistics,
    match_colour,
    rgb_from_lab,
)
from multitalk_core.film.seams import SeamCorrection


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
    flat = torch.tensor([0.3, 0.15, 0.09]).view(1, 3, 1, 1, 1).expand(1, 3, 1, 480, 832)
    corrected = match_colour(flat, picture)
    assert corrected.isfinite().all()
    assert corrected.var(dim=(-1, -2)).max() < 1e-6
    seen, goal = (lab_from_rgb(part / 2 + 0.5).mean((-1, -2)) for part in (corrected, picture))
    torch.testing.assert_close(seen, goal, atol=0.1, rtol=0)


@pytest.mark.parametrize("level", [-0.95, 0.0, 0.5])
@pytest.mark.parametrize("deviation", [0.0005, 0.002, 0.1])
def test_rounding_grows_no_faster_than_the_contrast(level: float, deviation: float) -> None:
    generator = torch.Generator().manual_seed(6)
    clip, picture = (torch.randn(1, 3, 1, 96, 160, generator=generator) * size for size in (deviation, 0.3))
    clip = (level + clip).clamp(-1, 1)
    exact = match_colour(clip.double(), picture.double())
    contrast = (lab_statistics(picture).spread / lab_statistics(clip).spread).max().item()
    assert (match_colour(clip, picture) - exact).abs().max() < 2e-5 * max(contrast, 1)


def test_the_mean_alone_leaves_the_contrast() -> None:
    picture, clip = frames(2, 1), frames(3) * 0.5 + 0.2
    matched = match_colour(clip, picture, method=ColourMethod.MEAN)
    seen, goal, before = (lab_from_rgb(part / 2 + 0.5) for part in (matched, picture, clip))
    torch.testing.assert_close(seen.mean((-1, -2)), goal.mean((-1, -2)).expand(-1, -1, 2), atol=0.5, rtol=0)
    torch.testing.assert_close(seen.std((-1, -2)), before.std((-1, -2)), atol=0.5, rtol=0)


def test_drift_is_the_distance_that_a_viewer_sees() -> None:
    picture = torch.rand(32, 48, 3, generator=torch.Generator().manual_seed(0)) * 0.8
    film = torch.stack([picture, picture + 0.02, picture + 0.1])
    none, small, large = colour_drift(film, picture[None]).norm(dim=1)
    assert none < 1e-3 and 1 < small < 3 and 8 < large < 12
    assert (colour_drift(film, picture[None])[1:, 0] > 0.5).all(), "brighter is more"
    assert colour_drift(film, film).norm(dim=1).max() < 1e-3, "a goal for every frame"
    matched = match_colour(film.movedim(-1, 0)[None] * 2 - 1, picture.movedim(-1, 0)[None, :, None] * 2 - 1)
    matched = matched[0].movedim(0, -1) / 2 + 0.5
    assert colour_drift(matched, picture[None]).norm(dim=1).max() < 0.5


@pytest.mark.parametrize("method", ["labb", "", None])
def test_an_unknown_method_is_refused_and_the_known_ones_are_named(method):
    with pytest.raises(MultiTalkError, match=r'There is no colour method ".*": choose "lab" or "mean"'):
        match_colour(torch.zeros(1, 3, 1, 8, 8), torch.zeros(1, 3, 1, 8, 8), method=method)
    with pytest.raises(MultiTalkError, match="no colour method"):
        SeamCorrection(colour_method=method)
