"""The video model of the diffusers host: Wan2.1, an adapter and guidance sample the clips of a film."""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
from torch import Tensor

from ...film.clip_inputs import ClipInputs
from ...method.adapter import AudioAdapter
from ...method.audio_patch import AudioPatch, AudioRows, audio_rows
from ...method.guidance import GuidancePass, ProjectedGuidance, guide
from ...method.sampling import sample_clip
from ...method.schedule import released_timesteps
from .context_parallel import divide
from .models import Models, decode_latent, encode_frames
from .offloading import Offload, place_adapter
from .processes import Processes, SharedPass
from .quantization import Quantization, quantise_adapter
from .step_cache import CachedSteps, StepCache
from .wan_adapter import read_fitting_adapter
from .wan_host import WanHost

# Supplement 1.2.
NEGATIVE_PROMPT = (
    "bright tones, overexposed, static, blurred details, subtitles, style, works, paintings, images, static, "
    "overall gray, worst quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers, "
    "poorly drawn hands, poorly drawn faces, deformed, disfigured, misshapen limbs, fused fingers, "
    "still picture, messy background, three legs, many people in the background, walking backwards"
)


def load_adapter(
    path: str | Path,
    models: Models,
    offload: Offload = Offload.NONE,
    *,
    quantization: Quantization = Quantization.NONE,
) -> AudioAdapter:
    """Read an adapter and check that it fits the model.

    Parameters
    ----------
    path : str or Path
        One .safetensors file, shards or their folder.
    models : Models
    offload : Offload
        Of the models; with group and sequential the audio layers lie in main memory until their turn.
    quantization : Quantization
        Of the transformer; the audio layers are then stored in 8 bits.

    Raises
    ------
    MultiTalkError
        For a file that is no adapter, or one of another width or depth.
    """
    adapter = read_fitting_adapter(path, models.transformer, models.dtype, model_name=models.name)
    quantise_adapter(adapter, Quantization(quantization), models.dtype)
    place_adapter(adapter, models.device, Offload(offload))
    return adapter


class DiffusersVideoModel:
    """Samples clips with Wan2.1 and an audio adapter; a `VideoModel` of the film.

    Parameters
    ----------
    models : Models
    adapter : AudioAdapter
        From `load_adapter`.
    prompt, negative_prompt : str
        The film's; the negative one is the paper's by default.
    rows_at_once : int
        Passes that go through the model in one batch: 1 takes least memory.
    step_cache : StepCache
        What the steps of a clip may reuse; nothing with several processes, which would decide differently.
    processes : Processes, optional
        Those that share the film's tokens; this is the first of them.

    Raises
    ------
    MultiTalkError
        For an unknown step cache.
    """

    def __init__(
        self,
        models: Models,
        adapter: AudioAdapter,
        *,
        prompt: str,
        negative_prompt: str = NEGATIVE_PROMPT,
        rows_at_once: int = 1,
        step_cache: StepCache = StepCache.NONE,
        processes: Processes | None = None,
    ) -> None:
        self.models = models
        self.adapter = adapter
        self.rows_at_once = rows_at_once
        self.step_cache = StepCache(step_cache)
        self.processes = processes
        if processes is not None:
            divide(models.transformer, adapter, processes)
        self.prompt = models.text(prompt)
        self.negative_prompt = models.text(negative_prompt, negative=True)

    def encode(self, frames: Tensor) -> Tensor:
        """Frames [1, 3, frames, height, width] in -1..1 to the normalised latent."""
        with torch.no_grad():
            return encode_frames(self.models.vae, frames.to(self.models.device))

    def decode(self, latent: Tensor) -> Tensor:
        """The normalised latent to frames in -1..1."""
        with torch.no_grad():
            return decode_latent(self.models.vae, latent)

    @torch.no_grad()
    def sample(self, inputs: ClipInputs) -> Tensor:
        """The latent of one clip."""
        sampling, source = inputs.sampling, inputs.source
        patch = AudioPatch(self.adapter, inputs.binding, observer=inputs.observer)
        host = WanHost(self.models.transformer, patch)
        try:
            with CachedSteps(self.models.transformer, self.step_cache, sampling.steps) as cached:
                return sample_clip(
                    self._predictor(host, inputs, cached),
                    inputs.noise.to(self.models.device),
                    released_timesteps(sampling.steps, sampling.shift, source.denoise if source else 1.0),
                    motion=inputs.motion,
                    on_step=inputs.on_step,
                    source=source,
                )
        finally:
            host.remove()

    def _predictor(
        self, host: WanHost, inputs: ClipInputs, cached: CachedSteps
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """The guided prediction of one clip."""
        models, sampling = self.models, inputs.sampling
        passes = sampling.scales.passes()
        given = torch.cat([inputs.mask.to(models.device), inputs.encoded], dim=1)
        image = None if models.image is None else models.image(inputs.given[:, :, -1]).to(models.dtype)
        voices = self.adapter.voice_tokens(inputs.audio.windows.to(models.device, models.dtype))
        masks = inputs.audio.masks.to(models.device)
        projected = ProjectedGuidance() if sampling.projected else None
        prompt = self.prompt if inputs.prompt is None else models.text(inputs.prompt)

        @functools.cache
        def audio_of(rows: tuple[GuidancePass, ...]) -> AudioRows:
            return audio_rows(voices, masks, [row.audible for row in rows], ranges=inputs.binding.ranges)

        def predict_rows(latent: Tensor, timestep: Tensor, first: int) -> Tensor:
            rows = passes[first : first + self.rows_at_once]
            texts = [self.negative_prompt if row.negative else prompt for row in rows]
            model_input = torch.cat([latent, given], dim=1).to(models.dtype)
            count = len(rows)
            given_rows = audio_of(rows)
            arguments = {
                "hidden_states": model_input.expand(count, -1, -1, -1, -1),
                "timestep": timestep.to(models.device).expand(count),
                "encoder_hidden_states": torch.cat(texts).to(models.dtype),
                "encoder_hidden_states_image": None if image is None else image.expand(count, -1, -1),
                "return_dict": False,
            }
            shared = SharedPass(rows=given_rows, binding=inputs.binding, inputs=arguments)
            with self._shared(shared), host.conditioned(given_rows), cached.rows(first):
                return models.transformer(**arguments)[0].float()

        def predict(latent: Tensor, timestep: Tensor) -> Tensor:
            cached.begin_step()
            starts = range(0, len(passes), self.rows_at_once)
            rows = torch.cat([predict_rows(latent, timestep, first) for first in starts])
            predictions = dict(zip(passes, rows.split(1), strict=True))
            return guide(predictions, sampling.scales, projected)

        return predict

    def _shared(self, given: SharedPass) -> AbstractContextManager[None]:
        """The forward pass, in which the other processes join where there are any."""
        return nullcontext() if self.processes is None else self.processes.passing(given)
