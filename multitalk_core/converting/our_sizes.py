"""Sizes as our nodes take them: sides are multiples of 16, clips and overlaps are 4n + 1 frames."""

from ..method.wan import TEMPORAL_STRIDE, TOKEN_STEP
from .conversion_report import ConversionReport
from .settings_reader import Findings

SIDES = ("sampler.width", "sampler.height")
COUNTS = ("sampler.clip_frames", "sampler.motion_frames")


def fit_sizes(found: Findings, report: ConversionReport) -> None:
    """Round sides and counts down to what Wan has, and report what changed."""
    for setting, step, rest in [
        *((side, TOKEN_STEP, 0) for side in SIDES),
        *((c, TEMPORAL_STRIDE, 1) for c in COUNTS),
    ]:
        value = found.settings.get(setting)
        if not isinstance(value, int | float):
            continue
        whole = int(value)
        fitting = max(whole - (whole - rest) % step, rest)
        found.settings[setting] = fitting
        if fitting != value:
            name = next(
                name for name, given in found.nodes[setting].inputs.items() if _is(setting, found, name)
            )
            report.change(found.nodes[setting], name, f"it is {fitting} here")


def _is(setting: str, found: Findings, name: str) -> bool:
    from .widget_orders import KNOWN

    return KNOWN[found.nodes[setting].kind].carried.get(name) == setting
