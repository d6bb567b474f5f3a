"""MultiTalk on diffusers: samples clips of a film with Wan2.1, an adapter and guidance."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from accelerate import cpu_offload
from torch import Tensor

from ...checkpoint import adapter_shape, check_adapter, read_adapter
from ...film.film import ClipInputs
from ...guards.finite import check_finite
from ...method.adapter import AudioAdapter
from ...method.audio_patch import AudioPatch, audio_rows
from ...method.guidance import (
    NEGATIVE,
    NEGATIVE_WITHOUT_AUDIO,
    PROMPT,
    GuidanceScales,
    ProjectedGuidance,
    guide,
    released_timesteps,
)
from ...method.labels import LabelRanges
from ...method.recorder import BindingRecorder
from ...method.sampling import sample_clip
from ...method.wan import Grid
from .models import Models, Offload, decode_latent, encode_frames
from .wan_host import WanHost

# Supplement 1.2.
NEGATIVE_PROMPT = (
    "bright tones, overexposed, static, blurred details, subtitles, style, works, paintings, images, static, "
    "overall gray, worst quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers, "
    "poorly drawn hands, poorly drawn faces, deformed, disfigured, misshapen limbs, fused fingers, "
    "still picture, messy background, three legs, many people in the background, walking backwards"
)


@dataclass(frozen=True)
class SamplingSettings:
    """How a film is sampled; the defaults are the released code's.

    Attributes
    ----------
    steps : int
        40 in the paper's supplement.
    shift : float
        Of the timesteps: 7 at 480p, 11 at 720p, 2 with few-step LoRAs.
    scales : GuidanceScales
    projected : bool
        Adaptive projected guidance.
    scheme : str
        One of SCHEMES.
    ranges : LabelRanges or None
        None is the paper's.
    audio_strength : float
        Factor of what the audio layers add.
    rows_at_once : int
        Conditions that go through the model in one batch: 1 takes least memory.
    """

    steps: int = 40
    shift: float = 7.0
    scales: GuidanceScales = field(default_factory=GuidanceScales)
    projected: bool = False
    scheme: str = "l-rope"
    ranges: LabelRanges | None = None
    audio_strength: float = 1.0
    rows_at_once: int = 1


def load_adapter(path: str | Path, models: Models, offload: Offload = "none") -> AudioAdapter:
    """Read an adapter and check that it fits the model.

    Parameters
    ----------
    path
        One .safetensors file, shards or their folder.
    models : Models
    offload
        "sequential": each layer lies in main memory until its turn.

    Raises
    ------
    MultiTalkError
        For a file that is no adapter, or one of another width or depth.
    """
    state = read_adapter(path, models.dtype)
    shape = adapter_shape(state)
    transformer = models.transformer.config
    heads = transformer.num_attention_heads
    check_adapter(
        shape,
        model_width=heads * transformer.attention_head_dim,
        model_depth=transformer.num_layers,
        model_name=models.name,
    )
    with torch.device("meta"):
        adapter = AudioAdapter(shape, heads)
    adapter.load_state_dict(state, assign=True)
    adapter.eval().requires_grad_(False)
    if offload == "sequential":
        return cpu_offload(adapter, models.device)
    return adapter.to(models.device)


class MultiTalkPipeline:
    """The ClipMaker of the diffusers host.

    Parameters
    ----------
    models : Models
    adapter : AudioAdapter
        From `load_adapter`.
    masks : Tensor [persons + 1, tokens of a frame]
        From `Persons.token_masks`.
    prompt : str
    negative_prompt : str
    settings : SamplingSettings
    recorder : BindingRecorder, optional
    on_step : callable, optional
        Called with the clip's index and the finished step's.
    """

    def __init__(
        self,
        models: Models,
        adapter: AudioAdapter,
        masks: Tensor,
        prompt: str,
        negative_prompt: str = NEGATIVE_PROMPT,
        settings: SamplingSettings | None = None,
        recorder: BindingRecorder | None = None,
        on_step: Callable[[int, int], None] | None = None,
    ):
        self.models = models
        self.adapter = adapter
        self.masks = masks.to(models.device)
        self.settings = settings or SamplingSettings()
        self.recorder = recorder
        self.on_step = on_step
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
        settings, models = self.settings, self.models
        grid = Grid(inputs.encoded.shape[2], inputs.encoded.shape[3] // 2, inputs.encoded.shape[4] // 2)
        if self.recorder is not None:
            self.recorder.clip, self.recorder.grid, self.recorder.step = inputs.clip.index, grid, 0
        patch = AudioPatch(
            self.adapter,
            settings.scheme,
            settings.ranges,
            settings.audio_strength,
            observer=self.recorder,
        )
        source = inputs.source
        host = WanHost(models.transformer, patch)
        try:
            return sample_clip(
                self._predictor(host, inputs),
                inputs.noise.to(models.device),
                released_timesteps(settings.steps, settings.shift, source.denoise if source else 1.0),
                inputs.motion,
                lambda step, latent: self._after_step(inputs.clip.index, step, latent),
                source,
            )
        finally:
            host.remove()

    def _after_step(self, clip: int, step: int, latent: Tensor) -> None:
        check_finite(latent, f"The latent of clip {clip + 1} after step {step + 1}")
        if self.recorder is not None:
            self.recorder.step = step + 1
        if self.on_step is not None:
            self.on_step(clip, step)

    def _predictor(self, host: WanHost, inputs: ClipInputs) -> Callable[[Tensor, Tensor], Tensor]:
        """The guided prediction of one clip."""
        models, settings = self.models, self.settings
        names = settings.scales.conditions()
        condition = torch.cat([inputs.mask.to(models.device), inputs.encoded], dim=1)
        image = None if models.image is None else models.image(inputs.given[:, :, -1]).to(models.dtype)
        voices = self.adapter.voice_tokens(inputs.windows.to(models.device, models.dtype))
        projected = ProjectedGuidance() if settings.projected else None
        prompt = self.prompt if inputs.prompt is None else models.text(inputs.prompt)

        def predict_rows(latent: Tensor, timestep: Tensor, rows: tuple[str, ...]) -> Tensor:
            text = {True: self.negative_prompt, False: prompt}
            texts = [text[name in (NEGATIVE, NEGATIVE_WITHOUT_AUDIO)] for name in rows]
            audible = [name in (PROMPT, NEGATIVE) for name in rows]
            model_input = torch.cat([latent, condition], dim=1).to(models.dtype)
            count = len(rows)
            with host.hearing(audio_rows(voices, self.masks, audible)):
                return models.transformer(
                    hidden_states=model_input.expand(count, -1, -1, -1, -1),
                    timestep=timestep.to(models.device).expand(count),
                    encoder_hidden_states=torch.cat(texts).to(models.dtype),
                    encoder_hidden_states_image=None if image is None else image.expand(count, -1, -1),
                    return_dict=False,
                )[0].float()

        def predict(latent: Tensor, timestep: Tensor) -> Tensor:
            at_once = settings.rows_at_once
            parts = [names[start : start + at_once] for start in range(0, len(names), at_once)]
            rows = torch.cat([predict_rows(latent, timestep, part) for part in parts])
            predictions = {name: row[None] for name, row in zip(names, rows, strict=True)}
            return guide(predictions, settings.scales, projected)

        return predict
