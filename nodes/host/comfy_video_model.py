"""The ClipMaker of the ComfyUI host: samples clips of a film with ComfyUI's models, samplers and VAE."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import comfy.samplers
import comfy.utils
import torch
from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from node_helpers import conditioning_set_values
from torch import Tensor

from ...multitalk_core.film.film import ClipInputs
from ...multitalk_core.guards.finite import check_finite
from ...multitalk_core.limits import SEED
from ...multitalk_core.method.audio_patch import BindingOptions, ClipAudio
from ...multitalk_core.method.guidance import GuidanceScales
from ...multitalk_core.method.recorder import BindingRecorder
from ...multitalk_core.method.wan import Grid
from .audio_guider import AudioGuider
from .conditioned_model import condition_on_voices

# index of the clip, index of the finished step, denoised latent
StepCallback = Callable[[int, int, Tensor], None]


@dataclass(frozen=True)
class SamplingSettings:
    """How a clip is sampled.

    Attributes
    ----------
    sampler : comfy.samplers.Sampler
    sigmas : Tensor [steps + 1]
    scales : GuidanceScales
    projected : bool
        Adaptive projected guidance.
    binding : BindingOptions
    seed : int
        Of samplers that draw noise between steps, one higher in each clip; the clip's own noise is given.
    """

    sampler: comfy.samplers.Sampler
    sigmas: Tensor
    scales: GuidanceScales
    projected: bool
    binding: BindingOptions
    seed: int


class ComfyClipMaker:
    """Makes clips with what a graph connects.

    Parameters
    ----------
    model : ModelPatcher
        Wan2.1 I2V.
    adapter : ModelPatcher
        From `fitting_adapter`.
    vae : VAE
    positive, negative : CONDITIONING
    masks : Tensor [persons + 1, tokens of a frame]
        From `Persons.token_masks`.
    settings : SamplingSettings
    clip_vision : ClipVisionModel, optional
    recorder : BindingRecorder, optional
    on_step : StepCallback, optional
    prompts : mapping of str to CONDITIONING, optional
        In place of `positive`, for clips with a prompt of their own.
    """

    def __init__(
        self,
        model: ModelPatcher,
        adapter: ModelPatcher,
        vae: VAE,
        positive: list,
        negative: list,
        masks: Tensor,
        settings: SamplingSettings,
        clip_vision: ClipVisionModel | None = None,
        recorder: BindingRecorder | None = None,
        on_step: StepCallback | None = None,
        prompts: Mapping[str, list] | None = None,
    ):
        self.model = model
        self.adapter = adapter
        self.vae = vae
        self.positive = positive
        self.negative = negative
        self.masks = masks
        self.settings = settings
        self.clip_vision = clip_vision
        self.recorder = recorder
        self.on_step = on_step
        self.prompts = prompts or {}

    def encode(self, frames: Tensor) -> Tensor:
        """Frames [1, 3, frames, height, width] in -1..1 to the normalised latent."""
        pixels = frames[0].movedim(0, -1) / 2 + 0.5
        return self.model.model.process_latent_in(self.vae.encode(pixels).float())

    def decode(self, latent: Tensor) -> Tensor:
        """The normalised latent to frames [1, 3, frames, height, width] in -1..1."""
        pixels = self.vae.decode(self.model.model.process_latent_out(latent))
        return pixels.float().movedim(-1, 1) * 2 - 1

    def sample(self, inputs: ClipInputs) -> Tensor:
        """The latent of one clip."""
        settings, clip = self.settings, inputs.clip.index
        grid = Grid.of_latent(inputs.encoded)
        if self.recorder is not None:
            self.recorder.clip, self.recorder.grid, self.recorder.step = clip, grid, 0
        audio = ClipAudio(windows=inputs.windows, masks=self.masks, grid=grid)
        model = condition_on_voices(
            self.model, self.adapter, audio, options=settings.binding, observer=self.recorder
        )
        prompt = self.positive if inputs.prompt is None else self.prompts[inputs.prompt]
        positive, negative = (
            conditioning_set_values(condition, self._given(inputs)) for condition in (prompt, self.negative)
        )
        guider = AudioGuider(model, positive, negative, settings.scales, settings.projected, inputs.motion)
        sampled = guider.sample(
            inputs.noise,
            self._start(inputs),
            settings.sampler,
            settings.sigmas,
            denoise_mask=None if inputs.source is None else inputs.source.region,
            callback=lambda step, denoised, latent, steps: self._after_step(clip, step, denoised),
            disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED,
            seed=(settings.seed + clip) % (SEED.most + 1),
        )
        latent = self.model.model.process_latent_in(sampled.to(inputs.noise))
        return latent if inputs.motion is None else inputs.motion.written_over(latent, 0.0)

    def _start(self, inputs: ClipInputs) -> Tensor:
        """What ComfyUI adds noise to: nothing, or the latent of the video."""
        if inputs.source is None:
            return torch.zeros_like(inputs.noise)
        return self.model.model.process_latent_out(inputs.source.latent).to(inputs.noise)

    def _given(self, inputs: ClipInputs) -> dict:
        """What the clip is conditioned on, in ComfyUI's terms: its mask is 0 where frames are given."""
        given = {
            "concat_latent_image": self.model.model.process_latent_out(inputs.encoded),
            "concat_mask": 1 - inputs.mask,
        }
        if self.clip_vision is not None:
            picture = inputs.given[:, :, -1].movedim(1, -1) / 2 + 0.5
            given["clip_vision_output"] = self.clip_vision.encode_image(picture, crop=False)
        return given

    def _after_step(self, clip: int, step: int, denoised: Tensor) -> None:
        check_finite(denoised, f"The latent of clip {clip + 1} after step {step + 1}")
        if self.recorder is not None:
            self.recorder.step = step + 1
        if self.on_step is not None:
            self.on_step(clip, step, denoised)
