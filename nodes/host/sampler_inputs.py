"""The inputs that the sampler nodes share, by their ids."""

from typing import NotRequired, TypedDict

from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import Input
from torch import Tensor

from ...multitalk_core.audio.conversation import Conversation
from ...multitalk_core.persons.masks import Persons
from .settings import BindingSettings, DenoiseSettings, SamplingSettings


class ModelInputs(TypedDict):
    """Models, and prompts that their text encoder made."""

    model: ModelPatcher
    audio_adapter: ModelPatcher
    vae: VAE
    clip_vision: NotRequired[ClipVisionModel | None]
    positive: list
    negative: list


class SpeakerInputs(TypedDict):
    """Who speaks."""

    audio: Conversation
    persons: NotRequired[Persons | None]


class SceneInputs(TypedDict):
    """In which picture, or video."""

    picture: Tensor | Input.Video
    width: int
    height: int
    resolution: NotRequired[str]
    region: NotRequired[Tensor | None]


class SamplingInputs(TypedDict):
    """How each clip is sampled."""

    steps: int
    shift: float
    text_scale: float
    audio_scale: float
    seed: int
    draft: bool


class SettingsInputs(TypedDict):
    """What the settings nodes give."""

    sampling_settings: NotRequired[SamplingSettings | None]
    binding_settings: NotRequired[BindingSettings | None]
    denoise_settings: NotRequired[DenoiseSettings | None]


class PreparedInputs(ModelInputs, SpeakerInputs, SettingsInputs):
    """What a film's models are prepared with."""


class SamplerInputs(PreparedInputs, SceneInputs, SamplingInputs):
    """All of them."""


def sampling_settings_of(inputs: PreparedInputs) -> SamplingSettings:
    """Those of the settings node, or the defaults."""
    return inputs.get("sampling_settings") or SamplingSettings()


def binding_settings_of(inputs: PreparedInputs) -> BindingSettings:
    """Those of the settings node, or the defaults."""
    return inputs.get("binding_settings") or BindingSettings()


def denoise_settings_of(inputs: SamplerInputs) -> DenoiseSettings:
    """Those of the settings node, or the defaults."""
    return inputs.get("denoise_settings") or DenoiseSettings()
