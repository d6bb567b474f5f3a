"""The diffusers host as the hosts' suite sees it."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import torch
from torch import Tensor

from hosts.contract import (
    FRAMES,
    PERSONS,
    RECORDED_BLOCK,
    RECORDED_STEP,
    SIDE,
    SIGMA,
    Row,
    Variant,
    film_tensors,
    left_half,
    wandering_video,
)
from multitalk_core.audio.conversation import Conversation
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import Waveform
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.demo.text import PROMPT
from multitalk_core.film.clip_inputs import VideoModel
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.dubbing import Dubbing
from multitalk_core.film.film import make_film
from multitalk_core.film.spec import FilmSpec, RecordedStep, SamplingOptions
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.models import Models
from multitalk_core.hosts.diffusers.video_model import DiffusersVideoModel, load_adapter
from multitalk_core.hosts.diffusers.wan_host import WanHost
from multitalk_core.media.video_source import FittedVideo, VideoInMemory
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.audio_patch import AudioPatch, BindingOptions, audio_rows
from multitalk_core.method.conditioning import conditioning_mask
from multitalk_core.method.guidance import GuidanceScales
from multitalk_core.persons.box import Box
from multitalk_core.persons.marking import persons_from_boxes


@cache
def embedded() -> tuple[Models, AudioAdapter]:
    """The embedded model and its adapter."""
    models = load_embedded()
    return models, load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], models)


def conversation(scene: dict[str, Tensor]) -> Conversation:
    """Two voices whose features were drawn."""
    features = scene["features"]
    sound = Waveform(torch.ones(1, 16000).numpy(), 16000)
    pieces = ((features.shape[1], "drawn"),)
    timeline = Timeline.together([sound] * len(features))
    return Conversation(tuple(features), scene["silence"], 25.0, sound, timeline, pieces)


def token_masks() -> Tensor:
    """Of the two persons and the background."""
    boxes = [Box(left, 0, right, SIDE) for left, right in PERSONS]
    return persons_from_boxes(boxes, SIDE, SIDE).token_masks(SIDE, SIDE)


class DiffusersUnderTest:
    """See `hosts.contract.Host`."""

    def __init__(self, scene: dict[str, Tensor]):
        self.scene = scene
        self.models, self.adapter = embedded()

    def encode(self, frames: Tensor) -> Tensor:
        return self.video_model().encode(frames)

    def decode(self, latent: Tensor) -> Tensor:
        return self.video_model().decode(latent)

    @torch.no_grad()
    def predict(
        self, rows: Sequence[Row], *, scheme: str = "l-rope", strength: float = 1.0, together: bool = True
    ) -> Tensor:
        windows = conversation(self.scene).windows(0, FRAMES, self.adapter.shape.window)
        voices = self.adapter.voice_tokens(windows)
        options = BindingOptions(scheme=scheme, strength=strength)
        host = WanHost(self.models.transformer, AudioPatch(self.adapter, options))
        try:
            predicted = []
            for batch in [rows] if together else [[row] for row in rows]:
                with host.conditioned(audio_rows(voices, token_masks(), [row.audible for row in batch])):
                    predicted.append(self.predict_plain(batch))
        finally:
            host.remove()
        return torch.cat(predicted)

    @torch.no_grad()
    def predict_plain(self, rows: Sequence[Row]) -> Tensor:
        latent, timestep, text = self.given(rows)
        return self.models.transformer(latent, timestep, text, return_dict=False)[0]

    def given(self, rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
        """The DiT's inputs: noisy latent with its conditioning, timestep, text."""
        mask = conditioning_mask(FRAMES, 1, height=SIDE // 8, width=SIDE // 8)[None]
        latent = torch.cat([self.scene["latent"], mask, self.scene["encoded"]], dim=1)
        return (
            latent.expand(len(rows), -1, -1, -1, -1),
            torch.full([len(rows)], 1000 * SIGMA),
            torch.cat([self.models.text(PROMPT, negative=row.negative) for row in rows]),
        )

    def film(self, variant: Variant) -> dict[str, Tensor]:
        spec = FilmSpec(
            picture=self.scene["picture"],
            masks=token_masks(),
            conversation=conversation(self.scene),
            plan=plan_clips(13, 9, 5) if variant.two_clips else plan_clips(5, 5, 1),
            seed=variant.seed,
            sampling=SamplingOptions(
                steps=2,
                scales=GuidanceScales(variant.text_scale, variant.audio_scale),
                projected=variant.projected_guidance,
            ),
            binding=BindingOptions(scheme=variant.scheme),
            continuation=variant.continuation,
            dubbing=self._dubbing(variant),
            recorded=RecordedStep(block=RECORDED_BLOCK, step=RECORDED_STEP),
        )
        return film_tensors(make_film(spec, self.video_model()))

    def video_model(self) -> VideoModel:
        """What the host offers the film."""
        return DiffusersVideoModel(self.models, self.adapter, prompt=PROMPT, negative_prompt="")

    def _dubbing(self, variant: Variant) -> Dubbing | None:
        if variant.denoise is None:
            return None
        video, region = (
            FittedVideo(VideoInMemory(frames, Fraction(30)), SIDE, SIDE, 25.0)
            for frames in (wandering_video(self.scene["picture"]), left_half()[..., None])
        )
        return Dubbing(video, variant.denoise, region if variant.left_half_only else None)
