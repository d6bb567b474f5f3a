"""The node that gives the reference implementation's noise levels."""

from comfy_api.latest import io

from ..multitalk_core.method.schedule import TIMESTEPS, released_timesteps
from .host.checks import checked
from .host.sockets import CATEGORY
from .inputs.shared import shift, steps


class ReleasedSigmasNode(io.ComfyNode):
    """The reference implementation's noise levels."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkSigmas",
            display_name="MultiTalk Sigmas",
            category=CATEGORY,
            description="The noise levels of the reference implementation, for SamplerCustomAdvanced.",
            search_aliases=["multitalk", "scheduler", "timesteps", "sigmas", "shift"],
            inputs=[
                steps(),
                shift(),
            ],
            outputs=[io.Sigmas.Output("sigmas", tooltip="For SamplerCustomAdvanced.")],
        )

    @classmethod
    @checked
    def execute(cls, steps: int, shift: float) -> io.NodeOutput:
        return io.NodeOutput(released_timesteps(steps, shift) / TIMESTEPS)
