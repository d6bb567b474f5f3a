"""The node that says which clips are stored."""

from typing import Any

from comfy_api.latest import io

from ..multitalk_core import limits
from .host.checks import checked
from .host.settings import StoreSettings
from .host.sockets import SETTINGS, MultiTalkStoreSettings
from .inputs.shared import within

USUAL = StoreSettings()


class StoreSettingsNode(io.ComfyNode):
    """Whether finished clips are stored, how many, and after which one to stop."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkStoreSettings",
            display_name="MultiTalk Store Settings",
            category=SETTINGS,
            description="Optional: which finished clips are stored on disk, and after which clip to stop, "
            "for MultiTalk Long Video.",
            search_aliases=["multitalk", "resume", "stop", "disk space", "clips"],
            inputs=[
                io.Boolean.Input(
                    "store_clips",
                    display_name="store clips",
                    default=USUAL.store_clips,
                    tooltip="Store every finished clip on disk. The same graph then resumes after the last "
                    "stored clip: after a crash, an interruption or a change of length. Clips are stored in "
                    "ComfyUI's user folder; MultiTalk Stored Films lists and clears them.",
                ),
                io.Float.Input(
                    "store_at_most",
                    display_name="store at most",
                    default=USUAL.store_at_most,
                    **within(limits.STORE_GIGABYTES),
                    step=0.1,
                    tooltip="Disk space limit for all stored clips, in gigabytes, from 0.001. Clips of the "
                    "least recently used videos are cleared first, never those of the video in progress.",
                ),
                io.Int.Input(
                    "stop_after",
                    display_name="stop after",
                    default=USUAL.stop_after,
                    min=0,
                    max=limits.CLIPS.most,
                    tooltip="Stop after this clip, counted from 1, to check the video so far; 0 never stops. "
                    "Set a later clip or 0 to continue from there.",
                ),
            ],
            outputs=[
                MultiTalkStoreSettings.Output(
                    "store_settings", display_name="store settings", tooltip="For MultiTalk Long Video."
                )
            ],
        )

    @classmethod
    @checked
    def execute(cls, **values: Any) -> io.NodeOutput:
        return io.NodeOutput(StoreSettings(**values))
