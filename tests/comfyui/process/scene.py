"""The embedded demo's models in ComfyUI, and a small scene for them."""

import os
from functools import cache
from pathlib import Path

import comfy.sd
import comfy.utils
import torch
from comfy.model_patcher import ModelPatcher
from multitalk_pack.multitalk_core.audio.conversation import Conversation
from multitalk_pack.multitalk_core.audio.timeline import Timeline
from multitalk_pack.multitalk_core.audio.waveform import Waveform
from multitalk_pack.multitalk_core.persons import Persons, persons_from_parts
from multitalk_pack.multitalk_core.schemes import Grid
from multitalk_pack.multitalk_core.standalone.models import EMBEDDED
from multitalk_pack.nodes.adapter import load_adapter
from multitalk_pack.nodes.shoot import Shoot
from safetensors.torch import load_file, save_file
from torch import Tensor

EXCHANGE = Path(os.environ["EXCHANGE"])
MODEL = EMBEDDED / "diffusion_models" / "multitalk_demo_dit.safetensors"
ADAPTER = EMBEDDED / "model_patches" / "multitalk_demo_adapter.safetensors"
VAE_FILE = EMBEDDED / "vae" / "multitalk_demo_vae.safetensors"
TEXT = EMBEDDED / "text" / "multitalk_demo_text.safetensors"
SIDE = 64  # pixels
FRAMES = 9
GRID = Grid(3, 4, 4)


@cache
def inputs() -> dict[str, Tensor]:
    return load_file(EXCHANGE / "inputs.safetensors")


def save_outputs(outputs: dict[str, Tensor]) -> None:
    contiguous = {name: tensor.float().cpu().contiguous().clone() for name, tensor in outputs.items()}
    save_file(contiguous, EXCHANGE / "outputs.safetensors")


@cache
def model() -> ModelPatcher:
    return comfy.sd.load_diffusion_model(str(MODEL))


@cache
def adapter() -> ModelPatcher:
    return load_adapter(str(ADAPTER), None)


@cache
def vae() -> comfy.sd.VAE:
    return comfy.sd.VAE(sd=comfy.utils.load_torch_file(str(VAE_FILE)))


def conditioning(name: str) -> list:
    """The stored text "prompt" or "negative"."""
    return [[load_file(TEXT)[name][None], {}]]


def conversation(features: Tensor | None = None) -> Conversation:
    """Two voices whose features pytest has drawn."""
    features = inputs()["features"] if features is None else features
    fps = 25.0
    sound = Waveform(torch.ones(1, int(features.shape[1] / fps * 16000)).numpy(), 16000)
    timeline = Timeline.together([sound] * len(features))
    pieces = ((features.shape[1], "drawn"),)
    return Conversation(tuple(features), inputs()["silence"], fps, sound, timeline, pieces)


def persons() -> Persons:
    return persons_from_parts(2, *inputs()["picture"].shape[:2])


def shoot(**changes) -> Shoot:
    """A run of the sampler nodes, small, with the settings of the test."""
    settings = {
        "model": model(),
        "audio_adapter": adapter(),
        "audio": conversation(),
        "persons": persons(),
        "positive": conditioning("prompt"),
        "negative": conditioning("negative"),
        "vae": vae(),
        "picture": inputs()["picture"][None],
        "clip_vision": None,
        "width": SIDE,
        "height": SIDE,
        "steps": 3,
        "sampler_name": "euler",
        "scheduler": "released",
        "shift": 7.0,
        "text_scale": 5.0,
        "audio_scale": 4.0,
        "seed": 5,
        "projected_guidance": False,
        "scheme": "l-rope",
        "audio_strength": 1.0,
        "label_range": 4.0,
        "label_distance": 20.0,
        "background_label": 12.0,
        "colour_strength": 1.0,
        "draft": False,
        "record_block": 3,
        "record_step": 1,
    }
    return Shoot(**(settings | changes))
