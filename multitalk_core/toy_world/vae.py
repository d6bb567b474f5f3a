"""The toy world's VAE: a miniature of Wan's, trained on crops of scenes."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from .fitting import fit
from .scene import ACTIONS, STAYS, Scene, random_scene
from .state import load_state, save_state
from .toy_models import make_vae
from .whole_clips import (
    decode_clips,
    encode_clips,
    forget_earlier_frames,
    parameters_of,
    pass_frames_on,
)

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan

# After 21 frames the decoder has met all that a longer film has: it looks back by four latent frames.
CROP, CROP_FRAMES, SCENES, STILL_SCENES, CROPS_A_SCENE = 32, 21, 2, 8, 4
RECOLOURED_SHARE = 0.5  # of the crops
STILL_SHARE = 0.95  # of the steps, at the beginning: most use single frames, which are cheap
STEPS_TO_A_CLIP = 8  # among them
HEIGHTS = (64, 96, 128)
BLOCK = 8  # pixels
KL_WEIGHT = 1e-5
# With diffusers' initial weights the posterior's noise drowns the latents, and training stalls at first.
FIRST_GAIN, FIRST_LOG_VARIANCE = 20.0, -6.0
STATISTICS_CLIPS, STATISTICS_FRAMES = 40, 13
CROSSING_SHARE = 0.25
FINISHED = "vae_finished.pt"


class Crops(Dataset[Tensor]):
    """Crops of scenes by step; most before `stills_until` are single frames."""

    def __init__(self, seed: int, *, stills_until: int = 0) -> None:
        self.seed, self.stills_until = seed, stills_until

    def __getitem__(self, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        stills = step < self.stills_until and (step + 1) % STEPS_TO_A_CLIP != 0
        return crops(*((STILL_SCENES, 1) if stills else (SCENES, CROP_FRAMES)), generator)


def crops(scenes: int, frames: int, generator: torch.Generator) -> Tensor:
    """CROPS_A_SCENE crops of each of several talking scenes, every other one on a mouth, in -1..1.

    Returns
    -------
    Tensor [scenes · CROPS_A_SCENE, 3, frames, CROP, CROP]
    """
    pieces = []
    for _ in range(scenes):
        seed, choice = torch.randint(2**31, (2,), generator=generator).tolist()
        scene, height = random_event(seed), HEIGHTS[choice % len(HEIGHTS)]
        openness, width = random_openness(len(scene.persons), frames, generator), round(scene.aspect * height)
        corners = []
        for index in range(CROPS_A_SCENE):
            down, right = torch.rand(2, generator=generator).tolist()
            top, left = down * (height - CROP), right * (width - CROP)
            if index % 2:
                person = scene.persons[(choice + index) % len(scene.persons)]
                top = (person.y + 0.6 * person.size) * height - down * CROP
                left = person.x * height - right * CROP
            top = min(max(round(top), 0), height - CROP)
            left = min(max(round(left), 0), width - CROP)
            corners.append((top, left))
        pieces.append(scene.windows(openness, height, corners=torch.tensor(corners), size=(CROP, CROP)))
    clips = torch.cat(pieces).permute(0, 4, 1, 2, 3) * 2 - 1
    return recoloured(clips, generator)


def recoloured(clips: Tensor, generator: torch.Generator) -> Tensor:
    """Clips of which about half have other colours: red, green and blue exchanged, each perhaps inverted.

    Skins and hair alone would teach few hues.

    Parameters
    ----------
    clips : Tensor [rows, 3, frames, height, width], in -1..1
    generator : torch.Generator
    """
    changed = []
    for clip in clips:
        if torch.rand((), generator=generator) < RECOLOURED_SHARE:
            order = torch.randperm(3, generator=generator)
            clip = clip[order] * (2.0 * torch.randint(2, (3, 1, 1, 1), generator=generator) - 1)
        changed.append(clip)
    return torch.stack(changed)


def random_event(seed: int) -> Scene:
    """A scene of two or three people who may act or change sides."""
    rng = np.random.default_rng(seed)
    scene = random_scene(seed, persons=int(rng.choice((2, 2, 3))))
    if len(scene.persons) == 2 and rng.random() < CROSSING_SHARE:
        scene = scene.crossing()
    return scene.acting(tuple(rng.choice((STAYS, *ACTIONS), len(scene.persons)).tolist()))


def random_openness(persons: int, frames: int, generator: torch.Generator) -> Tensor:
    """Random mouth movement, about as fast as speech, [persons, frames] in 0..1."""
    knots = torch.rand(persons, 1, frames // 3 + 3, generator=generator) * 1.4 - 0.2
    return F.interpolate(knots, size=frames, mode="linear")[:, 0].clamp(0, 1)


def train_vae(folder: Path, steps: int, seed: int = 0) -> "AutoencoderKLWan":
    """Train the VAE, continuing from `folder`/vae.pt if it exists, and give its latents Wan's statistics."""
    torch.manual_seed(seed)
    vae, finished = make_vae(), folder / FINISHED
    if (state := load_state(finished)) is not None:
        vae.load_state_dict(state)
        return vae.eval().requires_grad_(False)
    loud_latents(vae)
    forget_earlier_frames(vae)
    pass_frames_on(vae)

    fit(
        vae,
        parameters_of(vae),
        batches=Crops(seed, stills_until=round(STILL_SHARE * steps)),
        loss_of=partial(loss_of, vae),
        path=folder / "vae.pt",
        steps=steps,
    )
    fold_statistics(vae, statistics_clips(seed))
    save_state(finished, vae.state_dict())
    return vae


def loss_of(vae: "AutoencoderKLWan", batch: Tensor, step: int) -> Tensor:
    """The loss of one step.

    It is the mean absolute and squared error, the absolute error of the differences between red, green and
    blue and of the mean colours of blocks (without both, hues are learnt late), and a small KL divergence of
    the posterior from a normal distribution.
    """
    mean, log_variance = encode_clips(vae, batch)
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(step))
    error = decode_clips(vae, mean + noise.to(mean) * (log_variance / 2).exp()) - batch
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).flatten(1).sum(1)
    colour = error.diff(dim=1).abs().mean() + F.avg_pool3d(error, (1, BLOCK, BLOCK)).abs().mean()
    return error.abs().mean() + error.square().mean() + colour + KL_WEIGHT * divergence.mean()


@torch.no_grad()
def loud_latents(vae: "AutoencoderKLWan") -> None:
    """Scale the initial latents well above the posterior's noise."""
    channels = vae.config.z_dim
    vae.quant_conv.weight[:channels] *= FIRST_GAIN
    vae.quant_conv.bias[channels:] = FIRST_LOG_VARIANCE


def statistics_clips(seed: int) -> Iterator[Tensor]:
    """Clips for measuring latent statistics, [1, 3, frames, height, width] in -1..1."""
    generator = torch.Generator().manual_seed(seed)
    for scene_seed in range(STATISTICS_CLIPS):
        scene = random_event(scene_seed)
        frames = scene.frames(random_openness(len(scene.persons), STATISTICS_FRAMES, generator), HEIGHTS[0])
        yield frames.permute(3, 0, 1, 2)[None] * 2 - 1


@torch.no_grad()
def fold_statistics(vae: "AutoencoderKLWan", clips: Iterable[Tensor]) -> None:
    """Give the latents Wan's mean and deviation, through the two 1×1 convolutions around them.

    Under Wan's published constants the DiT then gets latents of mean 0 and deviation 1, and every program
    with these constants built in can use the VAE.

    Parameters
    ----------
    vae : AutoencoderKLWan
        After `forget_earlier_frames`; changed in place; its reconstructions stay the same.
    clips : iterable of Tensor [rows, 3, frames, height, width], in -1..1
        Clips to measure the statistics on.
    """
    latents = torch.cat([encode_clips(vae, clip)[0].transpose(0, 1).flatten(1) for clip in clips], 1)
    mean, deviation = latents.mean(1), latents.std(1)
    wan_mean = torch.tensor(vae.config.latents_mean)
    ratio = torch.tensor(vae.config.latents_std) / deviation
    channels = len(mean)
    into, out = vae.quant_conv, vae.post_quant_conv
    into.bias[:channels] = (into.bias[:channels] - mean) * ratio + wan_mean
    into.bias[channels:] += 2 * ratio.log()
    into.weight[:channels] *= ratio.view(-1, 1, 1, 1, 1)
    out.bias += out.weight[..., 0, 0, 0] @ (mean - wan_mean / ratio)
    out.weight /= ratio.view(1, -1, 1, 1, 1)
