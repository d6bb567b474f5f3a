"""One run of the sampler nodes: checks what is connected and makes the film clip by clip."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial

import comfy.samplers
import torch
from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import Input
from torch import Tensor

from ...multitalk_core.audio.conversation import Conversation
from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.film.clips import ClipPlan
from ...multitalk_core.film.dubbing import USUAL_DENOISE, Dubbing
from ...multitalk_core.film.film import FinishedClip, clip_links, make_film
from ...multitalk_core.film.steadiness import colour_goal
from ...multitalk_core.film.store import Json
from ...multitalk_core.guards.memory import pictures_at_once
from ...multitalk_core.media.picture import resize_and_crop
from ...multitalk_core.media.region import fitted_region
from ...multitalk_core.media.video_source import FittedVideo, Video, film_frames
from ...multitalk_core.method.guidance import GuidanceScales
from ...multitalk_core.method.labels import spread_ranges
from ...multitalk_core.method.recorder import BindingRecorder
from ...multitalk_core.persons.masks import Persons, check_same_size
from .checks import naming
from .clip_settings import ClipSettings
from .comfy_video_model import ComfyClipMaker, SamplingSettings
from .computed import computed
from .hearing import fitting_adapter
from .host_memory import check_film_memory
from .matching import check_crop, check_prompt, check_vae, check_voices, cut_away, persons_for
from .patches import AudioSettings
from .picture_input import region_of, source_of
from .reporter import Reporter, frames_gigabytes, summary
from .sampling_sigmas import sigmas_for, with_shift

DRAFT_STEPS = 8
LARGE_IMAGES = 4  # GB


@dataclass(kw_only=True)
class Shoot:
    """What the sampler nodes have in common; the fields are their inputs, by their ids.

    Attributes
    ----------
    recorder : BindingRecorder or None
        Filled while `film` is consumed.
    reporter : Reporter or None
        What `film` tells.
    """

    model: ModelPatcher
    audio_adapter: ModelPatcher
    audio: Conversation
    positive: list
    negative: list
    vae: VAE
    picture: Tensor | Input.Video
    width: int
    height: int
    steps: int
    sampler_name: str
    scheduler: str
    shift: float
    text_scale: float
    audio_scale: float
    seed: int
    projected_guidance: bool
    scheme: str
    audio_strength: float
    label_range: float
    label_distance: float
    background_label: float
    colour_strength: float
    draft: bool
    record_block: int
    record_step: int
    persons: Persons | None = None
    clip_vision: ClipVisionModel | None = None
    denoise: float = USUAL_DENOISE
    region: Tensor | None = None
    recorder: BindingRecorder | None = field(init=False, default=None)
    reporter: Reporter | None = field(init=False, default=None)

    @cached_property
    def source(self) -> tuple[Tensor, Video | None]:
        """The picture, and the video that is dubbed."""
        return source_of("picture", self.picture)

    @property
    def video(self) -> Video | None:
        """What is dubbed."""
        return self.source[1]

    @property
    def frames(self) -> int:
        """As long as the video that is dubbed, or until the voices end."""
        return self.audio.frames if self.video is None else film_frames(self.video, self.audio.fps)

    def drafted(self, plan: ClipPlan) -> ClipPlan:
        """The first clip alone where only a draft is wanted."""
        return ClipPlan(plan.clips[0].new_frames, plan.clips[:1]) if self.draft else plan

    def film(
        self, plan: ClipPlan, node_id: str | None, clips: ClipSettings | None = None
    ) -> Generator[FinishedClip]:
        """Make the film; everything is checked before the first clip.

        Parameters
        ----------
        plan : ClipPlan
        node_id : str or None
            The node that shows progress.
        clips : ClipSettings, optional

        Raises
        ------
        MultiTalkError
            Models, voices, persons and sizes that do not go together, or a store that takes no files.
        """
        clips = clips or ClipSettings()
        if clips.kept is not None:
            clips.kept.check(plan, (self.height, self.width))
        adapter = fitting_adapter(self.model, self.audio_adapter)
        check_voices(self.audio, adapter)
        check_vae(self.model, self.vae)
        check_prompt("positive", self.positive, self.model)
        check_prompt("negative", self.negative, self.model)
        for prompt in clips.prompts.values():
            check_prompt("text_encoder", prompt, self.model)
        picture, _ = self.source
        check_crop("picture", picture.shape[:2], self.height, self.width)
        check_film_memory(
            plan.clips[0].frames,
            self.height,
            self.width,
            in_memory=clips.held,
            dubbed=self.video is not None,
        )
        persons = persons_for(self.persons, self.audio, self.scheme, *picture.shape[:2])
        check_same_size(persons, *picture.shape[:2])
        masks = persons.token_masks(self.height, self.width)
        model = with_shift(self.model, self.shift)
        settings = self._settings(model)
        steps = len(settings.sigmas) - 1
        self.recorder = self._recorder(steps)
        self.reporter = Reporter(model, node_id, len(plan.clips), steps)
        self._tell_outlook(model, adapter, plan, clips, settings)
        for sentence in cut_away(persons, self.height, self.width):
            self.reporter.tell(sentence, logging.WARNING)
        maker = ComfyClipMaker(
            model,
            adapter,
            self.vae,
            self.positive,
            self.negative,
            masks,
            settings,
            self.clip_vision,
            self.recorder,
            self.reporter.after_step,
            clips.prompts,
        )
        window = adapter.model.shape.window
        cropped = resize_and_crop(picture.movedim(-1, 0), self.height, self.width).movedim(0, -1)
        dubbing = self._dubbing()
        make = partial(
            make_film,
            maker,
            cropped,
            self.audio,
            plan,
            self.seed,
            window,
            self.colour_strength,
            takes=clips.takes,
            continuation=clips.continuation,
            recorder=self.recorder,
            dubbing=dubbing,
            joins=clips.joins,
        )
        links = clip_links(self.audio, plan, window, takes=clips.takes)
        goal = partial(colour_goal, picture=cropped, dubbing=dubbing)
        return self._told(make, links, clips, goal)

    def _tell_outlook(
        self,
        model: ModelPatcher,
        adapter: ModelPatcher,
        plan: ClipPlan,
        clips: ClipSettings,
        settings: SamplingSettings,
    ) -> None:
        """What is about to be made, and what should be known before."""
        tell = self.reporter.tell
        size = (self.height, self.width)
        held = clips.held or pictures_at_once(plan.clips[0].frames, self.video is not None)
        tell(
            summary(
                model, adapter, plan, self.audio.fps, size, len(settings.sigmas) - 1, settings.scales, held
            )
        )
        if (gigabytes := frames_gigabytes(held, size)) > LARGE_IMAGES:
            tell(
                f"All frames as images take {gigabytes:.1f} GB of memory. The video takes none of it: leave "
                "the images output unconnected.",
                logging.WARNING,
            )
        if self.audio.frames > plan.frames:
            makes_all = "" if self.video else ": MultiTalk Long Video makes them all"
            tell(f"The voices last {self.audio.frames} frames and this video {plan.frames}{makes_all}.")
        if self.video is not None:
            where = "" if self.region is None else ", only where the region is white"
            tell(
                f"Dubs a video of {self.video.seconds:.2f} s at {self.video.fps:.4g} pictures a second"
                f"{where}; the steps begin at {settings.sigmas[0]:.0%} noise."
            )
        if not self._sees_picture():
            tell(
                "This model has an image embedder, but no CLIP vision is connected: the person will "
                "look less like the picture. Connect Load CLIP Vision with the ViT-H model.",
                logging.WARNING,
            )
        if clips.told is not None:
            tell(clips.told)

    def _told(
        self,
        make: Callable[..., Iterator[FinishedClip]],
        links: Iterable[dict[str, Json]],
        clips: ClipSettings,
        goal: Callable[[FinishedClip], Tensor],
    ) -> Generator[FinishedClip]:
        """The film; the node shows each clip, and says what is kept, made again, and how steady all is.

        A clip is shown after it was taken, so that an interruption meanwhile does not lose it.
        """
        tell = self.reporter.tell

        def tell_notes() -> None:
            while segments is not None and segments.notes:
                tell(segments.notes.pop(0))

        kept = None if clips.kept is None else clips.kept.segments(links, computed(self.model, self.vae))
        with nullcontext() if kept is None else kept as segments:
            if segments is not None:
                goes_on = f"goes on after clip {segments.there} of {len(segments.keys)}; "
                tell(f"{goes_on if segments.there else ''}clips are kept in {segments.folder}")
            tell_notes()
            for finished in make(segments=segments):
                tell_notes()
                yield finished
                if clips.steadiness is not None:
                    clips.steadiness.append(finished.frames, goal(finished))
                self.reporter.after_clip(finished)
                if finished.clip.index == clips.stop_after:
                    tell(f"stopped after clip {clips.stop_after + 1} of {self.reporter.clips}")
                    break
        if clips.steadiness is not None:
            for name, measured in clips.steadiness.told(dubbed=self.video is not None).items():
                tell(f"{name}: {measured}")

    def _dubbing(self) -> Dubbing | None:
        if self.video is None:
            if self.region is not None:
                raise MultiTalkError(
                    "region: it says where a video is made anew, but the picture is no video; connect a "
                    "VIDEO to picture, or nothing to region."
                )
            return None
        region, fitted = None, FittedVideo(self.video, self.height, self.width, self.audio.fps)
        if self.region is not None:
            with naming("region"):
                region = fitted_region(region_of(self.region, self.video), fitted)
        return Dubbing(fitted, self.denoise, region)

    def _settings(self, model: ModelPatcher) -> SamplingSettings:
        steps = min(self.steps, DRAFT_STEPS) if self.draft else self.steps
        ranges = spread_ranges(
            self.audio.speakers, self.label_range, self.label_distance, self.background_label
        )
        return SamplingSettings(
            comfy.samplers.sampler_object(self.sampler_name),
            sigmas_for(
                model,
                self.scheduler,
                self.sampler_name,
                steps,
                self.shift,
                1.0 if self.video is None else self.denoise,
            ),
            GuidanceScales(self.text_scale, self.audio_scale),
            self.projected_guidance,
            AudioSettings(self.scheme, ranges, self.audio_strength),
            self.seed,
        )

    def _recorder(self, steps: int) -> BindingRecorder:
        depth = len(self.model.model.diffusion_model.blocks)
        block = depth // 2 if self.record_block < 0 else self.record_block
        step = steps - 1 if self.record_step < 0 else self.record_step
        if block >= depth:
            raise MultiTalkError(f"record_block is {block}, but the model has blocks 0 to {depth - 1}.")
        if step >= steps:
            raise MultiTalkError(f"record_step is {step}, but the run has steps 0 to {steps - 1}.")
        return BindingRecorder(block, step)

    def _sees_picture(self) -> bool:
        if self.model.model.diffusion_model.img_emb is None or self.clip_vision is not None:
            return True
        return all("clip_vision_output" in options for _, options in (*self.positive, *self.negative))


def raw_latent(model: ModelPatcher, latent: Tensor) -> dict[str, Tensor]:
    """A normalised latent as ComfyUI's LATENT."""
    return {"samples": model.model.process_latent_out(latent.to(torch.float32)).cpu()}
