"""The node that gives the lines of a script to text-to-speech nodes."""

from comfy_api.latest import io

from ..multitalk_core.script.cast import cast_remarks, parse_cast
from ..multitalk_core.script.parsing import parse_script
from .host.checks import check_queued, checked, naming
from .host.reporter import announce
from .host.sockets import CATEGORY, MultiTalkScript

EXAMPLE = """\
Anna: Good morning, Ben. Did you sleep well?
Ben: Not at all.
[pause 0.5]
Anna: Oh no! What was it?
[overlap 0.3]
Ben: The cat. She sang all night.
[reaction] Anna: Mhm."""
VOICES = """\
Anna = en-us+f3
Ben = en-us+m3"""


class ScriptNode(io.ComfyNode):
    """A script to one text and one voice a line."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkScript",
            display_name="MultiTalk Script",
            category=CATEGORY,
            description="Reads a conversation in writing and gives each line to any text-to-speech node, "
            "which runs once for each. MultiTalk Join Lines puts the sounds together again.",
            search_aliases=["multitalk", "text to speech", "tts", "screenplay", "lines", "script to film"],
            essentials_category="Audio",
            inputs=[
                io.String.Input(
                    "script",
                    multiline=True,
                    default=EXAMPLE,
                    tooltip="A line for each time somebody speaks: Anna: Good morning. Before a line or "
                    "between two, [pause 0.5] is silence, [overlap 0.3] begins before the other has ended, "
                    "and [reaction] is spoken during the line before. Lines without a name go on; # begins "
                    "a comment; directions in parentheses on a line of their own are not spoken.",
                ),
                io.String.Input(
                    "voices",
                    multiline=True,
                    default=VOICES,
                    tooltip="The voice of each speaker as the text-to-speech node calls it, one a line: Anna "
                    "= af_heart. Who is not listed has their own name as voice.",
                ),
            ],
            outputs=[
                io.String.Output(
                    "lines",
                    is_output_list=True,
                    tooltip="The text of each line: for the text of a text-to-speech node.",
                ),
                io.AnyType.Output(
                    "line_voices",
                    display_name="voices",
                    is_output_list=True,
                    tooltip="The voice of each line: for the voice of the same node, or for the file of a "
                    "MultiTalk Load Voice where that node imitates a recording.",
                ),
                MultiTalkScript.Output(
                    "read_script", display_name="script", tooltip="For MultiTalk Join Lines."
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(cls, script: str | None = None, voices: str | None = None) -> bool:
        check_queued(cls, script=script, voices=voices)
        with naming("script"):
            if script is not None:
                parse_script(script)
        with naming("voices"):
            if voices is not None:
                parse_cast(voices)
        return True

    @classmethod
    @checked
    def execute(cls, script: str, voices: str) -> io.NodeOutput:
        with naming("script"):
            read = parse_script(script)
        with naming("voices"):
            cast = parse_cast(voices)
        if remarks := [*read.remarks, *cast_remarks(read, cast)]:
            announce("\n".join(remarks), cls.hidden.unique_id)
        line_voices = [cast.get(line.speaker.casefold(), line.speaker) for line in read.lines]
        return io.NodeOutput([line.text for line in read.lines], line_voices, read)
