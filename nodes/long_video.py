"""The long-video node: as many clips as the voices need."""

import torch
from comfy.sd import CLIP
from comfy_api.latest import io
from comfy_execution.graph import DynamicPrompt
from comfy_execution.progress import get_progress_state

from ..multitalk_core.audio.conversation import Conversation
from ..multitalk_core.drawing.drift import drift_picture
from ..multitalk_core.film.clips import check_overlap, plan_clips
from ..multitalk_core.film.colour import LAB
from ..multitalk_core.film.film import MULTITALK, Take
from ..multitalk_core.film.retakes import check_clip, parse_prompts, parse_retakes, plan_takes
from ..multitalk_core.film.seams import SEAM_FRAMES, Joins
from ..multitalk_core.film.steadiness import Steadiness
from .host.checks import check_queued, checked, naming
from .host.clip_settings import ClipSettings
from .host.film_identity import FilmOfNode
from .host.film_run import Shoot
from .host.prompts import encode_prompts
from .host.sockets import CATEGORY, MultiTalkBinding
from .host.video_output import hand_out, is_wired, losses, new_path, write_film
from .inputs import long_video_inputs
from .inputs import shared as inputs

GIGABYTE = 10**9
IMAGES = 0  # the output's place


class LongVideoNode(io.ComfyNode):
    """The sampler over a whole conversation."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkLongVideo",
            display_name="MultiTalk Long Video",
            category=CATEGORY,
            description="Makes as many clips as the voices need: the last frames of each condition the next. "
            "The video is written clip by clip, finished clips are kept on disk, and only who takes the "
            "images output has all frames in memory.",
            search_aliases=["multitalk", "long video", "extend video", "infinitetalk", "conversation"],
            inputs=[
                *inputs.voices_and_persons(),
                *inputs.conditions(),
                *inputs.size(),
                *long_video_inputs.lengths(),
                *inputs.sampling(),
                *inputs.binding(),
                inputs.projected_guidance(),
                *inputs.finishing(),
                *long_video_inputs.later(),
            ],
            outputs=[
                io.Image.Output(
                    "images",
                    tooltip="All frames, in memory: for short videos. Made only where something takes them.",
                ),
                io.Audio.Output("sound", tooltip="The voices, as long as the video."),
                io.Video.Output(
                    "video",
                    tooltip="Frames and sound, for Save Video, which copies them as they are. The file is "
                    "written clip by clip in ComfyUI's temporary folder.",
                ),
                MultiTalkBinding.Output(
                    "binding", tooltip="Where the model located everybody, for MultiTalk Binding Preview."
                ),
                io.Image.Output(
                    "steadiness",
                    tooltip="A plot: brightness and colour against the picture's, or the dubbed video's, and "
                    "the change from frame to frame; lines where clips begin.",
                ),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
        )

    @classmethod
    def validate_inputs(
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
        _takes(retakes or "", prompts or "")
        return True

    @classmethod
    def fingerprint_inputs(cls, **given: object) -> list:
        """A run without images does not serve where they are wanted now, nor one whose file is gone."""
        node_id = cls.hidden.unique_id
        # ComfyUI gives fingerprints no graph; its progress has that of the run that is about to start.
        return [is_wired(get_progress_state().dynprompt, node_id, IMAGES), losses(node_id)]

    @classmethod
    @checked
    def execute(
        cls,
        audio: Conversation,
        length: int,
        clip_frames: int,
        motion_frames: int,
        continuation: str = MULTITALK,
        keep_clips: bool = True,
        keep_at_most: float = 50.0,
        stop_after: int = 0,
        retakes: str = "",
        prompts: str = "",
        text_encoder: CLIP | None = None,
        colour_method: str = LAB,
        seam_frames: int = SEAM_FRAMES,
        codec_correction: float = 0.0,
        **shared: object,
    ) -> io.NodeOutput:
        shoot = Shoot(audio=audio, **shared)
        size = (shoot.height, shoot.width)
        _check_sizes(shoot.width, shoot.height, clip_frames, motion_frames)
        retaken, reworded = _takes(retakes, prompts)
        whole = plan_clips(length or shoot.frames, clip_frames, motion_frames)
        if stop_after:
            with naming("stop_after"):
                check_clip(stop_after - 1, whole)
        with naming("retakes"):
            for clip in retaken:
                check_clip(clip, whole)
        with naming("prompts"):
            takes = plan_takes(whole, audio.fps, retaken, reworded)
        node_id, graph = cls.hidden.unique_id, cls.hidden.dynprompt
        keeps = keep_clips and not shoot.draft
        plan = shoot.drafted(whole)
        frames = sum(clip.new_frames for clip in plan.clips[: stop_after or None])
        path, steadiness = new_path(), Steadiness()
        clips = ClipSettings(
            continuation=continuation,
            takes=takes,
            prompts=encode_prompts(takes, text_encoder, shoot.positive),
            stop_after=stop_after - 1 if stop_after else None,
            kept=_kept(graph, node_id, keep_at_most, shoot.video is not None) if keeps else None,
            held=frames if is_wired(graph, node_id, IMAGES) else None,
            told=f"the video grows in {path.parent}",
            joins=Joins(colour_method, seam_frames, codec_correction),
            steadiness=steadiness,
        )
        film = shoot.film(plan, node_id, clips)
        images = None if clips.held is None else torch.empty(clips.held, *size, 3)
        write_film(film, path, size, audio.fps, audio.sound, images, shoot.reporter.tell, keeps)
        found = [(plan.clips[index], record) for index, record in shoot.recorder.records.items()]
        drawn = drift_picture(steadiness.drift, steadiness.change, steadiness.starts, fps=audio.fps)
        return io.NodeOutput(images, sound_for(audio, frames), hand_out(node_id, path), found, drawn[None])


def _check_sizes(
    width: int | None, height: int | None, clip_frames: int | None, motion_frames: int | None
) -> None:
    """None is a value that is not yet known."""
    inputs.check_sizes(width, height, clip_frames=clip_frames, motion_frames=motion_frames)
    if None not in (clip_frames, motion_frames):
        with naming("motion_frames"):
            check_overlap(clip_frames, motion_frames)


def _takes(retakes: str, prompts: str) -> tuple[dict[int, Take], list[tuple[float, str]]]:
    """Both texts, read."""
    with naming("retakes"):
        retaken = parse_retakes(retakes)
    with naming("prompts"):
        return retaken, parse_prompts(prompts)


def _kept(graph: DynamicPrompt, node_id: str, gigabytes: float, dubbed: bool) -> FilmOfNode:
    """The node's film in the store."""
    without = long_video_inputs.SHAPE_NO_FILM if dubbed else (*long_video_inputs.SHAPE_NO_FILM, "denoise")
    defaults, limit = long_video_inputs.later_defaults(), round(gigabytes * GIGABYTE)
    return FilmOfNode.of(graph, node_id, without, defaults, limit)


def sound_for(audio: Conversation, frames: int) -> dict:
    """The conversation's sound, cut to a film's length or followed by silence, as ComfyUI's AUDIO."""
    samples = round(frames / audio.fps * audio.sound.rate)
    sound = audio.sound.padded(samples).first(samples)
    return {"waveform": torch.from_numpy(sound.samples)[None], "sample_rate": sound.rate}
