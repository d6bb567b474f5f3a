"""What a node reports: a summary before the first step, progress, previews, the rest in time, the results."""

import logging
import re
import time
from html import escape

import comfy.model_management
import comfy.utils
import latent_preview
from comfy.model_patcher import ModelPatcher
from PIL import Image
from server import PromptServer
from torch import Tensor

from ...multitalk_core.drawing.canvas import to_image
from ...multitalk_core.errors import LONGEST_MESSAGE, printable, quoted
from ...multitalk_core.film.film import FinishedClip
from ...multitalk_core.film.remaining_time import RemainingTime, in_words
from ...multitalk_core.film.spec import FilmSpec
from ...multitalk_core.guards.memory import GIGABYTE, frames_bytes
from ...multitalk_core.method.wan import LATENT_CHANNELS, Grid
from .comfy_video_model import ComfyVideoModel

Preview = tuple[str, Image.Image, int]  # format, picture, longest side
# A sign that Markdown takes away: of an escape, code, a link, a table, what is struck out or stressed.
MARKDOWN_SIGN = re.compile(r"\\(?=[^\w\s]|_)|[`*\[\]~|]|(?<![^\W_])_")
# What makes a line a heading, a rule or one of a list or table: its last sign does.
LINE_START = re.compile(r"^(?:[#=+:-]|\d+[.)])", re.MULTILINE)


def summary(spec: FilmSpec, model: ComfyVideoModel, *, frames_in_memory: int) -> str:
    """What is about to be made, and what it takes."""
    height, width = spec.size
    plan, patcher = spec.plan, model.model
    grid = Grid.of_video(plan.clips[0].frames, height, width)
    weights = patcher.model_size() + model.adapter.model_size()
    needed = weights + patcher.model.memory_required([1, LATENT_CHANNELS, *grid.latent_size])
    present = comfy.model_management.get_total_memory(patcher.load_device)
    clips = f"{len(plan.clips)} clip{'s' if len(plan.clips) > 1 else ''} of {plan.clips[0].frames} frames"
    offloaded = "" if needed < present else ", so weights are offloaded"
    passes = len(spec.sampling.scales.passes())
    steps = f"{model.steps} step{'s' if model.steps > 1 else ''}"
    return (
        f"{clips}: {plan.frames} frames, {plan.frames / spec.conversation.fps:.1f} s, {width}×{height}\n"
        f"{grid.tokens:,} tokens, {steps} of {passes} pass{'es' if passes > 1 else ''} each, "
        f"scheme {spec.binding.scheme}\n"
        f"about {needed / GIGABYTE:.1f} GB on the device (it has {present / GIGABYTE:.1f} GB{offloaded}), "
        f"{frames_gigabytes(frames_in_memory, spec.size):.1f} GB of memory for the frames"
    )


def frames_gigabytes(frames: int, size: tuple[int, int]) -> float:
    """Memory that frames of this height and width take, as ComfyUI's IMAGE."""
    return frames_bytes(frames, *size) / GIGABYTE


class Reporter:
    """A node's `FilmListener`: progress bar, previews and text of one run.

    Parameters
    ----------
    model : ModelPatcher
    node_id : str or None
        The node that shows the text.
    clips : int
    runs : int
        Of the sampler: one a clip, and one a retake of a person.
    steps : int
        Of one run.
    """

    def __init__(
        self, model: ModelPatcher, node_id: str | None, *, clips: int, runs: int, steps: int
    ) -> None:
        self.node_id = node_id
        self.clips, self.steps, self.all_steps = clips, steps, runs * steps
        self.made = self.stored = 0  # steps
        self.remaining = RemainingTime(runs, steps)
        self.estimated = False
        self.notes: list[str] = []
        self.bar = comfy.utils.ProgressBar(self.all_steps, node_id)
        self.previewer = latent_preview.get_previewer(model.load_device, model.model.latent_format)

    def note(self, sentence: str) -> None:
        """Log a text and show it on the node from now on."""
        self._add(sentence, logging.INFO)

    def warn(self, sentence: str) -> None:
        """As `note`, with the log's level of warnings."""
        self._add(sentence, logging.WARNING)

    def finish(self, *results: str) -> None:
        """Log the results of the run and show them first, before what was noted meanwhile."""
        for result in results:
            logging.info("[MultiTalk] %s", lines_of(result))
        self._show(*results)

    def _add(self, text: str, level: int) -> None:
        logging.log(level, "[MultiTalk] %s", lines_of(text))
        self.notes.append(text)
        self._show()

    def step(self, clip: int, step: int, latent: Tensor) -> None:
        """Move the bar and say how long the rest takes; raises where the user has interrupted."""
        self.made += 1
        self.remaining.step(time.perf_counter())
        self._show(f"{self._rest()}clip {clip + 1} of {self.clips}, step {step + 1} of {self.steps}")
        preview = None
        if self.previewer is not None:
            preview = self.previewer.decode_latent_to_preview_image("JPEG", latent)
        self._move(preview)

    def clip(self, finished: FinishedClip) -> None:
        """Show the last frame of a clip; raises where the user has interrupted."""
        if finished.from_store:
            self.stored += self.steps * finished.restored
            self.remaining.from_store(finished.restored)
        self._move(("JPEG", to_image(finished.frames[-1]), latent_preview.MAX_PREVIEW_RESOLUTION))

    def _rest(self) -> str:
        """How long the rest takes, as the beginning of a sentence."""
        if (seconds := self.remaining.seconds) is None:
            return ""
        if not self.estimated:
            logging.info("[MultiTalk] %s", in_words(seconds))
            self.estimated = True
        return f"{in_words(seconds)} left: "

    def _move(self, preview: Preview | None) -> None:
        self.bar.update_absolute(self.stored + self.made, self.all_steps, preview)

    def _show(self, *first: str) -> None:
        """Show these lines, and then the notes."""
        if self.node_id is not None:
            show_text("\n".join([*first, *self.notes]), self.node_id)


def announce(text: str, node_id: str | None, level: int = logging.INFO) -> None:
    """Log a text, and show it on a node until the next one."""
    logging.log(level, "[MultiTalk] %s", lines_of(text))
    if node_id is not None:
        show_text(text, node_id)


def show_text(text: str, node_id: str) -> None:
    """Show a text on a node.

    The classic canvas takes it as HTML and Nodes 2.0 as Markdown: signs of both are escaped, wherever they
    stand, and a line ends with two spaces so that both break it. It begins with none: four would be code.
    """
    lines = "\n".join(line.strip() for line in lines_of(text).split("\n"))
    shown = LINE_START.sub(_entity, MARKDOWN_SIGN.sub(_entity, escape(lines, quote=False)))
    PromptServer.instance.send_progress_text(shown.replace("\n", "  \n"), quoted(node_id))


def _entity(found: re.Match[str]) -> str:
    """What was found, with its last character as HTML writes any character."""
    return f"{found[0][:-1]}&#{ord(found[0][-1])};"


def lines_of(text: str) -> str:
    """A text of several lines, each fit to be shown and logged."""
    return "\n".join(printable(line, LONGEST_MESSAGE) for line in text.split("\n"))
