"""The node that says how voices are bound to persons."""

from typing import Any

from comfy_api.latest import io

from ..multitalk_core import limits
from ..multitalk_core.method.schemes import AUTOMATIC, SCHEMES, schemes_help
from .host.checks import checked
from .host.settings import BindingSettings
from .host.sockets import SETTINGS, MultiTalkBindingSettings
from .inputs.shared import within

USUAL = BindingSettings()


class BindingSettingsNode(io.ComfyNode):
    """Scheme, labels and what is recorded."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkBindingSettings",
            display_name="MultiTalk Binding Settings",
            category=SETTINGS,
            description="Optional: how voices are bound to persons, for the sampler nodes and MultiTalk "
            "Apply.",
            search_aliases=["multitalk", "l-rope", "scheme", "labels", "audio strength"],
            inputs=[
                io.Combo.Input(
                    "scheme",
                    options=[AUTOMATIC, *SCHEMES],
                    default=USUAL.scheme,
                    tooltip=f"How voices are bound to persons. {schemes_help()}",
                ),
                io.Float.Input(
                    "audio_strength",
                    display_name="audio strength",
                    default=USUAL.audio_strength,
                    **within(limits.AUDIO_STRENGTH),
                    step=0.05,
                    tooltip="Strength of the audio layers, 0 to 10: 1 as trained, 0 is off.",
                ),
                io.Float.Input(
                    "label_range",
                    display_name="label range",
                    default=USUAL.label_range,
                    **within(limits.LABEL_RANGE),
                    step=0.5,
                    tooltip="Width of each person's label range, 0 to 100; 4 in the paper.",
                ),
                io.Float.Input(
                    "label_distance",
                    display_name="label distance",
                    default=USUAL.label_distance,
                    **within(limits.LABEL_DISTANCE),
                    step=0.5,
                    tooltip="Distance from one person's lowest label to the next person's, 0 to 1000; 20 in "
                    "the paper.",
                ),
                io.Float.Input(
                    "background_label",
                    display_name="background label",
                    default=USUAL.background_label,
                    **within(limits.BACKGROUND_LABEL),
                    step=0.5,
                    tooltip="Label of everything that belongs to no person, -1000 to 1000; 12 in the paper.",
                ),
                io.Int.Input(
                    "record_block",
                    display_name="record block",
                    default=USUAL.record_block,
                    **within(limits.RECORDED),
                    tooltip="Model block whose binding is recorded, from 0; -1 is the middle block. "
                    "MultiTalk Apply records nothing.",
                ),
                io.Int.Input(
                    "record_step",
                    display_name="record step",
                    default=USUAL.record_step,
                    **within(limits.RECORDED),
                    tooltip="Sampling step at which the binding is recorded, from 0; -1 is the last step. "
                    "MultiTalk Apply records nothing.",
                ),
            ],
            outputs=[
                MultiTalkBindingSettings.Output(
                    "binding_settings",
                    display_name="binding settings",
                    tooltip="For the input of the same name of the sampler nodes and MultiTalk Apply.",
                )
            ],
        )

    @classmethod
    @checked
    def execute(cls, **values: Any) -> io.NodeOutput:
        return io.NodeOutput(BindingSettings(**values))
