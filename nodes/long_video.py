"""The long-video node: as many clips as the voices need."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Unpack

import torch
from comfy.model_management import throw_exception_if_processing_interrupted
from comfy.sd import CLIP
from comfy_api.latest import io
from comfy_execution.graph import DynamicPrompt
from comfy_execution.progress import get_progress_state

from ..multitalk_core.audio.conversation import Conversation
from ..multitalk_core.drawing.drift import drift_picture
from ..multitalk_core.film.clips import ClipPlan, check_overlap, plan_clips
from ..multitalk_core.film.colour import ColourMethod
from ..multitalk_core.film.retakes import (
    Retake,
    check_clip,
    parse_prompts,
    parse_retakes,
    person_clips,
    plan_overrides,
    whole_clips,
)
from ..multitalk_core.film.seams import SEAM_FRAMES, SeamCorrection
from ..multitalk_core.film.spec import ClipOverride, Continuation, StoreOptions
from ..multitalk_core.film.store import check_store, stored_clip_bytes
from ..multitalk_core.film.write import FilmResult, write_film
from ..multitalk_core.guards.memory import GIGABYTE
from ..multitalk_core.media.video_source import film_frames
from .host.checks import check_queued, checked, naming
from .host.computed import computed
from .host.film_identity import described_input, film_identity, film_title, store_folder
from .host.film_run import FilmRun, drafted, film_spec, prepared_run
from .host.film_size import with_size
from .host.person_retakes import person_retakes
from .host.picture_input import source_of
from .host.prompts import encode_prompts
from .host.sampler_inputs import SamplerInputs
from .host.sockets import CATEGORY, MultiTalkBinding
from .host.video_output import HandedOutVideos, is_wired, new_path
from .inputs import long_video_inputs, size_inputs
from .inputs import shared as inputs

IMAGES = 0  # the output's place


class LongVideoNode(io.ComfyNode):
    """The sampler over a whole conversation."""

    videos = HandedOutVideos()

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkLongVideo",
            display_name="MultiTalk Long Video",
            category=CATEGORY,
            description="Makes as many clips as the voices need, each conditioned on the last frames of the "
            "previous one. The video is written clip by clip and finished clips are stored on disk. All "
            "frames are in memory only if the images output is connected.",
            search_aliases=["multitalk", "long video", "extend video", "infinitetalk", "conversation"],
            inputs=[
                *inputs.voices_and_persons(),
                *inputs.conditions(),
                *size_inputs.size(),
                *long_video_inputs.lengths(),
                *inputs.sampling(),
                *inputs.binding(),
                inputs.projected_guidance(),
                *inputs.finishing(),
                *long_video_inputs.appended(),
            ],
            outputs=[
                io.Image.Output(
                    "images",
                    tooltip="All frames, in memory: for short videos. Made only if this output is connected.",
                ),
                io.Audio.Output(
                    "sound", tooltip="The voices, cut or padded with silence to the length of the video."
                ),
                io.Video.Output(
                    "video",
                    tooltip="Frames and sound, for Save Video, which copies them unchanged. The file is "
                    "written clip by clip in ComfyUI's temporary folder.",
                ),
                MultiTalkBinding.Output(
                    "binding", tooltip="Where the model located each person, for MultiTalk Binding Preview."
                ),
                io.Image.Output(
                    "steadiness",
                    tooltip="Plot of brightness and colour compared with the picture or the dubbed video, "
                    "and of the change from frame to frame; lines mark where clips begin.",
                ),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
        )

    @classmethod
    def validate_inputs(  # noqa: PLR0917
        cls,
        width: int | None = None,
        height: int | None = None,
        clip_frames: int | None = None,
        motion_frames: int | None = None,
        retakes: str | None = None,
        prompts: str | None = None,
    ) -> bool:
        sizes = {"width": width, "height": height, "clip_frames": clip_frames, "motion_frames": motion_frames}
        check_queued(cls, **sizes, retakes=retakes, prompts=prompts)
        _check_sizes(**sizes)
        _parsed(retakes or "", prompts or "")
        return True

    @classmethod
    def fingerprint_inputs(cls, **given: object) -> list:
        """A run without images does not serve where they are wanted now, nor one whose file is deleted."""
        node_id = cls.hidden.unique_id
        # ComfyUI gives fingerprints no graph; its progress has that of the run that is about to start.
        return [is_wired(get_progress_state().dynprompt, node_id, IMAGES), cls.videos.deleted(node_id)]

    @classmethod
    @checked
    def execute(
        cls,
        *,
        length: int,
        clip_frames: int,
        motion_frames: int,
        continuation: str = Continuation.MULTITALK,
        keep_clips: bool = True,
        keep_at_most: float = 50.0,
        stop_after: int = 0,
        retakes: str = "",
        prompts: str = "",
        text_encoder: CLIP | None = None,
        colour_method: str = ColourMethod.LAB,
        seam_frames: int = SEAM_FRAMES,
        codec_correction: float = 0.0,
        **shared: Unpack[SamplerInputs],
    ) -> io.NodeOutput:
        node_id, graph = cls.hidden.unique_id, cls.hidden.dynprompt
        audio, draft = shared["audio"], shared["draft"]
        _check_sizes(
            width=shared["width"],
            height=shared["height"],
            clip_frames=clip_frames,
            motion_frames=motion_frames,
        )
        picture, video = source_of("picture", shared["picture"])
        shared = with_size(shared, picture)
        size = {"width": shared["width"], "height": shared["height"]}
        spoken = audio.frames if video is None else film_frames(video, audio.fps)
        whole = plan_clips(length or spoken, clip_frames, motion_frames)
        _check_stop(stop_after, whole)
        retaken, timed = _parsed(retakes, prompts)
        overrides = _overrides(whole, audio.fps, retaken, prompts=timed)
        with naming("retakes"):
            of_persons = person_clips(whole, retaken, audio.speakers)
        plan = drafted(whole, draft)
        frames = sum(clip.new_frames for clip in plan.clips[: stop_after or None])
        frames_in_memory = frames if is_wired(graph, node_id, IMAGES) else None
        store = None if draft or not keep_clips else _store(graph, node_id, keep_at_most)
        if store is not None:
            check_store(store.folder, stored_clip_bytes(plan.clips[0].frames, plan.overlap, **size))
        seams = SeamCorrection(
            colour_strength=shared["colour_strength"],
            colour_method=colour_method,
            seam_frames=seam_frames,
            codec_correction=codec_correction,
        )
        region = described_input(graph, node_id, "region")
        passes = person_retakes(shared, plan, of_persons, picture=picture, video=video, identity=region)
        if video is None and passes:
            shared = {**shared, "region": None}  # it is theirs
        identity = computed(shared["model"], shared["vae"])
        identity |= film_identity(graph, node_id, shared, dubbed=video is not None)
        spec = replace(
            film_spec(
                shared,
                plan,
                node_id,
                picture=picture,
                video=video,
                continuation=continuation,
                frames_in_memory=frames_in_memory,
            ),
            seams=seams,
            overrides=overrides,
            stop_after=stop_after - 1 if stop_after else None,
            store=store,
            identity=identity,
            text_encoder=described_input(graph, node_id, "text_encoder"),
            person_retakes=passes,
        )
        own = chain(overrides.values(), *(retake.clips.values() for retake in passes))
        run = prepared_run(
            spec,
            shared,
            node_id,
            picture=picture,
            video=video,
            prompts=encode_prompts(own, text_encoder, shared["positive"]),
            frames_in_memory=frames_in_memory,
        )
        result = _write(run, in_memory=frames_in_memory is not None)
        steadiness = result.steadiness
        drawn = drift_picture(steadiness.drift, steadiness.change, steadiness.starts, fps=audio.fps)
        return io.NodeOutput(
            result.images,
            sound_for(audio, frames),
            cls.videos.hand_out(node_id, result.path),
            [(plan.clips[index], record) for index, record in result.records.items()],
            drawn[None],
        )


def _write(run: FilmRun, *, in_memory: bool) -> FilmResult:
    """Make and write the film; what ends it early is raised once the node says where the video so far is."""
    spec, reporter, path = run.spec, run.reporter, new_path()
    reporter.note(f"the video grows in {path.parent}")
    result = write_film(
        spec,
        run.model,
        path,
        listener=reporter,
        in_memory=in_memory,
        check_interrupted=throw_exception_if_processing_interrupted,
    )
    if result.ended is not None:
        resumes = "" if spec.store is None else f"; the same graph resumes after clip {result.clips}"
        reporter.note(f"the video so far, {result.frames} frames, is {result.path}{resumes}")
        raise result.ended
    if result.frames < spec.plan.frames:
        reporter.note(f"stopped after clip {result.clips} of {len(spec.plan.clips)}")
    run.report_damage()
    for name, sentence in result.steadiness.report(dubbed=spec.dubbing is not None).items():
        reporter.note(f"{name}: {sentence}")
    return result


def _check_sizes(
    *, width: int | None, height: int | None, clip_frames: int | None, motion_frames: int | None
) -> None:
    """None is a value that is not yet known."""
    size_inputs.check_sizes(width, height, clip_frames=clip_frames, motion_frames=motion_frames)
    if clip_frames is not None and motion_frames is not None:
        with naming("motion_frames"):
            check_overlap(clip_frames, motion_frames)


def _check_stop(stop_after: int, plan: ClipPlan) -> None:
    """Raise a MultiTalkError unless the film has the clip after which to stop; 0 never stops."""
    if stop_after:
        with naming("stop_after"):
            check_clip(stop_after - 1, plan)


def _parsed(retakes: str, prompts: str) -> tuple[list[Retake], list[tuple[float, str]]]:
    """Both texts, read."""
    with naming("retakes"):
        retaken = parse_retakes(retakes)
    with naming("prompts"):
        return retaken, parse_prompts(prompts)


def _overrides(
    plan: ClipPlan, fps: float, retakes: Sequence[Retake], *, prompts: Sequence[tuple[float, str]]
) -> dict[int, ClipOverride]:
    """What is asked of single clips as a whole."""
    with naming("retakes"):
        for clip in whole_clips(retakes):
            check_clip(clip, plan)
    with naming("prompts"):
        return plan_overrides(plan, fps, whole_clips(retakes), prompts=prompts)


def _store(graph: DynamicPrompt, node_id: str, gigabytes: float) -> StoreOptions:
    """Where the node's film is stored."""
    title = film_title(graph, node_id)
    return StoreOptions(folder=store_folder(), title=title, limit=round(gigabytes * GIGABYTE))


def sound_for(audio: Conversation, frames: int) -> dict:
    """The conversation's sound, cut to a film's length or followed by silence, as ComfyUI's AUDIO."""
    samples = round(frames / audio.fps * audio.sound.rate)
    sound = audio.sound.padded(samples).first(samples)
    return {"waveform": torch.from_numpy(sound.samples)[None], "sample_rate": sound.rate}
