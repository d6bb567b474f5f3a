"""The node that supplies the embedded demo: everything a graph needs but the models."""

import torch
from comfy_api.latest import io
from torch import Tensor

from ..multitalk_core.audio.sound_file import read_audio
from ..multitalk_core.demo.boxes import BOXES
from ..multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from ..multitalk_core.demo.text import PROMPT, DemoText
from ..multitalk_core.media.picture import read_picture
from .host.checks import check_queued, checked
from .host.sockets import CATEGORY, BoundingBox, bounding_box


class DemoNode(io.ComfyNode):
    """The demo's picture, voices, boxes and text conditioning."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkDemo",
            display_name="MultiTalk Demo Scene",
            category=CATEGORY,
            description="A picture of two persons, a voice for each, and text conditioning for the embedded "
            "demo model. Needs no upload and no text encoder; other models cannot use its conditioning.",
            search_aliases=["multitalk", "example", "sample", "demo", "test scene"],
            inputs=[
                io.String.Input(
                    "prompt",
                    default=PROMPT,
                    optional=True,
                    tooltip="A prompt in the demo model's small vocabulary: left, right or they; nods, "
                    "hops, reddens, cross. Other words are ignored.",
                ),
            ],
            outputs=[
                io.Image.Output("picture", tooltip="640 × 400 pixels."),
                io.Audio.Output("voice_1", display_name="voice 1", tooltip="Voice of the left person."),
                io.Audio.Output("voice_2", display_name="voice 2", tooltip="Voice of the right person."),
                BoundingBox.Output(
                    "boxes", tooltip="Boxes around the two persons, for Locate MultiTalk Persons."
                ),
                io.Conditioning.Output("positive", tooltip="For the embedded demo model only."),
                io.Conditioning.Output("negative", tooltip="For the embedded demo model only."),
            ],
        )

    @classmethod
    def validate_inputs(cls, prompt: str | None = None) -> bool:
        check_queued(cls, prompt=prompt)
        return True

    @classmethod
    @checked
    def execute(cls, prompt: str = PROMPT) -> io.NodeOutput:
        text = DemoText.read(EMBEDDED / EMBEDDED_FILES["text"])
        return io.NodeOutput(
            read_picture(EMBEDDED / "picture.png")[None],
            _audio("voice_1.flac"),
            _audio("voice_2.flac"),
            [bounding_box(box) for box in BOXES],
            _conditioning(text(prompt)),
            _conditioning(text("", negative=True)),
        )


def _audio(name: str) -> dict:
    voice = read_audio(EMBEDDED / name)
    return {"waveform": torch.from_numpy(voice.samples)[None], "sample_rate": voice.rate}


def _conditioning(text: Tensor) -> list:
    return [[text, {}]]
