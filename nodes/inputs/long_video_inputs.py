"""Inputs that only MultiTalk Long Video has: its length, and what single clips have of their own."""

from comfy_api.latest import io

from ...multitalk_core import limits
from ..host.sockets import MultiTalkClipSettings, MultiTalkStoreSettings


def length() -> io.Int.Input:
    """Length of the video."""
    return io.Int.Input(
        "length",
        default=0,
        min=0,
        max=limits.FILM_FRAMES.most,
        tooltip="Length of the video in frames. 0: as long as the voices, or as the dubbed video. After "
        "the voices end there is silence; after the dubbed video ends its last frame stays.",
    )


def of_single_clips() -> list[io.Input]:
    """Retakes, prompts and what encodes them."""
    return [
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
            display_name="text encoder",
            optional=True,
            tooltip="The CLIP that encodes your prompt. Needed only for prompts, and for retakes with a "
            "prompt.",
        ),
    ]


def clip_settings() -> io.Input:
    return MultiTalkClipSettings.Input(
        "clip_settings",
        display_name="clip settings",
        optional=True,
        tooltip="Length of the clips and how they follow each other, from MultiTalk Clip Settings. Without "
        "it, clips of 81 frames that repeat 5 of the clip before.",
    )


def store_settings() -> io.Input:
    return MultiTalkStoreSettings.Input(
        "store_settings",
        display_name="store settings",
        optional=True,
        tooltip="Which finished clips are stored on disk, from MultiTalk Store Settings. Without it, all of "
        "them, up to 50 GB.",
    )
