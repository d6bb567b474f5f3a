"""The node that says how a long video is divided into clips."""

from typing import Any

from comfy_api.latest import io

from ..multitalk_core import limits
from ..multitalk_core.film.clips import check_overlap
from ..multitalk_core.film.spec import Continuation
from ..multitalk_core.method.wan import check_frames
from ..multitalk_core.origin.watermark import watermark_names
from .host.checks import check_queued, checked, naming
from .host.settings import NO_WATERMARK, ClipSettings
from .host.sockets import SETTINGS, MultiTalkClipSettings
from .inputs.shared import within

USUAL = ClipSettings()


class ClipSettingsNode(io.ComfyNode):
    """Length of the clips, their overlap and their seams."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkClipSettings",
            display_name="MultiTalk Clip Settings",
            category=SETTINGS,
            description="Optional: length of the clips, how one continues the other, and what is done at "
            "the seams between them, for MultiTalk Long Video. InfiniteTalk adapters need it.",
            search_aliases=["multitalk", "infinitetalk", "seam", "overlap", "motion frames", "continuation"],
            inputs=[
                io.Int.Input(
                    "clip_frames",
                    display_name="clip frames",
                    default=USUAL.clip_frames,
                    **within(limits.CLIP_FRAMES),
                    step=4,
                    tooltip="Frames per clip, 4n+1; Wan was trained on 81.",
                ),
                io.Int.Input(
                    "motion_frames",
                    display_name="motion frames",
                    default=USUAL.motion_frames,
                    **within(limits.MOTION_FRAMES),
                    step=4,
                    tooltip="Overlap: frames at the start of a clip that repeat the end of the previous one, "
                    "4n+1, fewer than clip frames. 5 in the paper, 25 in the reference implementation, 9 for "
                    "InfiniteTalk. More is steadier and slower.",
                ),
                io.Combo.Input(
                    "continuation",
                    options=list(Continuation),
                    default=USUAL.continuation,
                    tooltip="How a clip continues the previous one; choose what the adapter was trained for. "
                    "multitalk conditions it on the motion frames. infinitetalk conditions it on the picture "
                    "or, when dubbing, on the video's frame at the start of the clip.",
                ),
                io.Int.Input(
                    "seam_frames",
                    display_name="seam frames",
                    default=USUAL.seam_frames,
                    **within(limits.SEAM_FRAMES),
                    tooltip="Frames over which the jump at a seam fades out; 0 leaves the jump, as in the "
                    "reference implementation.",
                ),
                io.Float.Input(
                    "codec_correction",
                    display_name="codec correction",
                    default=USUAL.codec_correction,
                    **within(limits.FRACTION),
                    step=0.05,
                    tooltip="How much of the VAE's change to the motion frames is compensated before they "
                    "condition the next clip, 0 to 1. 0.5 reduces colour drift; 0 is off, as in the "
                    "reference implementation.",
                ),
                io.Combo.Input(
                    "watermark",
                    options=[NO_WATERMARK, *watermark_names()],
                    default=USUAL.watermark,
                    optional=True,
                    tooltip="A watermark in the pixels of the video output, offered by another package "
                    "(docs/origin.md). The images output has none.",
                ),
                io.Boolean.Input(
                    "follow_persons",
                    display_name="follow persons",
                    default=USUAL.follow_persons,
                    optional=True,
                    tooltip="In each clip after the first, locates the persons where its first frame shows "
                    "them, by their faces: for people who walk or change sides. With the continuation "
                    "multitalk; persons in a dubbed video are always followed.",
                ),
            ],
            outputs=[
                MultiTalkClipSettings.Output(
                    "clip_settings", display_name="clip settings", tooltip="For MultiTalk Long Video."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, clip_frames: int | None = None, motion_frames: int | None = None) -> bool:
        check_queued(cls, clip_frames=clip_frames, motion_frames=motion_frames)
        _check_lengths(clip_frames, motion_frames)
        return True

    @classmethod
    @checked
    def execute(cls, **values: Any) -> io.NodeOutput:
        settings = ClipSettings(**values)
        _check_lengths(settings.clip_frames, settings.motion_frames)
        return io.NodeOutput(settings)


def _check_lengths(clip_frames: int | None, motion_frames: int | None) -> None:
    """None is a value that is not yet known."""
    for name, count in (("clip_frames", clip_frames), ("motion_frames", motion_frames)):
        if count is not None:
            check_frames(count, name)
    if clip_frames is not None and motion_frames is not None:
        with naming("motion_frames"):
            check_overlap(clip_frames, motion_frames)
