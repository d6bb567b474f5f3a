"""What a node tells while it works: a summary before the first step, progress, previews, minutes left."""

import logging
import time

import comfy.model_management
import comfy.utils
import latent_preview
from comfy.model_patcher import ModelPatcher
from server import PromptServer
from torch import Tensor

from ..multitalk_core.clips import ClipPlan, latent_frames
from ..multitalk_core.guidance import GuidanceScales

GIB = 1024**3


def summary(
    model: ModelPatcher,
    adapter: ModelPatcher,
    plan: ClipPlan,
    fps: float,
    size: tuple[int, int],
    steps: int,
    scales: GuidanceScales,
) -> str:
    """What is about to be made, and what it takes.

    Parameters
    ----------
    model, adapter : ModelPatcher
    plan : ClipPlan
    fps : float
    size : (int, int)
        Height and width in pixels.
    steps : int
        Of one clip.
    scales : GuidanceScales
    """
    height, width = size
    latent = (latent_frames(plan.clips[0].frames), height // 8, width // 8)
    tokens = latent[0] * latent[1] * latent[2] // 4
    weights = model.model_size() + adapter.model_size()
    video_memory = weights + model.model.memory_required([1, 16, *latent])
    here = comfy.model_management.get_total_memory(model.load_device)
    frames_memory = plan.frames * height * width * 3 * 4
    clips = f"{len(plan.clips)} clip{'s' if len(plan.clips) > 1 else ''} of {plan.clips[0].frames} frames"
    offloaded = "" if video_memory < here else ", so weights are offloaded"
    return (
        f"{clips}: {plan.frames} frames, {plan.frames / fps:.1f} s, {width}×{height}\n"
        f"{tokens:,} tokens, {steps} steps of {len(scales.conditions())} passes a clip\n"
        f"about {video_memory / GIB:.1f} GB on the device (it has {here / GIB:.1f} GB{offloaded}), "
        f"{frames_memory / GIB:.1f} GB of memory for the frames"
    )


class Reporter:
    """Progress bar, latent previews and text of one node's run.

    Parameters
    ----------
    model : ModelPatcher
    node_id : str or None
        The node that shows the text.
    steps : int
        Of all clips together.
    """

    def __init__(self, model: ModelPatcher, node_id: str | None, steps: int):
        self.node_id = node_id
        self.steps = self.all_steps = steps
        self.done = 0
        self.text = ""
        self.bar = comfy.utils.ProgressBar(steps, node_id)
        self.previewer = latent_preview.get_previewer(model.load_device, model.model.latent_format)
        self.started = self.first_done = time.perf_counter()

    def tell(self, text: str, level: int = logging.INFO) -> None:
        """Log a text and show it on the node from now on."""
        self.text = f"{self.text}\n{text}" if self.text else text
        logging.log(level, "[MultiTalk] %s", text)
        self._show(self.text)

    def skip(self, clips: int) -> None:
        """One of so many clips need not be made."""
        self.steps -= self.all_steps // clips

    def after_step(self, clip: int, step: int, denoised: Tensor) -> None:
        """Move the bar and say how long the rest takes; raises where the user has interrupted."""
        self.done += 1
        now = time.perf_counter()
        if self.done == 1:
            self.first_done = now
            step_seconds = now - self.started
            logging.info("[MultiTalk] about %.1f minutes", step_seconds * self.steps / 60)
        else:
            step_seconds = (now - self.first_done) / (self.done - 1)
        left = step_seconds * (self.steps - self.done) / 60
        self._show(f"{self.text}\nclip {clip + 1}, step {step + 1}: about {left:.1f} minutes left")
        preview = None
        if self.previewer is not None:
            preview = self.previewer.decode_latent_to_preview_image("JPEG", denoised)
        self.bar.update_absolute(self.done, self.steps, preview)

    def _show(self, text: str) -> None:
        if self.node_id is not None:
            PromptServer.instance.send_progress_text(text, self.node_id)
