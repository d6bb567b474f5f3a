"""`train --vae`: a training that takes a VAE which was trained before."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.toy_world.toy_models import make_vae
from multitalk_core.toy_world.trained_vae import take_vae
from multitalk_core.toy_world.vae import train_vae
from multitalk_core.toy_world.wan_keys import vae_to_wan
from multitalk_core.toy_world.whole_clips import forget_earlier_frames


def written_vae(path, seed=0, *, looks_back=False):
    """A VAE of this world in a file, and its state."""
    torch.manual_seed(seed)
    vae = make_vae()
    if not looks_back:
        forget_earlier_frames(vae)
    save_file(vae_to_wan(vae.state_dict()), path)
    return path, vae.state_dict()


def test_a_training_has_the_vae_that_it_took(tmp_path):
    file, state = written_vae(tmp_path / "vae.safetensors")
    take_vae(file, tmp_path)
    take_vae(file, tmp_path)  # as the same command says when it continues
    taken = train_vae(tmp_path, steps=1000).state_dict()
    assert all(torch.equal(taken[name], tensor) for name, tensor in state.items())


def test_another_vae_than_that_of_its_clips_is_refused(tmp_path):
    take_vae(written_vae(tmp_path / "one.safetensors")[0], tmp_path)
    with pytest.raises(MultiTalkError, match="has another VAE: choose a new folder"):
        take_vae(written_vae(tmp_path / "two.safetensors", seed=1)[0], tmp_path)


def test_what_is_no_vae_of_this_world_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(MultiTalkError, match="is no VAE of this world: give one that `train` made"):
        take_vae(EMBEDDED / EMBEDDED_FILES["transformer"], tmp_path)
    with pytest.raises(MultiTalkError, match="is no VAE of this world"):
        take_vae(written_vae(tmp_path / "vae.safetensors", looks_back=True)[0], tmp_path)
    arguments = ["train", tmp_path, "--vae", "none"]
    ran = subprocess.run(
        [sys.executable, "-m", "multitalk_core.toy_world", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1 and len(ran.stderr.splitlines()) == 1 and "none" in ran.stderr
