"""The node that joins the spoken lines of a script to a recording and a table of turns."""

import torch
from comfy_api.latest import io

from ..multitalk_core import limits
from ..multitalk_core.audio.waveform import Waveform, from_array
from ..multitalk_core.errors import MultiTalkError
from ..multitalk_core.script.joining import join_lines
from ..multitalk_core.script.placing import USUAL_GAP
from ..multitalk_core.script.script_summary import summary
from ..multitalk_core.script.written_script import Script, ScriptLine
from .host.checks import checked, naming
from .host.reporter import announce
from .host.sockets import CATEGORY, MultiTalkScript
from .inputs.shared import within


class JoinLinesNode(io.ComfyNode):
    """The sounds of all lines to one recording, and its turns."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkJoinLines",
            display_name="MultiTalk Join Lines",
            category=CATEGORY,
            description="Joins the sounds of a script's lines: a recording for speaker 1 of Encode MultiTalk "
            "Audio, and the table of turns that places each line with its pause or overlap.",
            search_aliases=["multitalk", "text to speech", "tts", "concatenate audio", "dialogue", "turns"],
            essentials_category="Audio",
            is_input_list=True,
            inputs=[
                io.Audio.Input(
                    "sounds",
                    tooltip="The sound of each line, in order: from the text-to-speech node, or from Create "
                    "List where the lines are recorded.",
                ),
                MultiTalkScript.Input("script", tooltip="From MultiTalk Script."),
                io.Float.Input(
                    "gap",
                    default=USUAL_GAP,
                    **within(limits.GAP_SECONDS),
                    step=0.05,
                    tooltip="Seconds of silence between two lines where the script says nothing, 0 to 60.",
                ),
            ],
            outputs=[
                io.Audio.Output(
                    "recording",
                    tooltip="All lines one after the other: for speaker_1 of Encode MultiTalk Audio.",
                ),
                io.String.Output(
                    "turns",
                    tooltip="Who speaks when: for the turns of Encode MultiTalk Audio, timing table. Its "
                    "timeline shows and changes them.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    @checked
    def execute(cls, sounds: list[dict], script: list[Script], gap: list[float]) -> io.NodeOutput:
        (read,) = script[:1]
        if len(sounds) != len(read.lines):
            raise MultiTalkError(
                f"sounds: there are {len(sounds)} for the {len(read.lines)} lines of the script; connect the "
                "text-to-speech node whose text is the lines of MultiTalk Script."
            )
        voices = [_voice(sound, line) for sound, line in zip(sounds, read.lines, strict=True)]
        with naming("sounds"):
            joined = join_lines(read, voices, gap[0])
        announce("\n".join([summary(read, joined, {}), *joined.remarks]), cls.hidden.unique_id)
        recording = {
            "waveform": torch.from_numpy(joined.recording.samples)[None],
            "sample_rate": joined.recording.rate,
        }
        return io.NodeOutput(recording, joined.table)


def _voice(sound: dict, line: ScriptLine) -> Waveform:
    with naming(f"sounds: line {line.number} of the script ({line.speaker})"):
        if len(sound["waveform"]) != 1:
            raise MultiTalkError(f"it is a batch of {len(sound['waveform'])} sounds; give one sound a line.")
        return from_array(sound["waveform"][0], sound["sample_rate"])
