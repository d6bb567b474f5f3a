"""What a clip is given: mask channels, grey frames, motion latents."""

import pytest
import torch

from multitalk_core.method.conditioning import (
    MotionLatent,
    conditioning_frames,
    conditioning_mask,
    motion_latent,
)


@pytest.mark.parametrize(("given", "latents"), [(1, 1), (5, 2), (9, 3), (25, 7), (81, 21)])
def test_given_frames_are_ones_and_nothing_else(given: int, latents: int) -> None:
    mask = conditioning_mask(81, given, height=2, width=3)
    assert mask.shape == (4, 21, 2, 3)
    assert mask[:, :latents].eq(1).all()
    assert mask[:, latents:].eq(0).all()


def test_motion_frames_that_end_within_a_latent_frame_fill_some_channels() -> None:
    mask = conditioning_mask(9, 3, height=1, width=1)[:, :, 0, 0]
    assert mask.T.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]]


def test_missing_frames_are_mid_grey() -> None:
    given = torch.ones(1, 3, 5, 4, 4)
    frames = conditioning_frames(given, 9)
    assert frames.shape == (1, 3, 9, 4, 4)
    assert torch.equal(frames[:, :, :5], given)
    assert frames[:, :, 5:].eq(0).all()


def test_motion_frames_are_noise_at_first_and_clean_at_last() -> None:
    encoded = torch.full((1, 16, 5, 2, 2), 3.0)
    motion = motion_latent(encoded, 5, torch.Generator().manual_seed(0))
    latent = torch.zeros(1, 16, 5, 2, 2)
    noised = motion.written_over(latent, 1.0)
    assert noised[:, :, 2:].eq(0).all()
    assert abs(noised[:, :, :2].mean()) < 0.5, "nothing of the motion is left at the first step"
    assert not torch.equal(noised, motion.written_over(latent, 1.0)), "noise is drawn afresh at every step"
    assert motion.written_over(latent, 0.0)[:, :, :2].eq(3).all()


def test_infinitetalk_writes_its_motion_frames_clean() -> None:
    motion = MotionLatent(torch.ones(1, 16, 1, 2, 2), torch.Generator(), noised=False)
    assert motion.written_over(torch.zeros(1, 16, 3, 2, 2), 0.7)[:, :, 0].eq(1).all()
