"""The node that guides by text and by audio, for SamplerCustomAdvanced."""

from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io

from ..multitalk_core.method.guidance import GuidanceScales
from .host.audio_guider import AudioGuider
from .host.checks import checked
from .host.matching import check_prompt
from .host.sockets import CATEGORY
from .inputs.shared import audio_scale, projected_guidance, text_scale


class GuiderNode(io.ComfyNode):
    """Guidance by text and by audio, for SamplerCustomAdvanced."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkGuider",
            display_name="MultiTalk Guider",
            category=CATEGORY,
            description="Guides by the prompt and by the voices, each with its own scale: U + text · (C − "
            "D) + audio · (D − U), where C is the prompt with voices, D the negative prompt with voices and "
            "U the negative prompt without voices.",
            search_aliases=["multitalk", "audio cfg", "three-way cfg", "text scale", "audio scale"],
            inputs=[
                io.Model.Input("model", tooltip="From MultiTalk Apply."),
                io.Conditioning.Input("positive", tooltip="The prompt, through WanImageToVideo."),
                io.Conditioning.Input("negative", tooltip="The negative prompt, through WanImageToVideo."),
                text_scale(),
                audio_scale(),
                projected_guidance(),
            ],
            outputs=[io.Guider.Output("guider", tooltip="For SamplerCustomAdvanced.")],
        )

    @classmethod
    @checked
    def execute(
        cls,
        *,
        model: ModelPatcher,
        positive: list,
        negative: list,
        text_scale: float,
        audio_scale: float,
        projected_guidance: bool,
    ) -> io.NodeOutput:
        check_prompt("positive", positive, model)
        check_prompt("negative", negative, model)
        scales = GuidanceScales(text_scale, audio_scale)
        return io.NodeOutput(
            AudioGuider(model, positive, negative, scales=scales, projected=projected_guidance)
        )
