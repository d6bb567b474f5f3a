"""The toy world's VAE: Wan's in miniature, trained on crops of scenes."""

import math
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .scene import ACTIONS, STAYS, Scene, random_scene
from .state import load_state, save_state
from .toy_models import make_vae

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan

# With fewer frames the VAE does not learn how it goes on after the first ones.
CROP, CROP_FRAMES, CROPS, STILL_CROPS = 32, 13, 2, 16
STILL_SHARE = 0.5  # of the steps: the first ones see single frames, which are cheap
HEIGHTS = (64, 96, 128)
LEARNING_RATE, WARM_UP = 2e-3, 30
KL_WEIGHT = 1e-5
# At diffusers' own initial weights the posterior's noise drowns the latents, and nothing is learnt for long.
FIRST_GAIN, FIRST_LOG_VARIANCE = 20.0, -6.0
SECONDS_BETWEEN_SAVES = 60
STATISTICS_CLIPS, STATISTICS_FRAMES = 40, 13
CROSSING_SHARE = 0.25


def crops(count: int, frames: int, generator: torch.Generator) -> Tensor:
    """A piece of each of `count` talking scenes, every other one on a mouth, in -1..1.

    Returns
    -------
    Tensor [count, 3, frames, CROP, CROP]
    """
    pieces = []
    for index in range(count):
        seed, choice = torch.randint(2**31, (2,), generator=generator).tolist()
        scene, height = random_event(seed), HEIGHTS[choice % len(HEIGHTS)]
        film = scene.frames(random_openness(len(scene.persons), frames, generator), height)
        down, right = torch.rand(2, generator=generator).tolist()
        width = film.shape[2]
        top, left = round(down * (height - CROP)), round(right * (width - CROP))
        if index % 2:
            person = scene.persons[choice % len(scene.persons)]
            top = round((person.y + 0.6 * person.size) * height - down * CROP)
            left = round(person.x * height - right * CROP)
        top, left = min(max(top, 0), height - CROP), min(max(left, 0), width - CROP)
        pieces.append(film[:, top : top + CROP, left : left + CROP])
    return torch.stack(pieces).permute(0, 4, 1, 2, 3) * 2 - 1


def random_event(seed: int) -> Scene:
    """Two or three people who may do something, or change sides."""
    rng = np.random.default_rng(seed)
    scene = random_scene(seed, persons=int(rng.choice((2, 2, 3))))
    if len(scene.persons) == 2 and rng.random() < CROSSING_SHARE:
        scene = scene.crossing()
    return scene.acting(tuple(rng.choice((STAYS, *ACTIONS), len(scene.persons)).tolist()))


def random_openness(persons: int, frames: int, generator: torch.Generator) -> Tensor:
    """Mouths that open and close about as fast as speech does, [persons, frames] in 0..1."""
    knots = torch.rand(persons, 1, frames // 3 + 3, generator=generator) * 1.4 - 0.2
    return F.interpolate(knots, size=frames, mode="linear")[:, 0].clamp(0, 1)


def train_vae(folder: Path, steps: int, seed: int = 0) -> "AutoencoderKLWan":
    """Train from nothing, or go on where `folder`/vae.pt stands; its latents then have Wan's statistics."""
    torch.manual_seed(seed)
    vae, finished = make_vae(), folder / "vae_finished.pt"
    if (state := load_state(finished)) is not None:
        vae.load_state_dict(state)
        return vae.eval().requires_grad_(False)
    loud_latents(vae)
    fit(vae, list(vae.parameters()), folder / "vae.pt", steps, STILL_SHARE, seed)
    fold_statistics(vae, statistics_clips(seed))
    save_state(finished, vae.state_dict())
    return vae


def tune_decoder(vae: "AutoencoderKLWan", folder: Path, steps: int, seed: int = 1) -> None:
    """Go on with the decoder alone, so that latents already encoded stay as they are."""
    parameters = [*vae.post_quant_conv.parameters(), *vae.decoder.parameters()]
    fit(vae, parameters, folder / "decoder.pt", steps, 0.0, seed)


def fit(
    vae: "AutoencoderKLWan", parameters: list[nn.Parameter], path: Path, steps: int, still: float, seed: int
) -> None:
    """Train `parameters` in place, or go on where `path` stands.

    The loss is the mean absolute and squared error, the absolute error of the differences between red,
    green and blue (without it hues are learnt late), and a little of the posterior's divergence from a
    normal distribution. The first `still` part of the steps sees single frames.
    """
    vae.train().requires_grad_(False)
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, betas=(0.9, 0.95), weight_decay=0.0)
    first, saved = 0, time.monotonic()
    if (state := load_state(path)) is not None:
        vae.load_state_dict(state["vae"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * warm_cosine(step, WARM_UP, steps)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        alone = step < still * steps
        batch = crops(*((STILL_CROPS, 1) if alone else (CROPS, CROP_FRAMES)), generator)
        posterior = vae.encode(batch).latent_dist
        error = vae.decode(posterior.sample(generator)).sample - batch
        colour = error.diff(dim=1).abs().mean()
        loss = error.abs().mean() + error.square().mean() + colour + KL_WEIGHT * posterior.kl().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % 50 == 0:
            print(f"{path.stem} {step}: squared error {error.square().mean().item():.4f}", flush=True)
        if time.monotonic() - saved > SECONDS_BETWEEN_SAVES or step + 1 == steps:
            state = {"vae": vae.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            save_state(path, state)
            saved = time.monotonic()
    vae.eval().requires_grad_(False)


@torch.no_grad()
def loud_latents(vae: "AutoencoderKLWan") -> None:
    """Start with latents well above the posterior's noise."""
    channels = vae.config.z_dim
    vae.quant_conv.weight[:channels] *= FIRST_GAIN
    vae.quant_conv.bias[channels:] = FIRST_LOG_VARIANCE


def warm_cosine(step: int, warm_up: int, steps: int) -> float:
    """Share of the learning rate: up in a line, then down in half a cosine to a twentieth."""
    if step < warm_up:
        return (step + 1) / warm_up
    progress = min(1.0, (step - warm_up) / max(1, steps - warm_up))
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))


def statistics_clips(seed: int) -> Iterator[Tensor]:
    """Whole clips to measure latents on, [1, 3, frames, height, width] in -1..1."""
    generator = torch.Generator().manual_seed(seed)
    for scene_seed in range(STATISTICS_CLIPS):
        scene = random_event(scene_seed)
        frames = scene.frames(random_openness(len(scene.persons), STATISTICS_FRAMES, generator), HEIGHTS[0])
        yield frames.permute(3, 0, 1, 2)[None] * 2 - 1


@torch.no_grad()
def fold_statistics(vae: "AutoencoderKLWan", clips: Iterable[Tensor]) -> None:
    """Give the latents Wan's own mean and deviation, by the VAE's two 1×1 convolutions around them.

    The DiT then sees latents of mean 0 and deviation 1 under Wan's published constants, and every
    program that has these constants built in can use the VAE.

    Parameters
    ----------
    vae : AutoencoderKLWan
        Changed in place; what it encodes and decodes again stays the same.
    clips : iterable of Tensor [rows, 3, frames, height, width], in -1..1
        To measure on.
    """
    latents = torch.cat([vae.encode(clip).latent_dist.mode().transpose(0, 1).flatten(1) for clip in clips], 1)
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
