"""The embedded demo's models in ComfyUI, and a small scene for them."""

import os
from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import comfy.samplers
import comfy.sd
import comfy.utils
import torch
from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import WrappersMP
from multitalk_pack.multitalk_core.audio.conversation import Conversation
from multitalk_pack.multitalk_core.audio.timeline import Timeline
from multitalk_pack.multitalk_core.audio.waveform import Waveform
from multitalk_pack.multitalk_core.demo.files import EMBEDDED
from multitalk_pack.multitalk_core.demo.text import PROMPT, DemoText
from multitalk_pack.multitalk_core.film.clips import ClipPlan
from multitalk_pack.multitalk_core.method.audio_patch import ClipAudio
from multitalk_pack.multitalk_core.method.guidance import GuidanceScales
from multitalk_pack.multitalk_core.method.wan import Grid
from multitalk_pack.multitalk_core.persons.box import Box
from multitalk_pack.multitalk_core.persons.marking import persons_from_boxes
from multitalk_pack.multitalk_core.persons.masks import Persons
from multitalk_pack.nodes.apply import ApplyNode
from multitalk_pack.nodes.host.adapter_patch import load_adapter
from multitalk_pack.nodes.host.audio_guider import AudioGuider
from multitalk_pack.nodes.host.film_run import FilmRun, film_spec, prepared_run
from multitalk_pack.nodes.host.picture_input import source_of
from multitalk_pack.nodes.host.sampler_inputs import SamplerInputs
from multitalk_pack.nodes.host.sampling_sigmas import sigmas_for
from multitalk_pack.nodes.host.settings import BindingSettings, DenoiseSettings, SamplingSettings
from safetensors.torch import load_file, save_file
from torch import Tensor

EXCHANGE = Path(os.environ["EXCHANGE"])
MODEL = EMBEDDED / "diffusion_models" / "multitalk_demo_dit.safetensors"
ADAPTER = EMBEDDED / "model_patches" / "multitalk_demo_adapter.safetensors"
VAE_FILE = EMBEDDED / "vae" / "multitalk_demo_vae.safetensors"
TEXT = EMBEDDED / "text" / "multitalk_demo_text.safetensors"
SIDE = 48  # pixels
GRID = Grid(3, 3, 3)
FRAMES = 9
SAMPLER_SETTINGS = {
    "sampling_settings": SamplingSettings,
    "binding_settings": BindingSettings,
    "denoise_settings": DenoiseSettings,
}
LATENT = (1, 16, GRID.frames, SIDE // 8, SIDE // 8)


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
    """What the demo's text knows as "prompt" or "negative"."""
    return [[DemoText.read(TEXT)(PROMPT, negative=name == "negative"), {}]]


def conversation(features: Tensor | None = None) -> Conversation:
    """Two voices whose features pytest has drawn."""
    features = inputs()["features"] if features is None else features
    fps = 25.0
    sound = Waveform(torch.ones(1, int(features.shape[1] / fps * 16000)).numpy(), 16000)
    timeline = Timeline.together([sound] * len(features))
    pieces = ((features.shape[1], "drawn"),)
    return Conversation(tuple(features), inputs()["silence"], fps, sound, timeline, pieces)


def persons() -> Persons:
    """One to the left, one to the right, nobody between them."""
    return persons_from_boxes([Box(0, 0, 16, SIDE), Box(32, 0, SIDE, SIDE)], SIDE, SIDE)


def sampler_inputs(**changes) -> SamplerInputs:
    """Those of the sampler nodes, for a small film."""
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
        "shift": 7.0,
        "text_scale": 5.0,
        "audio_scale": 4.0,
        "seed": 5,
        "scheme": "l-rope",
        "draft": False,
        "record_block": 3,
        "record_step": 1,
    }
    return with_settings(settings | changes, SAMPLER_SETTINGS)


def with_settings(values: dict[str, object], kinds: dict[str, type]) -> dict[str, object]:
    """The values, those of settings in the objects that the settings nodes make of them."""
    left = dict(values)
    for name, kind in kinds.items():
        own = {field.name: left.pop(field.name) for field in fields(kind) if field.name in left}
        left[name] = kind(**own)
    return left


def prepared(
    plan: ClipPlan,
    spec: dict[str, object] | None = None,
    *,
    frames_in_memory: int | None = None,
    **changes,
) -> FilmRun:
    """A run of the sampler nodes, small; `spec` changes the film's description."""
    given = sampler_inputs(**changes)
    picture, video = source_of("picture", given["picture"])
    described = replace(film_spec(given, plan, None, picture=picture, video=video), **(spec or {}))
    return prepared_run(
        described, given, None, picture=picture, video=video, frames_in_memory=frames_in_memory
    )


def clip_audio() -> ClipAudio:
    """The first clip's voices and persons."""
    windows = conversation().windows(0, FRAMES, 5)
    return ClipAudio(windows=windows, masks=persons().token_masks(SIDE, SIDE), grid=GRID)


def noise(rows: int = 1, seed: int = 3) -> Tensor:
    return torch.randn((rows, *LATENT[1:]), generator=torch.Generator().manual_seed(seed))


def given_picture(text: list) -> list:
    """A condition with the picture's latent and mask, as WanImageToVideo makes them."""
    generator = torch.Generator().manual_seed(8)
    mask = torch.ones(1, 1, *LATENT[2:])
    mask[:, :, :1] = 0
    given = {"concat_latent_image": torch.randn(LATENT, generator=generator), "concat_mask": mask}
    return [[tokens, options | given] for tokens, options in text]


def conditioned(base: ModelPatcher | None = None, **changes) -> ModelPatcher:
    """MultiTalk ApplyNode."""
    settings = {
        "model": base or model(),
        "audio_adapter": adapter(),
        "audio": conversation(),
        "latent": {"samples": torch.zeros(LATENT)},
        "start_frame": 0,
        "scheme": "l-rope",
        "persons": persons(),
    }
    given = with_settings(settings | changes, {"binding_settings": BindingSettings})
    return ApplyNode.execute(**given)[0]


def sample(
    guider: comfy.samplers.CFGGuider, rows: int = 1, sampler: str = "euler", steps: int = 3, **options
) -> Tensor:
    sigmas = options.pop("sigmas", sigmas_for(model(), "released", sampler, steps=steps, shift=7.0))
    drawn = options.pop("noise", noise(rows))
    return guider.sample(
        drawn,
        torch.zeros_like(drawn),
        comfy.samplers.sampler_object(sampler),
        sigmas,
        disable_pbar=True,
        seed=1,
        **options,
    )


def guided(patched: ModelPatcher, scales: tuple[float, float] = (5.0, 4.0), **changes) -> AudioGuider:
    positive = changes.pop("positive", None) or given_picture(conditioning("prompt"))
    negative = changes.pop("negative", None) or given_picture(conditioning("negative"))
    return AudioGuider(patched, positive, negative, scales=GuidanceScales(*scales), **changes)


def plain_cfg(patched: ModelPatcher, scale: float = 5.0) -> comfy.samplers.CFGGuider:
    guider = comfy.samplers.CFGGuider(patched)
    guider.set_conds(given_picture(conditioning("prompt")), given_picture(conditioning("negative")))
    guider.set_cfg(scale)
    return guider


def counted(patched: ModelPatcher, batches: list[int]) -> ModelPatcher:
    """A clone that notes how many rows each forward pass has."""

    def note(executor, x, *arguments, **options):
        batches.append(len(x))
        return executor(x, *arguments, **options)

    patched = patched.clone()
    patched.add_wrapper_with_key(WrappersMP.APPLY_MODEL, "watch", note)
    return patched


def apart(sampling: Callable[[], Tensor]) -> Tensor:
    """Sampled where memory for one condition at a time is left."""
    patcher = type(model())
    free = patcher.get_free_memory
    patcher.get_free_memory = lambda self, device: 0
    try:
        return sampling()
    finally:
        patcher.get_free_memory = free
