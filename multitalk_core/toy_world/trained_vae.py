"""A VAE that was trained before, for a training that begins with the clips."""

from pathlib import Path

import torch

from ..checkpoint import list_tensors
from ..demo.files import EMBEDDED
from ..errors import MultiTalkError
from .state import load_state, save_state
from .toy_models import make_vae
from .vae import FINISHED
from .wan_keys import vae_to_wan
from .whole_clips import sees_one_frame


def take_vae(file: Path, folder: Path) -> None:
    """Let the training in `folder` use a trained VAE, such as the shipped demo's.

    Parameters
    ----------
    file : Path
        As `write_models` wrote it.
    folder : Path
        Of the training.

    Raises
    ------
    MultiTalkError
        When the file is no VAE of this world, or the folder has another VAE.
    """
    from diffusers import AutoencoderKLWan

    shapes = {name: tuple(tensor.shape) for name, tensor in vae_to_wan(make_vae().state_dict()).items()}
    refusal = MultiTalkError(
        f"{file} is no VAE of this world: give one that `train` made, or leave --vae out."
    )
    if {name: stored.shape for name, stored in list_tensors(file)[0].items()} != shapes:
        raise refusal
    vae = AutoencoderKLWan.from_single_file(str(file), config=str(EMBEDDED / "diffusers"), subfolder="vae")
    if not sees_one_frame(vae):
        raise refusal
    earlier, given = load_state(folder / FINISHED), vae.state_dict()
    if earlier is not None and not all(torch.equal(earlier[name], given[name]) for name in given):
        raise MultiTalkError(f"{folder} has another VAE: choose a new folder, or leave --vae out.")
    save_state(folder / FINISHED, given)
