"""A plot of both voices against both mouths of the demo's film."""

from comfy.model_management import throw_exception_if_processing_interrupted
from comfy_api.latest import io, ui
from torch import Tensor

from ..multitalk_core.audio.conversation import Conversation
from ..multitalk_core.drawing.mouth_lanes import mouths_picture
from ..multitalk_core.evaluation.film_score import measure_film
from .host.checks import checked
from .host.sockets import CATEGORY, MultiTalkAudio


class MouthsPlotNode(io.ComfyNode):
    """Whether each mouth follows its own voice."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkMouthsPlot",
            display_name="MultiTalk Mouths Plot",
            category=CATEGORY,
            description="Measures how far the mouths of the demo's cartoon people are open in each frame "
            "and plots this with their voices. It works on drawn mouths only, not on photographs.",
            search_aliases=["multitalk", "binding score", "who speaks", "demo"],
            inputs=[
                io.Image.Input("images", tooltip="The video's frames, from its beginning."),
                MultiTalkAudio.Input(
                    "audio", tooltip="The voices the video was made with, left person first."
                ),
                io.Image.Input(
                    "picture",
                    tooltip="The picture the video was made from, uncropped: the demo picture, or one drawn "
                    "like it.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    "plot",
                    tooltip="One lane per person: the voice's loudness (filled), the mouth's openness "
                    "(line) and their correlation.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    @checked
    def execute(cls, images: Tensor, audio: Conversation, picture: Tensor) -> io.NodeOutput:
        tracks = audio.timeline.tracks(
            seconds=len(images) / audio.fps, check_interrupted=throw_exception_if_processing_interrupted
        )
        mouths = measure_film(
            images[..., :3],
            picture[0, ..., :3],
            list(tracks),
            fps=audio.fps,
            check_interrupted=throw_exception_if_processing_interrupted,
        )
        plot = mouths_picture(mouths.openness, mouths.loudness, fps=audio.fps)[None]
        return io.NodeOutput(plot, ui=ui.PreviewImage(plot, cls=cls))
