"""Sizes as our nodes take them: sides are multiples of 16, clips and overlaps are 4n + 1 frames."""

from ..errors import MultiTalkError
from ..method.wan import TEMPORAL_STRIDE, TOKEN_STEP
from .conversion_report import ConversionReport
from .settings_reader import Findings

# Steps between the values that a setting can have, and what is left over when one is divided by it.
FITTING = {
    "sampler.width": (TOKEN_STEP, 0),
    "sampler.height": (TOKEN_STEP, 0),
    "sampler.clip_frames": (TEMPORAL_STRIDE, 1),
    "sampler.motion_frames": (TEMPORAL_STRIDE, 1),
    "window": (TEMPORAL_STRIDE, 1),
}


CLIPS = ("sampler.clip_frames", "window")  # whichever the source has


def fit_sizes(found: Findings, report: ConversionReport) -> None:
    """Round sides and counts down to what Wan has, and report what changed."""
    for setting, (step, rest) in FITTING.items():
        if setting not in found.settings:
            continue
        value = found.whole(setting, 0)
        fitting = max(value - (value - rest) % step, rest)
        if fitting != found.settings[setting]:
            report.change(found.nodes[setting], found.place(setting), f"it is {fitting} here")
        found.settings[setting] = fitting
    _check_overlap(found)


def _check_overlap(found: Findings) -> None:
    overlap = found.whole("sampler.motion_frames", 1)
    clip = next((found.whole(name, 81) for name in CLIPS if name in found.settings), None)
    if clip is not None and overlap >= clip:
        node, place = found.nodes["sampler.motion_frames"], found.place("sampler.motion_frames")
        raise MultiTalkError(f"{node}: {place} is {overlap}, but a clip has {clip} frames: give fewer.")
