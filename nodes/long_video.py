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
from torch import Tensor

from ..multitalk_core.audio.conversation import Conversation
from ..multitalk_core.drawing.drift import drift_picture
from ..multitalk_core.film.clips import ClipPlan, plan_clips
from ..multitalk_core.film.followed_persons import check_following
from ..multitalk_core.film.retakes import (
    Retake,
    check_clip,
    parse_prompts,
    parse_retakes,
    person_clips,
    plan_overrides,
    whole_clips,
)
from ..multitalk_core.film.spec import ClipOverride, StoreOptions
from ..multitalk_core.film.steadiness import Steadiness
from ..multitalk_core.film.store import check_store, stored_clip_bytes
from ..multitalk_core.film.write import FilmResult, write_film
from ..multitalk_core.guards.memory import GIGABYTE
from ..multitalk_core.media.video_source import film_frames
from ..multitalk_core.origin.film_mark import FilmMark
from ..multitalk_core.origin.watermark import find_watermark
from ..multitalk_core.persons.face_detector import WEIGHTS
from .host.checks import check_queued, checked, naming
from .host.computed import computed
from .host.film_identity import described_input, film_identity, film_title, store_folder
from .host.film_run import FilmRun, drafted, film_spec, prepared_run
from .host.film_size import with_size
from .host.person_retakes import person_retakes
from .host.picture_input import source_of
from .host.prompts import encode_prompts
from .host.sampler_inputs import SamplerInputs
from .host.settings import NO_WATERMARK, ClipSettings, StoreSettings
from .host.sockets import CATEGORY, MultiTalkBinding
from .host.video_output import HandedOutVideos, is_wired, new_path
from .host.workflow_tags import workflow_tags
from .inputs import long_video_inputs, size_inputs
from .inputs import shared as inputs
from .inputs.search import TASKS

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
            search_aliases=[
                "multitalk",
                "long video",
                "extend video",
                "infinitetalk",
                "conversation",
                "talking head",
                "talking portrait",
                "dub a video",
                *TASKS,
            ],
            essentials_category="Video Generation",
            inputs=[
                *inputs.voices_and_persons(),
                *inputs.conditions(),
                *size_inputs.size(),
                long_video_inputs.length(),
                *inputs.sampling(seed_changes=False),
                size_inputs.resolution(),
                *long_video_inputs.of_single_clips(),
                inputs.region(),
                long_video_inputs.clip_settings(),
                inputs.sampling_settings(),
                inputs.binding_settings(),
                long_video_inputs.store_settings(),
                inputs.denoise_settings(),
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
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt, io.Hidden.prompt, io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(  # noqa: PLR0917
        cls,
        width: int | None = None,
        height: int | None = None,
        retakes: str | None = None,
        prompts: str | None = None,
    ) -> bool:
        check_queued(cls, width=width, height=height, retakes=retakes, prompts=prompts)
        size_inputs.check_sizes(width, height)
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
        retakes: str = "",
        prompts: str = "",
        text_encoder: CLIP | None = None,
        clip_settings: ClipSettings | None = None,
        store_settings: StoreSettings | None = None,
        **shared: Unpack[SamplerInputs],
    ) -> io.NodeOutput:
        node_id, graph = cls.hidden.unique_id, cls.hidden.dynprompt
        clips, stored = clip_settings or ClipSettings(), store_settings or StoreSettings()
        size_inputs.check_sizes(shared["width"], shared["height"])
        picture, video = source_of("picture", shared["picture"])
        if clips.follow_persons:
            check_following(clips.continuation, dubbed=video is not None)
        shared = with_size(shared, picture)
        audio, size = shared["audio"], {name: shared[name] for name in ("width", "height")}
        spoken = audio.frames if video is None else film_frames(video, audio.fps)
        whole = plan_clips(length or spoken, clips.clip_frames, clips.motion_frames)
        _check_stop(stored.stop_after, whole)
        retaken, timed = _parsed(retakes, prompts)
        overrides, of_persons = _changes(whole, audio, retaken, prompts=timed)
        plan = drafted(whole, shared["draft"])
        store = None if shared["draft"] else _store(graph, node_id, stored, plan=plan, size=size)
        frames = sum(clip.new_frames for clip in plan.clips[: stored.stop_after or None])
        frames_in_memory = frames if is_wired(graph, node_id, IMAGES) else None
        region = described_input(graph, node_id, "region")
        passes = person_retakes(shared, plan, of_persons, picture=picture, video=video, identity=region)
        if video is None and passes:
            shared = {**shared, "region": None}  # it is theirs
        spec = film_spec(
            shared,
            plan,
            node_id,
            picture=picture,
            video=video,
            continuation=clips.continuation,
            frames_in_memory=frames_in_memory,
        )
        spec = replace(
            spec,
            seams=replace(spec.seams, seam_frames=clips.seam_frames, codec_correction=clips.codec_correction),
            overrides=overrides,
            stop_after=stored.stop_after - 1 if stored.stop_after else None,
            store=store,
            face_model=WEIGHTS if clips.follow_persons else None,
            identity=computed(shared["model"], shared["vae"])
            | film_identity(graph, node_id, shared, dubbed=video is not None),
            text_encoder=described_input(graph, node_id, "text_encoder"),
            person_retakes=passes,
        )
        own = chain(overrides.values(), *(retake.clips.values() for retake in passes))
        encoded = encode_prompts(own, text_encoder, shared["positive"])
        run = prepared_run(
            spec,
            shared,
            node_id,
            picture=picture,
            video=video,
            prompts=encoded,
            frames_in_memory=frames_in_memory,
        )
        mark = FilmMark(
            tags=workflow_tags(cls.hidden.prompt, cls.hidden.extra_pnginfo),
            watermark=None if clips.watermark == NO_WATERMARK else find_watermark(clips.watermark),
        )
        result = _write(run, mark, in_memory=frames_in_memory is not None)
        return io.NodeOutput(
            result.images,
            sound_for(audio, frames),
            cls.videos.hand_out(node_id, result.path),
            [(plan.clips[index], record) for index, record in result.records.items()],
            _plot(result.steadiness, audio.fps),
        )


def _write(run: FilmRun, mark: FilmMark, *, in_memory: bool) -> FilmResult:
    """Make and write the film; what ends it early is raised once the node says where the video so far is."""
    spec, reporter, path = run.spec, run.reporter, new_path()
    reporter.note(f"the video grows in {path.parent}")
    result = write_film(
        spec,
        run.model,
        path,
        listener=reporter,
        in_memory=in_memory,
        mark=mark,
        check_interrupted=throw_exception_if_processing_interrupted,
    )
    run.report_damage()
    if result.ended is not None:
        resumes = "" if spec.store is None else f"; the same graph resumes after clip {result.clips}"
        reporter.finish(f"the video so far, {result.frames} frames, is {result.path}{resumes}")
        raise result.ended
    reporter.finish(*_results(run, result))
    return result


def _results(run: FilmRun, result: FilmResult) -> list[str]:
    """What matters after the run: the file, where it stopped, and how steady it is."""
    plan, fps = run.spec.plan, run.spec.conversation.fps
    seconds = f"{result.frames} frames, {result.frames / fps:.1f} s"
    results = [f"the video, {seconds}, is {result.path}"]
    if result.frames < plan.frames:
        results.append(f"stopped after clip {result.clips} of {len(plan.clips)}")
    steadiness = result.steadiness.report(dubbed=run.spec.dubbing is not None)
    return results + [f"{name}: {sentence}" for name, sentence in steadiness.items()]


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


def _changes(
    plan: ClipPlan,
    audio: Conversation,
    retakes: Sequence[Retake],
    *,
    prompts: Sequence[tuple[float, str]],
) -> tuple[dict[int, ClipOverride], dict[int, dict[int, ClipOverride]]]:
    """What is asked of single clips as a whole, and of single persons in them."""
    with naming("retakes"):
        for clip in whole_clips(retakes):
            check_clip(clip, plan)
    with naming("prompts"):
        overrides = plan_overrides(plan, audio.fps, whole_clips(retakes), prompts=prompts)
    with naming("retakes"):
        return overrides, person_clips(plan, retakes, audio.speakers)


def _store(
    graph: DynamicPrompt,
    node_id: str,
    settings: StoreSettings,
    *,
    plan: ClipPlan,
    size: dict[str, int],
) -> StoreOptions | None:
    """Where the node's film is stored, if it is; the disk has room for its first clip."""
    if not settings.store_clips:
        return None
    check_store(store_folder(), stored_clip_bytes(plan.clips[0].frames, plan.overlap, **size))
    title = film_title(graph, node_id)
    return StoreOptions(folder=store_folder(), title=title, limit=round(settings.store_at_most * GIGABYTE))


def _plot(steadiness: Steadiness, fps: float) -> Tensor:
    return drift_picture(steadiness.drift, steadiness.change, steadiness.starts, fps=fps)[None]


def sound_for(audio: Conversation, frames: int) -> dict:
    """The conversation's sound, cut to a film's length or followed by silence, as ComfyUI's AUDIO."""
    samples = round(frames / audio.fps * audio.sound.rate)
    sound = audio.sound.padded(samples).first(samples)
    return {"waveform": torch.from_numpy(sound.samples)[None], "sample_rate": sound.rate}
