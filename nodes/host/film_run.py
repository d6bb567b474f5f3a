"""One run of the sampler nodes: checks the inputs, describes the film and prepares its video model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import comfy.samplers
import torch
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.film.clips import ClipPlan
from ...multitalk_core.film.seams import SeamCorrection
from ...multitalk_core.film.spec import Continuation, FilmSpec, RecordedStep, SamplingOptions
from ...multitalk_core.guards.memory import pictures_at_once
from ...multitalk_core.media.picture import resize_and_crop
from ...multitalk_core.media.video_source import Video, film_frames
from ...multitalk_core.method.audio_patch import BindingOptions
from ...multitalk_core.method.guidance import GuidanceScales
from ...multitalk_core.method.schemes import find_scheme
from ...multitalk_core.persons.concerns import cut_away, doubts
from ...multitalk_core.persons.masks import Persons, check_same_size
from .comfy_video_model import ComfyVideoModel
from .conditioned_model import fitting_adapter
from .dubbed_input import dubbing_of
from .host_memory import check_film_memory
from .matching import binding_options, check_crop, check_prompt, check_vae, check_voices, persons_for
from .reporter import Reporter, frames_gigabytes, summary
from .sampler_inputs import PreparedInputs, SamplerInputs, binding_settings_of, sampling_settings_of
from .sampling_sigmas import sigmas_for, with_shift

DRAFT_STEPS = 8
LARGE_IMAGES = 4  # GB


@dataclass(frozen=True, kw_only=True)
class FilmRun:
    """A film that is about to be made.

    Attributes
    ----------
    spec : FilmSpec
    model : ComfyVideoModel
    reporter : Reporter
    video : Video or None
        What is dubbed.
    """

    spec: FilmSpec
    model: ComfyVideoModel
    reporter: Reporter
    video: Video | None

    def report_damage(self) -> None:
        """Say on the node what of the dubbed video could not be decoded."""
        for sentence in [] if self.video is None else self.video.damage():
            self.reporter.warn(sentence)


def drafted(plan: ClipPlan, draft: bool) -> ClipPlan:
    """The first clip alone where only a draft is wanted."""
    return ClipPlan(plan.clips[0].new_frames, plan.clips[:1]) if draft else plan


def film_spec(
    inputs: SamplerInputs,
    plan: ClipPlan,
    node_id: str | None,
    *,
    picture: Tensor,
    video: Video | None,
    continuation: str = Continuation.MULTITALK,
    frames_in_memory: int | None = None,
) -> FilmSpec:
    """Describe the film that a sampler node makes; `prepared_run` adds what its models determine.

    Parameters
    ----------
    inputs : SamplerInputs
    plan : ClipPlan
    node_id : str or None
        The node that shows what is being done.
    picture : Tensor [height, width, 3], in 0..1
        Uncropped; of a video the first one.
    video : Video or None
        What is dubbed.
    continuation : str
        A Continuation.
    frames_in_memory : int, optional
        For an images output.

    Raises
    ------
    MultiTalkError
        For voices, persons, sizes and a region that do not go together, or a film that needs more memory
        than there is.
    """
    height, width, audio = inputs["height"], inputs["width"], inputs["audio"]
    rows, columns = picture.shape[:2]
    check_crop("picture", (rows, columns), height=height, width=width)
    check_film_memory(
        plan.clips[0].frames, height, width, in_memory=frames_in_memory, dubbed=video is not None
    )
    sampling = sampling_settings_of(inputs)
    persons, binding = persons_of(inputs, picture), binding_of(inputs)
    return FilmSpec(
        picture=resize_and_crop(picture.movedim(-1, 0), height, width).movedim(0, -1),
        masks=persons.token_masks(height, width),
        conversation=audio,
        plan=plan,
        seed=inputs["seed"],
        sampling=SamplingOptions(
            steps=min(inputs["steps"], DRAFT_STEPS) if inputs["draft"] else inputs["steps"],
            shift=inputs["shift"],
            scales=GuidanceScales(inputs["text_scale"], inputs["audio_scale"]),
            projected=sampling.projected_guidance,
        ),
        binding=binding,
        seams=SeamCorrection(colour_strength=sampling.colour_strength, colour_method=sampling.colour_method),
        continuation=continuation,
        dubbing=dubbing_of(
            inputs,
            video,
            plan,
            persons=persons,
            continuation=continuation,
            localizes=find_scheme(binding.scheme).needs_localization(persons.count),
            node_id=node_id,
        ),
    )


def binding_of(inputs: PreparedInputs) -> BindingOptions:
    """How the voices are bound to their persons."""
    return binding_options(binding_settings_of(inputs), inputs.get("persons"), inputs["audio"])


def persons_of(inputs: PreparedInputs, picture: Tensor) -> Persons:
    """The persons on the picture, one a voice."""
    rows, columns = picture.shape[:2]
    scheme = binding_of(inputs).scheme
    persons = persons_for(inputs.get("persons"), inputs["audio"], scheme, height=rows, width=columns)
    check_same_size(persons, rows, columns)
    return persons


def prepared_run(
    spec: FilmSpec,
    inputs: PreparedInputs,
    node_id: str | None,
    *,
    picture: Tensor,
    video: Video | None,
    prompts: Mapping[str, list] | None = None,
    frames_in_memory: int | None = None,
) -> FilmRun:
    """Check the models and prepare the video model; the node shows what is about to be made.

    Parameters
    ----------
    spec : FilmSpec
        From `film_spec`.
    inputs : PreparedInputs
    node_id : str or None
        The node that shows progress.
    picture : Tensor [height, width, 3], in 0..1
        Uncropped; of a video the first one.
    video : Video or None
        What is dubbed.
    prompts : mapping of str to CONDITIONING, optional
        Of clips with a prompt of their own.
    frames_in_memory : int, optional
        For an images output.

    Raises
    ------
    MultiTalkError
        For models, voices and prompts that do not go together.
    """
    adapter = fitting_adapter(inputs["model"], inputs["audio_adapter"])
    check_voices(inputs["audio"], adapter)
    check_vae(inputs["model"], inputs["vae"])
    for name in ("positive", "negative"):
        check_prompt(name, inputs[name], inputs["model"])
    for prompt in (prompts or {}).values():
        check_prompt("text_encoder", prompt, inputs["model"])
    shifted, sampling = with_shift(inputs["model"], spec.sampling.shift), sampling_settings_of(inputs)
    model = ComfyVideoModel(
        shifted,
        adapter,
        inputs["vae"],
        positive=inputs["positive"],
        negative=inputs["negative"],
        sampler=comfy.samplers.sampler_object(sampling.sampler_name),
        schedule=lambda denoise: sigmas_for(
            shifted,
            sampling.scheduler,
            sampling.sampler_name,
            steps=spec.sampling.steps,
            shift=spec.sampling.shift,
            denoise=denoise,
        ),
        clip_vision=inputs.get("clip_vision"),
        prompts=prompts,
    )
    spec = replace(spec, window=adapter.model.shape.window, recorded=_recorded(inputs, model))
    reporter = Reporter(shifted, node_id, clips=len(spec.plan.clips), runs=spec.runs, steps=model.steps)
    model.on_encoded = reporter.remaining.encoded
    run = FilmRun(spec=spec, model=model, reporter=reporter, video=video)
    _report_outlook(run, video, frames_in_memory)
    persons = persons_of(inputs, picture)
    moves = () if spec.dubbing is None else spec.dubbing.concerns
    for sentence in (*doubts(persons), *cut_away(persons, *spec.size), *moves):
        reporter.warn(sentence)
    return run


def _recorded(inputs: PreparedInputs, model: ComfyVideoModel) -> RecordedStep:
    depth = len(model.model.model.diffusion_model.blocks)
    settings = binding_settings_of(inputs)
    block = depth // 2 if settings.record_block < 0 else settings.record_block
    step = model.steps - 1 if settings.record_step < 0 else settings.record_step
    if block >= depth:
        raise MultiTalkError(f"record_block is {block}, but the model has blocks 0 to {depth - 1}.")
    if step >= model.steps:
        raise MultiTalkError(f"record_step is {step}, but the run has steps 0 to {model.steps - 1}.")
    return RecordedStep(block=block, step=step)


def _report_outlook(run: FilmRun, video: Video | None, frames_in_memory: int | None) -> None:
    """Say what is about to be made, and what should be known before."""
    spec, model, reporter = run.spec, run.model, run.reporter
    frames = frames_in_memory or pictures_at_once(spec.plan.clips[0].frames, video is not None)
    reporter.note(summary(spec, model, frames_in_memory=frames))
    if (gigabytes := frames_gigabytes(frames, spec.size)) > LARGE_IMAGES:
        reporter.warn(
            f"All frames as images take {gigabytes:.1f} GB of memory. The video takes none of it: leave the "
            "images output unconnected."
        )
    if spec.conversation.frames > spec.plan.frames:
        makes_all = "" if video else ": MultiTalk Long Video makes them all"
        reporter.note(
            f"The voices last {spec.conversation.frames} frames and this video {spec.plan.frames}{makes_all}."
        )
    if video is not None and spec.dubbing is not None:
        where = "" if spec.dubbing.region is None else ", only where the region is white"
        reporter.note(
            f"Dubs a video of {video.seconds:.2f} s at {video.fps:.4g} pictures a second{where}; the steps "
            f"begin at {model.schedule(spec.dubbing.denoise)[0]:.0%} noise."
        )
        if spec.plan.frames > film_frames(video, spec.conversation.fps):
            reporter.note("The video is shorter than this film: its last picture stays to the end.")
        for sentence in video.notes():
            reporter.note(sentence)
    if not _sees_picture(model):
        reporter.warn(
            "This model has an image embedder, but no CLIP vision is connected: the person will look less "
            "like the picture. Connect Load CLIP Vision with the ViT-H model."
        )


def _sees_picture(model: ComfyVideoModel) -> bool:
    """Whether a model that has an image embedder gets a picture for it."""
    if model.model.model.diffusion_model.img_emb is None or model.clip_vision is not None:
        return True
    return all("clip_vision_output" in options for _, options in (*model.positive, *model.negative))


def raw_latent(model: ModelPatcher, latent: Tensor) -> dict[str, Tensor]:
    """A normalised latent as ComfyUI's LATENT."""
    return {"samples": model.model.process_latent_out(latent.to(torch.float32)).cpu()}
