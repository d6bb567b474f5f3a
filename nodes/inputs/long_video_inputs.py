"""Inputs that MultiTalk Long Video alone has: of its clips, what is kept of them, and how they are joined."""

from comfy_api.latest import io

from ...multitalk_core import limits
from ...multitalk_core.film.colour import ColourMethod
from ...multitalk_core.film.seams import SEAM_FRAMES
from ...multitalk_core.film.spec import Continuation
from . import shared as inputs


def lengths() -> list[io.Input]:
    """Of the video and of its clips."""
    return [
        io.Int.Input(
            "length",
            default=0,
            min=0,
            max=limits.FILM_FRAMES.most,
            tooltip="Length of the video in frames; 0: until the voices end, or a dubbed video. Past the "
            "voices' end there is silence, past a dubbed video's its last picture.",
        ),
        io.Int.Input(
            "clip_frames",
            default=81,
            **inputs.within(limits.CLIP_FRAMES),
            step=4,
            tooltip="Frames of one clip, 4n+1; Wan was trained on 81.",
        ),
        io.Int.Input(
            "motion_frames",
            default=5,
            **inputs.within(limits.MOTION_FRAMES),
            step=4,
            tooltip="Frames of a clip that repeat the end of the one before, 4n+1, fewer than clip_frames: "
            "5 in the paper, 25 in the released code, 9 for InfiniteTalk. More is steadier and slower.",
        ),
    ]


def later() -> list[io.Input]:
    """Those that came after the first release, in the order in which they came; graphs without them run."""
    return [
        io.Combo.Input(
            "continuation",
            options=list(Continuation),
            default=Continuation.MULTITALK,
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
            **inputs.within(limits.STORE_GIGABYTES),
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
            max=limits.CLIPS.most,
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
        inputs.region(),
    ]


def _joins() -> list[io.Input]:
    """Corrections from clip to clip beyond the released code's (docs/steadiness.md)."""
    return [
        io.Combo.Input(
            "colour_method",
            options=list(ColourMethod),
            default=ColourMethod.LAB,
            optional=True,
            advanced=True,
            tooltip="What colour_strength draws towards the picture: lab, mean and spread as released; mean, "
            "the mean alone, which keeps more of small contrasts.",
        ),
        io.Int.Input(
            "seam_frames",
            default=SEAM_FRAMES,
            **inputs.within(limits.SEAM_FRAMES),
            optional=True,
            advanced=True,
            tooltip="Frames over which the jump where a clip begins fades; 0 leaves it, as released.",
        ),
        io.Float.Input(
            "codec_correction",
            default=0.0,
            **inputs.within(limits.FRACTION),
            step=0.05,
            optional=True,
            advanced=True,
            tooltip="Share of what the VAE changes in the motion frames that is made up for before they go "
            "on: 0.5 lets colours drift less; 0 as released.",
        ),
    ]
