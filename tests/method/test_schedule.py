"""The schedule: noise levels, their shift, and the timesteps of the reference implementation."""

import pytest
import torch

from multitalk_core.method.schedule import TIMESTEPS, noised, released_timesteps, shifted


def test_the_path_leads_from_the_clip_to_noise() -> None:
    latent, noise = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    level = torch.tensor([0.25, 1.0]).view(2, 1, 1)
    path = noised(latent, noise, level)
    torch.testing.assert_close(path[1], noise[1])
    torch.testing.assert_close(path - level * (noise - latent), latent)


def test_levels_are_shifted_as_the_sampling_timesteps_are() -> None:
    uniform = torch.linspace(1000, 1, 9) / TIMESTEPS
    torch.testing.assert_close(shifted(uniform, 7.0) * TIMESTEPS, released_timesteps(9, 7.0)[:-1])


@pytest.mark.parametrize(("steps", "shift"), [(1, 7.0), (4, 2.0), (40, 7.0), (40, 11.0)])
def test_timesteps_fall_from_1000_to_0(steps: int, shift: float) -> None:
    timesteps = released_timesteps(steps, shift)
    assert len(timesteps) == steps + 1
    assert timesteps[0] == 1000
    assert timesteps[-1] == 0
    assert (timesteps.diff() < 0).all()


def test_timesteps_begin_where_denoise_says():
    assert torch.equal(released_timesteps(8, 5.0, 1.0), released_timesteps(8, 5.0))
    torch.testing.assert_close(released_timesteps(5, 5.0, 0.4), released_timesteps(11, 5.0)[-6:])
    torch.testing.assert_close(released_timesteps(1, 3.0, 0.5), torch.tensor([750.4, 0.0]), rtol=0, atol=0.1)
