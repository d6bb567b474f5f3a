"""Guidance, its short forms, and the released timesteps."""

import pytest
import torch

from multitalk_core.method.guidance import (
    NEGATIVE,
    NEGATIVE_WITHOUT_AUDIO,
    PROMPT,
    PROMPT_WITHOUT_AUDIO,
    GuidanceScales,
    ProjectedGuidance,
    guide,
)

NAMES = (PROMPT, NEGATIVE, NEGATIVE_WITHOUT_AUDIO, PROMPT_WITHOUT_AUDIO)


def predictions(rows: int = 1) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(rows, 4, 2, 3, 3, generator=generator) for name in NAMES}


@pytest.mark.parametrize(
    ("text", "audio", "calls"),
    [
        (5.0, 4.0, (PROMPT, NEGATIVE, NEGATIVE_WITHOUT_AUDIO)),
        (5.0, 1.0, (PROMPT, NEGATIVE)),
        (1.0, 4.0, (PROMPT, PROMPT_WITHOUT_AUDIO)),
        (1.0, 1.0, (PROMPT,)),
    ],
)
def test_a_scale_of_one_saves_its_pass(text: float, audio: float, calls: tuple[str, ...]) -> None:
    assert GuidanceScales(text, audio).conditions() == calls


def test_the_short_forms_continue_the_full_one() -> None:
    """U + text · (C − D) + audio · (D − U), also where a scale is 1."""
    given = predictions()
    c, d, u, a = (given[name] for name in NAMES)
    torch.testing.assert_close(guide(given, GuidanceScales(5, 4)), u + 5 * (c - d) + 4 * (d - u))
    torch.testing.assert_close(guide(given, GuidanceScales(5, 1)), d + 5 * (c - d))
    torch.testing.assert_close(guide(given, GuidanceScales(1, 4)), a + 4 * (c - a))
    assert torch.equal(guide(given, GuidanceScales(1, 1)), c)


def test_projected_guidance_drops_what_lies_along_the_prediction() -> None:
    given = predictions()
    given[NEGATIVE] = given[PROMPT] * 0.5
    guided = guide(given, GuidanceScales(5, 1), ProjectedGuidance())
    torch.testing.assert_close(guided, given[PROMPT])


def test_projected_guidance_bounds_the_update() -> None:
    given = predictions()
    given[NEGATIVE] = given[NEGATIVE] * 1e4
    guided = guide(given, GuidanceScales(2, 1), ProjectedGuidance(threshold=0.5))
    assert (guided - given[PROMPT]).norm() <= 0.5 + 1e-5


def test_projected_guidance_treats_rows_apart() -> None:
    given = predictions(rows=2)
    together = guide(given, GuidanceScales(5, 4), ProjectedGuidance(threshold=3))
    for row in range(2):
        alone = {name: value[row : row + 1] for name, value in given.items()}
        torch.testing.assert_close(
            together[row : row + 1], guide(alone, GuidanceScales(5, 4), ProjectedGuidance(threshold=3))
        )
