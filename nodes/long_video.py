"""The long-video node: as many clips as the voices need."""

import torch
from comfy.sd import CLIP
from comfy_api.latest import io
from comfy_execution.progress import get_progress_state

from ..multitalk_core.audio.conversation import Conversation
from ..multitalk_core.clips import plan_clips
from ..multitalk_core.colour import COLOUR_METHODS, LAB
from ..multitalk_core.drawing.drift import drift_picture
from ..multitalk_core.errors import MultiTalkError
from ..multitalk_core.film import CONTINUATIONS, MULTITALK, Take
from ..multitalk_core.joins import Joins
from ..multitalk_core.steadiness import Steadiness
from ..multitalk_core.takes import check_clip, parse_prompts, parse_retakes, plan_takes
from . import inputs
from .film_file import hand_out, is_wired, losses, new_path, write_film
from .shoot import ClipSettings, Shoot
from .sockets import CATEGORY, MultiTalkBinding
from .store import FilmOfNode

GIGABYTE = 10**9
IMAGES = 0  # the output's place
# Inputs of the node without which a kept film is still the same: the clips themselves tell its length and
# what each of them has of its own.
SHAPE_NO_FILM = (
    "length",
    "record_block",
    "record_step",
    "keep_clips",
    "keep_at_most",
    "stop_after",
    "retakes",
    "prompts",
    "text_encoder",
)


class LongVideo(io.ComfyNode):
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
                *_lengths(),
                *inputs.sampling(),
                *inputs.binding(),
                inputs.projected_guidance(),
                *inputs.finishing(),
                *_later_inputs(),
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
    ) -> bool | str:
        try:
            inputs.check_sizes(width, height, clip_frames=clip_frames, motion_frames=motion_frames)
            parse_retakes(retakes or "")
            parse_prompts(prompts or "")
        except MultiTalkError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, **given: object) -> list:
        """A run without images does not serve where they are wanted now, nor one whose file is gone."""
        node_id = cls.hidden.unique_id
        # ComfyUI gives fingerprints no graph; its progress has that of the run that is about to start.
        return [is_wired(get_progress_state().dynprompt, node_id, IMAGES), losses(node_id)]

    @classmethod
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
        seam_frames: int = 0,
        codec_correction: float = 0.0,
        **shared: object,
    ) -> io.NodeOutput:
        shoot = Shoot(audio=audio, **shared)
        size = (shoot.height, shoot.width)
        inputs.check_sizes(shoot.width, shoot.height, clip_frames=clip_frames, motion_frames=motion_frames)
        whole = plan_clips(length or shoot.frames, clip_frames, motion_frames)
        if stop_after:
            check_clip(stop_after - 1, whole)
        takes = plan_takes(whole, audio.fps, parse_retakes(retakes), parse_prompts(prompts))
        node_id, graph = cls.hidden.unique_id, cls.hidden.dynprompt
        kept = None
        if keep_clips and not shoot.draft:
            unused = ("denoise",) if shoot.video is None else ()
            without, limit = (*SHAPE_NO_FILM, *unused), round(keep_at_most * GIGABYTE)
            kept = FilmOfNode.of(graph, node_id, without, _later_defaults(), limit)
        plan = shoot.drafted(whole)
        frames = sum(clip.new_frames for clip in plan.clips[: stop_after or None])
        path, steadiness = new_path(), Steadiness()
        clips = ClipSettings(
            continuation=continuation,
            takes=takes,
            prompts=encode_prompts(takes, text_encoder, shoot.positive),
            stop_after=stop_after - 1 if stop_after else None,
            kept=kept,
            held=frames if is_wired(graph, node_id, IMAGES) else None,
            told=f"the video grows in {path.parent}",
            joins=Joins(colour_method, seam_frames, codec_correction),
            steadiness=steadiness,
        )
        film = shoot.film(plan, node_id, clips)
        images = None if clips.held is None else torch.empty(clips.held, *size, 3)
        tell, goes_on = shoot.reporter.tell, kept is not None
        write_film(film, path, size, audio.fps, audio.sound, images, tell, goes_on)
        found = [(plan.clips[index], record) for index, record in shoot.recorder.records.items()]
        drawn = drift_picture(steadiness.drift, steadiness.change, steadiness.starts, audio.fps)
        return io.NodeOutput(images, sound_for(audio, frames), hand_out(node_id, path), found, drawn[None])


def _lengths() -> list[io.Input]:
    """Of the video and of its clips."""
    return [
        io.Int.Input(
            "length",
            default=0,
            min=0,
            max=900000,
            tooltip="Length of the video in frames; 0: until the voices end, or a dubbed video. Past the "
            "voices' end there is silence, past a dubbed video's its last picture.",
        ),
        io.Int.Input(
            "clip_frames",
            default=81,
            min=5,
            max=1001,
            step=4,
            tooltip="Frames of one clip, 4n+1; Wan was trained on 81.",
        ),
        io.Int.Input(
            "motion_frames",
            default=5,
            min=1,
            max=997,
            step=4,
            tooltip="Frames of a clip that repeat the end of the one before, 4n+1, fewer than clip_frames: "
            "5 in the paper, 25 in the released code, 9 for InfiniteTalk. More is steadier and slower.",
        ),
    ]


def _later_inputs() -> list[io.Input]:
    """Those that came after the first release, in the order in which they came; graphs without them run."""
    return [
        io.Combo.Input(
            "continuation",
            options=list(CONTINUATIONS),
            default=MULTITALK,
            optional=True,
            advanced=True,
            tooltip="How a clip goes on from the one before, as the adapter learnt it: multitalk is "
            "conditioned on the motion frames, infinitetalk on the picture throughout, or on the dubbed "
            "video's at the start of each clip.",
        ),
        io.Boolean.Input(
            "keep_clips",
            default=True,
            optional=True,
            advanced=True,
            tooltip="Keep every finished clip on disk, so that the same graph goes on after the last one: "
            "after a crash, an interruption, or with another length. They lie in ComfyUI's user folder; "
            "MultiTalk Kept Films shows and clears them.",
        ),
        io.Float.Input(
            "keep_at_most",
            default=50.0,
            min=0.001,
            max=100000.0,
            step=0.1,
            optional=True,
            advanced=True,
            tooltip="Gigabytes that the clips of all films may take on disk, from 0.001. The films used "
            "least recently go first; the one being made stays.",
        ),
        io.Int.Input(
            "stop_after",
            default=0,
            min=0,
            max=100000,
            optional=True,
            tooltip="Stop after this clip, counted from 1, to look at the video so far; 0: never. With a "
            "later clip or 0 the film goes on from there.",
        ),
        io.String.Input(
            "retakes",
            multiline=True,
            default="",
            placeholder="3: 42",
            optional=True,
            tooltip="Clips that are made again with a seed of their own, and what follows them; one a line, "
            "clip and seed as in 3: 42, with a prompt as in 3: 42, She laughs. or a prompt alone as in "
            "3: She laughs. Leave lines in place to keep earlier retakes.",
        ),
        io.String.Input(
            "prompts",
            multiline=True,
            default="",
            placeholder="0:05 She nods.",
            optional=True,
            tooltip="Other prompts from a time in the video on, one a line, as in 0:05 She nods. Each holds "
            "from the clip that brings this time until the next line's.",
        ),
        io.Clip.Input(
            "text_encoder",
            optional=True,
            tooltip="The CLIP that encodes the prompt; needed only for prompts and retakes with other words.",
        ),
        inputs.denoise(),
        *_joins(),
    ]


def _joins() -> list[io.Input]:
    """Corrections from clip to clip beyond the released code's (docs/steadiness.md)."""
    return [
        io.Combo.Input(
            "colour_method",
            options=list(COLOUR_METHODS),
            default=LAB,
            optional=True,
            advanced=True,
            tooltip="What colour_strength draws towards the picture: lab, mean and spread as released; mean, "
            "the mean alone, which keeps more of small contrasts.",
        ),
        io.Int.Input(
            "seam_frames",
            default=0,
            min=0,
            max=25,
            optional=True,
            advanced=True,
            tooltip="Frames over which the jump where a clip begins fades, 4 if it shows; 0 as released.",
        ),
        io.Float.Input(
            "codec_correction",
            default=0.0,
            min=0.0,
            max=1.0,
            step=0.05,
            optional=True,
            advanced=True,
            tooltip="Share of what the VAE changes in the motion frames that is made up for before they go "
            "on: 0.5 lets colours drift less; 0 as released.",
        ),
    ]


def _later_defaults() -> dict[str, object]:
    return {given.id: given.default for given in _later_inputs() if isinstance(given, io.WidgetInput)}


def encode_prompts(takes: dict[int, Take], text_encoder: CLIP | None, positive: list) -> dict[str, list]:
    """CONDITIONING of every prompt of the takes; what else the film's own carries goes with it.

    Raises
    ------
    MultiTalkError
        Without a text encoder.
    """
    prompts = {take.prompt for take in takes.values() if take.prompt is not None}
    if prompts and text_encoder is None:
        raise MultiTalkError(
            "Clips with prompts of their own need the text encoder: connect the CLIP that encodes the prompt "
            "to text_encoder."
        )
    return {
        prompt: [
            [text, {**positive[0][1], **options}]
            for text, options in text_encoder.encode_from_tokens_scheduled(text_encoder.tokenize(prompt))
        ]
        for prompt in sorted(prompts)
    }


def sound_for(audio: Conversation, frames: int) -> dict:
    """The conversation's sound, cut to a film's length or followed by silence, as ComfyUI's AUDIO."""
    samples = round(frames / audio.fps * audio.sound.rate)
    sound = audio.sound.padded(samples).first(samples)
    return {"waveform": torch.from_numpy(sound.samples)[None], "sample_rate": sound.rate}
