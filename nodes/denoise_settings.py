"""The node that says how much of a dubbed video is regenerated."""

from typing import Any

from comfy_api.latest import io

from ..multitalk_core import limits
from .host.checks import checked
from .host.settings import DenoiseSettings
from .host.sockets import SETTINGS, MultiTalkDenoiseSettings
from .inputs.shared import within

USUAL = DenoiseSettings()


class DenoiseSettingsNode(io.ComfyNode):
    """Denoise, and whether only mouths are regenerated."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkDenoiseSettings",
            display_name="MultiTalk Denoise Settings",
            category=SETTINGS,
            description="Optional: how much of a dubbed video is regenerated, for L-RoPE MultiTalk Sampler "
            "and MultiTalk Long Video with a video as the picture.",
            search_aliases=["multitalk", "denoise", "mouths only", "video to video"],
            inputs=[
                io.Float.Input(
                    "denoise",
                    default=USUAL.denoise,
                    **within(limits.DENOISE),
                    step=0.01,
                    tooltip="How much of the video is regenerated, 0.01 to 1. Lower values keep more of its "
                    "motion and of its old mouth movements. 1 starts from pure noise, the usual choice with "
                    "the continuation infinitetalk.",
                ),
                io.Boolean.Input(
                    "mouths_only",
                    display_name="mouths only",
                    default=USUAL.mouths_only,
                    tooltip="Follow the persons' faces through the video and regenerate only their mouths, "
                    "so that denoise can be high. In place of a region.",
                ),
            ],
            outputs=[
                MultiTalkDenoiseSettings.Output(
                    "denoise_settings",
                    display_name="denoise settings",
                    tooltip="For the sampler nodes' input of the same name.",
                )
            ],
        )

    @classmethod
    @checked
    def execute(cls, **values: Any) -> io.NodeOutput:
        return io.NodeOutput(DenoiseSettings(**values))
