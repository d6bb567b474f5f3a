"""Inputs that only MultiTalk Long Video has: its clips, what is stored of them, and how they meet."""

from comfy_api.latest import io

from ...multitalk_core import limits
from ...multitalk_core.film.colour import ColourMethod
from ...multitalk_core.film.seams import SEAM_FRAMES
from ...multitalk_core.film.spec import Continuation
from . import shared as inputs
from . import size_inputs


def lengths() -> list[io.Input]:
    """Lengths of the video and of its clips."""
    return [
        io.Int.Input(
            "length",
            default=0,
            min=0,
            max=limits.FILM_FRAMES.most,
            tooltip="Length of the video in frames. 0: as long as the voices, or as the dubbed video. After "
            "the voices end there is silence; after the dubbed video ends its last frame stays.",
        ),
        io.Int.Input(
            "clip_frames",
            default=81,
            **inputs.within(limits.CLIP_FRAMES),
            step=4,
            tooltip="Frames per clip, 4n+1; Wan was trained on 81.",
        ),
        io.Int.Input(
            "motion_frames",
            default=5,
            **inputs.within(limits.MOTION_FRAMES),
            step=4,
            tooltip="Overlap: frames at the start of a clip that repeat the end of the previous one, 4n+1, "
            "fewer than clip_frames. 5 in the paper, 25 in the reference implementation, 9 for "
            "InfiniteTalk. More is steadier and slower.",
        ),
    ]


def appended() -> list[io.Input]:
    """Optional inputs, in the order in which they were added: a saved graph without them still runs."""
    return [
        io.Combo.Input(
            "continuation",
            options=list(Continuation),
            default=Continuation.MULTITALK,
            optional=True,
            advanced=True,
            tooltip="How a clip continues the previous one; choose what the adapter was trained for. "
            "multitalk conditions it on the motion frames. infinitetalk conditions it on the picture or, "
            "when dubbing, on the video's frame at the start of the clip.",
        ),
        io.Boolean.Input(
            "keep_clips",
            default=True,
            optional=True,
            advanced=True,
            tooltip="Store every finished clip on disk. The same graph then resumes after the last stored "
            "clip: after a crash, an interruption or a change of length. Clips are stored in ComfyUI's user "
            "folder; MultiTalk Kept Films lists and clears them.",
        ),
        io.Float.Input(
            "keep_at_most",
            default=50.0,
            **inputs.within(limits.STORE_GIGABYTES),
            step=0.1,
            optional=True,
            advanced=True,
            tooltip="Disk space limit for all stored clips, in gigabytes, from 0.001. Clips of the least "
            "recently used videos are cleared first, never those of the video in progress.",
        ),
        io.Int.Input(
            "stop_after",
            default=0,
            min=0,
            max=limits.CLIPS.most,
            optional=True,
            tooltip="Stop after this clip, counted from 1, to check the video so far; 0 never stops. Set a "
            "later clip or 0 to continue from there.",
        ),
        io.String.Input(
            "retakes",
            multiline=True,
            default="",
            placeholder="3: 42",
            optional=True,
            tooltip="Clips to regenerate, together with all clips after them, one per line. 3: 42 sets the "
            "seed of clip 3 to 42; 3: 42, She laughs. also sets its prompt; 3: She laughs. sets only its "
            "prompt. 3 person 2: 42 regenerates only the mouth of person 2 in clip 3, all person 2: 42 in "
            "every clip: all else stays exactly as it was, later clips too. Drawn faces are not found: "
            "connect a region that is white over the mouths. Leave earlier lines in place to keep those "
            "retakes.",
        ),
        io.String.Input(
            "prompts",
            multiline=True,
            default="",
            placeholder="0:05 She nods.",
            optional=True,
            tooltip="Prompt changes, one per line, as in 0:05 She nods. Each applies from the clip that "
            "contains this time until the next change.",
        ),
        io.Clip.Input(
            "text_encoder",
            optional=True,
            tooltip="The CLIP that encodes your prompt. Needed only for prompts, and for retakes with a "
            "prompt.",
        ),
        inputs.denoise(),
        *_seam_corrections(),
        inputs.region(),
        inputs.mouths_only(),
        size_inputs.resolution(),
    ]


def _seam_corrections() -> list[io.Input]:
    """Corrections from clip to clip that the reference implementation does not have (docs/steadiness.md)."""
    return [
        io.Combo.Input(
            "colour_method",
            options=list(ColourMethod),
            default=ColourMethod.LAB,
            optional=True,
            advanced=True,
            tooltip="What colour_strength matches to the picture. lab: mean and spread, as in the reference "
            "implementation. mean: the mean only, which preserves small contrasts better.",
        ),
        io.Int.Input(
            "seam_frames",
            default=SEAM_FRAMES,
            **inputs.within(limits.SEAM_FRAMES),
            optional=True,
            advanced=True,
            tooltip="Frames over which the jump at a clip boundary fades out; 0 leaves the jump, as in the "
            "reference implementation.",
        ),
        io.Float.Input(
            "codec_correction",
            default=0.0,
            **inputs.within(limits.FRACTION),
            step=0.05,
            optional=True,
            advanced=True,
            tooltip="How much of the VAE's change to the motion frames is compensated before they condition "
            "the next clip, 0 to 1. 0.5 reduces colour drift; 0 is off, as in the reference implementation.",
        ),
    ]
