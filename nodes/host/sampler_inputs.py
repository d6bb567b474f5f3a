"""The inputs that the sampler nodes share, by their ids."""

from typing import NotRequired, TypedDict

from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import Input
from torch import Tensor

from ...multitalk_core.audio.conversation import Conversation
from ...multitalk_core.persons.masks import Persons


class ModelInputs(TypedDict):
    """Models, and prompts that their text encoder made."""

    model: ModelPatcher
    audio_adapter: ModelPatcher
    vae: VAE
    clip_vision: NotRequired[ClipVisionModel | None]
    positive: list
    negative: list


class SceneInputs(TypedDict):
    """Who speaks in which picture, or video."""

    audio: Conversation
    persons: NotRequired[Persons | None]
    picture: Tensor | Input.Video
    width: int
    height: int
    denoise: NotRequired[float]
    region: NotRequired[Tensor | None]
    mouths_only: NotRequired[bool]
    resolution: NotRequired[str]


class SamplingInputs(TypedDict):
    """How each clip is sampled."""

    steps: int
    sampler_name: str
    scheduler: str
    shift: float
    text_scale: float
    audio_scale: float
    seed: int
    projected_guidance: bool


class BindingInputs(TypedDict):
    """How voices are bound to persons."""

    scheme: str
    audio_strength: float
    label_range: float
    label_distance: float
    background_label: float


class FinishingInputs(TypedDict):
    """Colours, a quick look, and what is recorded."""

    colour_strength: float
    draft: bool
    record_block: int
    record_step: int


class SamplerInputs(ModelInputs, SceneInputs, SamplingInputs, BindingInputs, FinishingInputs):
    """All of them."""
