"""What a clip is given: mask channels and grey frames."""

import pytest
import torch

from multitalk_core.method.conditioning import conditioning_frames, conditioning_mask


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
