"""Guidance, its short forms, and the released timesteps."""

import pytest
import torch

from multitalk_core.method.guidance import GuidancePass, GuidanceScales, ProjectedGuidance, guide

C, D, U, A = (
    GuidancePass.PROMPT,
    GuidancePass.NEGATIVE,
    GuidancePass.NEGATIVE_WITHOUT_AUDIO,
    GuidancePass.PROMPT_WITHOUT_AUDIO,
)


def predictions(rows: int = 1) -> dict[GuidancePass, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {each: torch.randn(rows, 4, 2, 3, 3, generator=generator) for each in GuidancePass}


@pytest.mark.parametrize(
    ("text", "audio", "passes"),
    [
        (5.0, 4.0, (C, D, U)),
        (5.0, 1.0, (C, D)),
        (1.0, 4.0, (C, A)),
        (1.0, 1.0, (C,)),
    ],
)
def test_a_scale_of_one_saves_its_pass(text: float, audio: float, passes: tuple[GuidancePass, ...]) -> None:
    assert GuidanceScales(text, audio).passes() == passes


def test_the_short_forms_continue_the_full_one() -> None:
    """U + text · (C − D) + audio · (D − U), also where a scale is 1."""
    given = predictions()
    c, d, u, a = (given[each] for each in (C, D, U, A))
    torch.testing.assert_close(guide(given, GuidanceScales(5, 4)), u + 5 * (c - d) + 4 * (d - u))
    torch.testing.assert_close(guide(given, GuidanceScales(5, 1)), d + 5 * (c - d))
    torch.testing.assert_close(guide(given, GuidanceScales(1, 4)), a + 4 * (c - a))
    assert torch.equal(guide(given, GuidanceScales(1, 1)), c)


def test_projected_guidance_drops_what_lies_along_the_prediction() -> None:
    given = predictions()
    given[D] = given[C] * 0.5
    guided = guide(given, GuidanceScales(5, 1), ProjectedGuidance())
    torch.testing.assert_close(guided, given[C])


def test_projected_guidance_bounds_the_update() -> None:
    given = predictions()
    given[D] = given[D] * 1e4
    guided = guide(given, GuidanceScales(2, 1), ProjectedGuidance(threshold=0.5))
    assert (guided - given[C]).norm() <= 0.5 + 1e-5


def test_projected_guidance_treats_rows_apart() -> None:
    given = predictions(rows=2)
    together = guide(given, GuidanceScales(5, 4), ProjectedGuidance(threshold=3))
    for row in range(2):
        alone = {name: value[row : row + 1] for name, value in given.items()}
        torch.testing.assert_close(
            together[row : row + 1], guide(alone, GuidanceScales(5, 4), ProjectedGuidance(threshold=3))
        )
