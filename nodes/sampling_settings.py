"""The node that says how a clip is sampled."""

from typing import Any

import comfy.samplers
from comfy_api.latest import io

from ..multitalk_core import limits
from ..multitalk_core.film.colour import ColourMethod
from .host.checks import checked
from .host.sampling_sigmas import RELEASED
from .host.settings import SamplingSettings
from .host.sockets import SETTINGS, MultiTalkSamplingSettings
from .inputs.shared import projected_guidance, within

USUAL = SamplingSettings()


class SamplingSettingsNode(io.ComfyNode):
    """Sampler, noise levels, projected guidance and colours."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkSamplingSettings",
            display_name="MultiTalk Sampling Settings",
            category=SETTINGS,
            description="Optional: sampler, noise levels, projected guidance and colours, for L-RoPE "
            "MultiTalk Sampler and MultiTalk Long Video.",
            search_aliases=["multitalk", "sampler", "scheduler", "colour match"],
            inputs=[
                io.Combo.Input(
                    "sampler_name",
                    display_name="sampler name",
                    options=comfy.samplers.SAMPLER_NAMES,
                    default=USUAL.sampler_name,
                    tooltip="The reference implementation uses euler.",
                ),
                io.Combo.Input(
                    "scheduler",
                    options=[RELEASED, *comfy.samplers.SCHEDULER_NAMES],
                    default=USUAL.scheduler,
                    tooltip="released: the noise levels of the reference implementation, which no ComfyUI "
                    "scheduler reproduces exactly.",
                ),
                projected_guidance(),
                io.Float.Input(
                    "colour_strength",
                    display_name="colour strength",
                    default=USUAL.colour_strength,
                    **within(limits.FRACTION),
                    step=0.05,
                    tooltip="How strongly the frames' colours are matched to the picture's, 0 to 1; 1 in the "
                    "reference implementation.",
                ),
                io.Combo.Input(
                    "colour_method",
                    display_name="colour method",
                    options=list(ColourMethod),
                    default=USUAL.colour_method,
                    tooltip="What colour strength matches to the picture. lab: mean and spread, as in the "
                    "reference implementation. mean: the mean only, which preserves small contrasts better.",
                ),
            ],
            outputs=[
                MultiTalkSamplingSettings.Output(
                    "sampling_settings",
                    display_name="sampling settings",
                    tooltip="For the sampler nodes' input of the same name.",
                )
            ],
        )

    @classmethod
    @checked
    def execute(cls, **values: Any) -> io.NodeOutput:
        return io.NodeOutput(SamplingSettings(**values))
