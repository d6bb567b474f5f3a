"""The video model of the ComfyUI host: samples clips of a film with ComfyUI's models, samplers and VAE."""

import time
from collections.abc import Callable, Mapping

import comfy.samplers
import comfy.utils
import torch
from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from node_helpers import conditioning_set_values
from torch import Tensor

from ...multitalk_core.film.clip_inputs import ClipInputs
from ...multitalk_core.kernels.fast_convolutions import FastConvolutions
from .audio_guider import AudioGuider
from .conditioned_model import condition_on_voices


class ComfyVideoModel:
    """Samples clips with what a graph connects; a `VideoModel` of the film.

    Parameters
    ----------
    model : ModelPatcher
        Wan2.1 I2V, from `with_shift`.
    adapter : ModelPatcher
        From `fitting_adapter`.
    vae : VAE
    positive, negative : CONDITIONING
        The film's prompts.
    sampler : comfy.samplers.Sampler
    schedule : callable
        From denoise, in 0..1, to noise levels [steps + 1].
    clip_vision : ClipVisionModel, optional
    prompts : mapping of str to CONDITIONING, optional
        In place of `positive`, for clips with a prompt of their own.
    """

    def __init__(
        self,
        model: ModelPatcher,
        adapter: ModelPatcher,
        vae: VAE,
        *,
        positive: list,
        negative: list,
        sampler: comfy.samplers.Sampler,
        schedule: Callable[[float], Tensor],
        clip_vision: ClipVisionModel | None = None,
        prompts: Mapping[str, list] | None = None,
    ) -> None:
        self.model = model
        self.adapter = adapter
        self.vae = vae
        self.positive = positive
        self.negative = negative
        self.sampler = sampler
        self.schedule = schedule
        self.clip_vision = clip_vision
        self.prompts = prompts or {}
        self.on_encoded: Callable[[float], None] | None = None  # gets the seconds

    @property
    def steps(self) -> int:
        """Of each clip."""
        return len(self.schedule(1.0)) - 1

    def encode(self, frames: Tensor) -> Tensor:
        """Frames [1, 3, frames, height, width] in -1..1 to the normalised latent."""
        pixels, started = frames[0].movedim(0, -1) / 2 + 0.5, time.perf_counter()
        with FastConvolutions():
            latent = self.vae.encode(pixels)
        if self.on_encoded is not None:
            self.on_encoded(time.perf_counter() - started)
        return self.model.model.process_latent_in(latent.float())

    def decode(self, latent: Tensor) -> Tensor:
        """The normalised latent to frames [1, 3, frames, height, width] in -1..1."""
        with FastConvolutions():
            pixels = self.vae.decode(self.model.model.process_latent_out(latent))
        return pixels.float().movedim(-1, 1) * 2 - 1

    def sample(self, inputs: ClipInputs) -> Tensor:
        """The latent of one clip."""
        model = condition_on_voices(
            self.model, self.adapter, inputs.audio, options=inputs.binding, observer=inputs.observer
        )
        prompt = self.positive if inputs.prompt is None else self.prompts[inputs.prompt]
        positive, negative = (
            conditioning_set_values(condition, self._given(inputs)) for condition in (prompt, self.negative)
        )
        guider = AudioGuider(
            model,
            positive,
            negative,
            scales=inputs.sampling.scales,
            projected=inputs.sampling.projected,
            motion=inputs.motion,
        )

        def after_step(step: int, denoised: Tensor, latent: Tensor, steps: int) -> None:  # noqa: PLR0917
            if inputs.on_step is not None:
                inputs.on_step(step, denoised)

        sampled = guider.sample(
            inputs.noise,
            self._start(inputs),
            self.sampler,
            self.schedule(1.0 if inputs.source is None else inputs.source.denoise),
            denoise_mask=None if inputs.source is None else inputs.source.region,
            callback=after_step,
            disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED,
            seed=inputs.seed,
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
