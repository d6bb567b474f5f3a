"""The long-video node: as many clips as the voices need."""

from collections.abc import Iterator
from fractions import Fraction

import torch
from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import InputImpl, Types, io
from torch import Tensor

from ..multitalk_core.audio.conversation import Conversation
from ..multitalk_core.clips import ClipPlan, plan_clips
from ..multitalk_core.film import CONTINUATIONS, MULTITALK, FinishedClip
from ..multitalk_core.persons import Persons
from . import inputs
from .shoot import Shoot
from .sockets import CATEGORY, MultiTalkBinding
from .store import FilmOfNode

# Inputs of the node without which a kept film is still the same; its length is told by the clips.
SHAPE_NO_FRAME = ("length", "record_block", "record_step", "keep_clips")


class LongVideo(io.ComfyNode):
    """The sampler over a whole conversation."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkLongVideo",
            display_name="MultiTalk Long Video",
            category=CATEGORY,
            description="Makes as many clips as the voices need: the last frames of each condition the next. "
            "All frames stay in memory; finished clips are kept on disk too.",
            search_aliases=["multitalk", "long video", "extend video", "infinitetalk", "conversation"],
            inputs=[
                *inputs.voices_and_persons(),
                *inputs.conditions(),
                *inputs.size(),
                io.Int.Input(
                    "length",
                    default=0,
                    min=0,
                    max=900000,
                    tooltip="Length of the video in frames; 0: until the voices end. Past their end there is "
                    "silence.",
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
                    tooltip="Frames of a clip that repeat the end of the one before, 4n+1, fewer than "
                    "clip_frames: 5 in the paper, 25 in the released code, 9 for InfiniteTalk. More is "
                    "steadier and slower.",
                ),
                *inputs.sampling(),
                *inputs.binding(),
                inputs.projected_guidance(),
                *inputs.finishing(),
                io.Combo.Input(
                    "continuation",
                    options=list(CONTINUATIONS),
                    default=MULTITALK,
                    optional=True,  # came later: graphs without it still run
                    advanced=True,
                    tooltip="How a clip goes on from the one before, as the adapter learnt it: multitalk is "
                    "conditioned on the motion frames, infinitetalk on the picture throughout.",
                ),
                io.Boolean.Input(
                    "keep_clips",
                    default=True,
                    optional=True,  # came later: graphs without it still run
                    advanced=True,
                    tooltip="Keep every finished clip on disk, so that the same graph goes on after the last "
                    "one: after a crash, an interruption, or with another length. They lie in ComfyUI's user "
                    "folder, at most 50 GB; the films used least recently go first.",
                ),
            ],
            outputs=[
                io.Image.Output("images", tooltip="All frames."),
                io.Audio.Output("sound", tooltip="The voices, as long as the video."),
                io.Video.Output("video", tooltip="Frames and sound, for Save Video."),
                MultiTalkBinding.Output(
                    "binding", tooltip="Where the model located everybody, for MultiTalk Binding Preview."
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
    ) -> bool | str:
        return inputs.validate_sizes(
            width=width, height=height, clip_frames=clip_frames, motion_frames=motion_frames
        )

    @classmethod
    def execute(
        cls,
        model: ModelPatcher,
        audio_adapter: ModelPatcher,
        audio: Conversation,
        positive: list,
        negative: list,
        vae: VAE,
        picture: Tensor,
        width: int,
        height: int,
        length: int,
        clip_frames: int,
        motion_frames: int,
        steps: int,
        sampler_name: str,
        scheduler: str,
        shift: float,
        text_scale: float,
        audio_scale: float,
        seed: int,
        scheme: str,
        audio_strength: float,
        label_range: float,
        label_distance: float,
        background_label: float,
        projected_guidance: bool,
        colour_strength: float,
        draft: bool,
        record_block: int,
        record_step: int,
        persons: Persons | None = None,
        clip_vision: ClipVisionModel | None = None,
        continuation: str = MULTITALK,
        keep_clips: bool = True,
    ) -> io.NodeOutput:
        inputs.check_sizes(width=width, height=height, clip_frames=clip_frames, motion_frames=motion_frames)
        shoot = Shoot(
            model=model,
            audio_adapter=audio_adapter,
            audio=audio,
            persons=persons,
            positive=positive,
            negative=negative,
            vae=vae,
            picture=picture,
            clip_vision=clip_vision,
            width=width,
            height=height,
            steps=steps,
            sampler_name=sampler_name,
            scheduler=scheduler,
            shift=shift,
            text_scale=text_scale,
            audio_scale=audio_scale,
            seed=seed,
            projected_guidance=projected_guidance,
            scheme=scheme,
            audio_strength=audio_strength,
            label_range=label_range,
            label_distance=label_distance,
            background_label=background_label,
            colour_strength=colour_strength,
            draft=draft,
            record_block=record_block,
            record_step=record_step,
            continuation=continuation,
        )
        plan = shoot.drafted(plan_clips(length or audio.frames, clip_frames, motion_frames))
        node_id = cls.hidden.unique_id
        kept = None
        if keep_clips and not draft:
            kept = FilmOfNode.of(cls.hidden.dynprompt, node_id, SHAPE_NO_FRAME)
        images = collect(shoot.film(plan, node_id, kept), plan, (height, width))
        found = [(plan.clips[index], record) for index, record in shoot.recorder.records.items()]
        sound = sound_for(audio, len(images))
        frame_rate = Fraction(audio.fps).limit_denominator(1001)
        video = InputImpl.VideoFromComponents(Types.VideoComponents(images, frame_rate, sound))
        return io.NodeOutput(images, sound, video, found)


def collect(film: Iterator[FinishedClip], plan: ClipPlan, size: tuple[int, int]) -> Tensor:
    """All frames of a film in one tensor, which is filled clip by clip.

    Parameters
    ----------
    film : iterator of FinishedClip
    plan : ClipPlan
    size : (int, int)
        Height and width in pixels.

    Returns
    -------
    Tensor [frames, height, width, 3], float32, in 0..1
    """
    images = torch.empty(plan.frames, *size, 3)
    made = 0
    for finished in film:
        images[made : made + len(finished.frames)] = finished.frames
        made += len(finished.frames)
    return images


def sound_for(audio: Conversation, frames: int) -> dict:
    """The conversation's sound, cut to a film's length or followed by silence, as ComfyUI's AUDIO."""
    samples = round(frames / audio.fps * audio.sound.rate)
    sound = audio.sound.padded(samples).first(samples)
    return {"waveform": torch.from_numpy(sound.samples)[None], "sample_rate": sound.rate}
