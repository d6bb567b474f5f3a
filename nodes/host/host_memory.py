"""What nodes may take of the main memory at once."""

import os

from ...multitalk_core.guards import memory
from ...multitalk_core.guards.memory import clip_bytes, frames_bytes

OVERRIDE = "MULTITALK_ANY_MEMORY"  # set in the environment of ComfyUI, nothing is refused


def check_memory(needed_bytes: int, what: str, way_out: str) -> None:
    """As `memory.check_memory`, unless the override is set."""
    if not os.environ.get(OVERRIDE):
        memory.check_memory(needed_bytes, what, f"{way_out}, or start ComfyUI with {OVERRIDE}=1")


def check_film_memory(
    clip_frames: int, height: int, width: int, *, in_memory: int | None, dubbed: bool
) -> None:
    """Check one clip of a film, and all of its frames if they stay in memory for an images output."""
    size = f"{width}×{height}"
    check_memory(
        clip_bytes(clip_frames, height, width, dubbed=dubbed),
        f"A clip of {clip_frames} frames of {size}",
        "choose a smaller width and height, or shorter clips",
    )
    if in_memory is not None:
        check_memory(
            frames_bytes(in_memory, height, width),
            f"The images output with {in_memory} frames of {size}",
            "take the video output and leave the images unconnected",
        )
