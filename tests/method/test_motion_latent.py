"""The motion frames in the latent, noised or clean."""

import torch

from multitalk_core.method.motion_latent import MotionLatent, motion_latent


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
