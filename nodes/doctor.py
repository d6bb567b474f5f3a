"""The node that checks the connected models on this machine, and writes a report."""

import re
from pathlib import Path

import folder_paths
from comfy.clip_vision import ClipVisionModel
from comfy.model_patcher import ModelPatcher
from comfy.sd import VAE
from comfy_api.latest import Input, io, ui
from torch import Tensor

from ..multitalk_core import __version__
from ..multitalk_core.audio.conversation import Conversation
from ..multitalk_core.doctor.checkup import Checkup
from ..multitalk_core.files.whole import whole_file
from ..multitalk_core.persons.masks import Persons
from .host.checks import checked
from .host.doctor_checks import DoctorInputs, examine
from .host.reporter import announce, show_text
from .host.sockets import CATEGORY
from .inputs import shared as inputs

HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
VERDICT = re.compile(r"^- \*\*(\w+)\*\* ", re.MULTILINE)


class DoctorNode(io.ComfyNode):
    """First contact with a user's own weights."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MultiTalkDoctor",
            display_name="MultiTalk Doctor",
            category=CATEGORY,
            description="Checks whether the connected models make films on this machine: whether they fit "
            "each other, versions, memory, the GPU and its kernels. Then makes 5 frames in 2 steps, with the "
            "voices, with the voices exchanged and with silence. The report says of each check: pass, warn "
            "or fail, and what to do. It can be attached to a bug report.",
            search_aliases=["multitalk", "doctor", "check", "diagnose", "test", "bug report", "help"],
            inputs=[*inputs.voices_and_persons(), *inputs.conditions()],
            outputs=[
                io.String.Output(
                    "report",
                    tooltip="The report, in Markdown, with no prompt, no picture and no folder. It is saved "
                    "in ComfyUI's output folder under MultiTalk.",
                )
            ],
            hidden=[io.Hidden.unique_id],
            is_output_node=True,
        )

    @classmethod
    def fingerprint_inputs(cls, **given: object) -> float:
        """Never the same: the machine may have changed."""
        return float("nan")

    @classmethod
    @checked
    def execute(
        cls,
        *,
        model: ModelPatcher,
        audio_adapter: ModelPatcher,
        audio: Conversation,
        positive: list,
        negative: list,
        vae: VAE,
        picture: Tensor | Input.Video,
        persons: Persons | None = None,
        clip_vision: ClipVisionModel | None = None,
    ) -> io.NodeOutput:
        node_id = cls.hidden.unique_id
        lines: list[str] = []
        given = DoctorInputs(
            model=model,
            audio_adapter=audio_adapter,
            audio=audio,
            persons=persons,
            positive=positive,
            negative=negative,
            vae=vae,
            picture=picture,
            clip_vision=clip_vision,
        )

        def show(line: str) -> None:
            lines.append(plain_lines(line))
            if node_id is not None:
                show_text("\n".join(lines), node_id)

        checkup = Checkup((), show)
        examine(given, checkup, node_id, version=__version__)
        report = checkup.report()
        saved = _saved(report)
        summary = f"{checkup.summary()} The report is {saved} in the output folder."
        announce(f"{summary}\n\n{plain_lines(report)}", node_id)
        return io.NodeOutput(report, ui=ui.PreviewText(report))


def plain_lines(markdown: str) -> str:
    """The report without the Markdown of headings and verdicts, whose signs the node shows as they are."""
    return VERDICT.sub(r"\1: ", HEADING.sub(r"\1:", markdown))


def _saved(report: str) -> str:
    """Write the report beside what other nodes save; its name within the output folder."""
    folder, name, number, subfolder, _ = folder_paths.get_save_image_path(
        "MultiTalk/doctor", folder_paths.get_output_directory()
    )
    path = Path(folder) / f"{name}_{number:05}_.md"
    with whole_file(path) as part:
        part.write_text(report, encoding="utf-8")
    return f"{subfolder}/{path.name}"
