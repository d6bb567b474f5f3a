"""A dubbed video's latent: which places of it a region touches."""

import torch

from multitalk_core.method.source_latent import latent_region


def test_a_region_takes_the_latents_it_touches():
    """One pixel of the second frame: one place of the second latent frame; a compressed black is black."""
    region = torch.full((1, 1, 9, 32, 48), 0.02)
    region[:, :, 1, 17, 40] = 1.0
    touched = latent_region(region)
    assert touched.shape == (1, 1, 3, 4, 6)
    assert touched.nonzero().tolist() == [[0, 0, 1, 2, 5]]
