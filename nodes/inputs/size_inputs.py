"""Inputs for the size of a video."""

from comfy_api.latest import io

from ...multitalk_core import limits
from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.media.picture import check_pixels
from ...multitalk_core.method.wan import TOKEN_STEP, check_frames, check_side
from ..host.checks import naming
from ..host.film_size import RESOLUTIONS, USUAL
from .shared import within


def size() -> list[io.Input]:
    """Width and height of the video."""
    return [
        _size("width", "Width"),
        _size("height", "Height"),
    ]


def previewed_size() -> list[io.Input]:
    """The size of the video that a preview is for."""
    for_preview = " For the preview: give the sampler the same."
    return [
        _size("width", "Width", for_preview, optional=True, advanced=True),
        _size("height", "Height", for_preview, optional=True, advanced=True),
    ]


def _size(name: str, label: str, further: str = "", **shown: bool) -> io.Int.Input:
    return io.Int.Input(
        name,
        default=0,
        **within(limits.SIZE_OR_PICTURE),
        step=TOKEN_STEP,
        tooltip=f"{label} of the video in pixels, a multiple of 16. Width and height 0: as the picture, the "
        f"model's trained size that is closest to its shape.{further}",
        **shown,
    )


def resolution() -> io.Combo.Input:
    """Which trained size a width and height of 0 mean."""
    return io.Combo.Input(
        "resolution",
        options=[USUAL, *RESOLUTIONS],
        default=USUAL,
        optional=True,
        advanced=True,
        tooltip="Only when width and height are 0. automatic: 480p, or the demo model's own size. 720p: for "
        "720p models, with shift 11.",
    )


def check_sizes(width: int | None, height: int | None, **frames: int | None) -> None:
    """Raise a MultiTalkError for sizes that no film has and counts that are not 4n + 1.

    None is a value that is linked and not yet known; the names of counts are input ids.
    """
    for name, side in (("width", width), ("height", height)):
        if side:
            check_side(name, side)
    if width is not None and height is not None and (width == 0) != (height == 0):
        raise MultiTalkError(
            f"width, height: they are {width} and {height}: give both, or 0 for both, which means as the "
            "picture."
        )
    if width is not None and height is not None:
        with naming("width, height"):
            check_pixels(width, height, "The video")
    for name, count in frames.items():
        if count is not None:
            check_frames(count, name)
