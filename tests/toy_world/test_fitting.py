"""Training of the toy world's VAE and audio encoder: what it ends with, and what it learns from."""

import torch
from torch import nn
from torch.utils.data import Dataset

from multitalk_core.toy_world.fitting import fit
from multitalk_core.toy_world.state import load_state
from multitalk_core.toy_world.vae import recoloured

STEPS = 400


class NoisyTwos(Dataset):
    """Measurements of 2, each with much noise."""

    def __getitem__(self, step):
        return 2 + torch.randn(64, generator=torch.Generator().manual_seed(step))


def test_a_training_ends_with_the_average_of_its_weights_which_noise_moves_less(tmp_path):
    network = nn.ParameterDict({"guesses": torch.full((64,), 2.0)})

    def loss_of(batch, step):
        return (network["guesses"] - batch).square().mean()

    path = tmp_path / "state.pt"
    options = {"batches": NoisyTwos(), "loss_of": loss_of, "path": path, "steps": STEPS}
    fit(network, list(network.parameters()), learning_rate=1.0, **options)
    last, ended = load_state(path)["network"]["guesses"], network["guesses"].detach()
    assert 0 < (ended - 2).norm() < 0.8 * (last - 2).norm()


def test_half_of_the_crops_have_other_colours_and_all_keep_their_drawing():
    clips = torch.rand(200, 3, 2, 4, 4) * 2 - 1
    others = recoloured(clips, torch.Generator().manual_seed(0))
    same = sum(torch.equal(one, other) for one, other in zip(clips, others, strict=True))
    assert 70 < same < 130
    for one, other in zip(clips, others, strict=True):
        for channel in other:
            assert any(torch.equal(channel, sign * known) for known in one for sign in (1, -1))
    hues = others.mean((0, 2, 3, 4))
    assert hues.abs().max() < 0.05  # every colour is as frequent as its opposite
