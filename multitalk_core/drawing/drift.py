"""Steadiness of a film over time: drift of brightness and colour, and change between frames."""

from collections.abc import Sequence

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from .canvas import font, to_picture
from .lanes import LANE_HEIGHT, LEFT, Lanes
from .palette import FAINT_TEXT, LINE, SPEAKERS, TEXT, Colour

NAMES = ("brightness", "colour", "change")
BELOW = 30  # for the legend
SUPERSAMPLING = 4
VISIBLE = 2.0  # CIE Lab: about the smallest visible difference
LEAST_SCALE = 5.0  # Lab, or levels, from a lane's zero to its edge, so that small values look small
SEAM: Colour = SPEAKERS[1]
BAND: Colour = (48, 54, 58)


def drift_picture(
    drift: Tensor, change: Tensor, starts: Sequence[int], *, fps: float = 25.0, width: int = 1280
) -> Tensor:
    """Draw brightness drift, colour drift and change between frames in three lanes, with the clip boundaries.

    Parameters
    ----------
    drift : Tensor [frames, 3]
        Difference of each frame's mean colour to the reference, in CIE Lab, lightness first.
    change : Tensor [frames]
        Difference to the frame before, in levels of 255.
    starts : sequence of int
        First frame of each clip.
    fps : float
    width : int
        Width of the drawing in pixels.

    Returns
    -------
    Tensor [height, width, 3], float32, in 0..1
    """
    lanes = Lanes(len(NAMES), len(drift) / fps, fps=fps, width=width, below=BELOW)
    draw = ImageDraw.Draw(lanes.image)
    curves = (drift[:, 0], drift[:, 1:].norm(dim=1), change)
    for index, (name, curve, top) in enumerate(zip(NAMES, curves, lanes.tops, strict=True)):
        scale = max(LEAST_SCALE, float(curve.abs().max()))
        zero = 0.5 if index == 0 else 1.0  # share of the lane's height, from its top
        visible = None if name == "change" else VISIBLE
        lane = _lane(curve, starts, width=lanes.span, scale=scale, zero=zero, visible=visible)
        lanes.image.paste(lane, (LEFT, top), lane)
        draw.text((LEFT - 8, top + LANE_HEIGHT / 2), name, TEXT, font(10), anchor="rm")
        unit = "of 255" if name == "change" else "Lab"
        label = f"{'±' if index == 0 else ''}{scale:.1f} {unit}"
        draw.text((LEFT + lanes.span - 8, top + 12), label, FAINT_TEXT, font(13), anchor="rm")
    _draw_legend(draw, lanes.image.height - BELOW / 2 - 4)
    return to_picture(lanes.image)


def _lane(
    curve: Tensor, starts: Sequence[int], *, width: int, scale: float, zero: float, visible: float | None
) -> Image.Image:
    """A curve over the band of invisible differences, with the clip boundaries, on a transparent ground."""
    size = (width * SUPERSAMPLING, LANE_HEIGHT * SUPERSAMPLING)
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    reach = max(zero, 1 - zero) * (size[1] - 12 * SUPERSAMPLING)
    floor = zero * size[1] if zero < 1 else size[1] - 2 * SUPERSAMPLING
    if visible is not None:
        below = min(size[1], floor + visible / scale * reach) if zero < 1 else floor
        draw.rectangle((0, floor - visible / scale * reach, size[0], below), (*BAND, 255))
    draw.line((0, floor, size[0], floor), (*LINE, 255), SUPERSAMPLING)
    middle = 0.0 if visible is None else 0.5  # a change is between two frames
    columns = ((torch.arange(len(curve)) + middle) / len(curve) * size[0]).tolist()
    for start in starts[1:]:
        border = start / len(curve) * size[0]
        draw.line((border, 0, border, size[1]), (*SEAM, 255), 2 * SUPERSAMPLING)
    points = list(zip(columns, (floor - curve.float() / scale * reach).tolist(), strict=True))
    draw.line(points, (*TEXT, 255), 2 * SUPERSAMPLING, joint="curve")
    return image.resize((width, LANE_HEIGHT), Image.Resampling.BOX)


def _draw_legend(draw: ImageDraw.ImageDraw, row: float) -> None:
    draw.line((LEFT, row - 7, LEFT, row + 7), SEAM, 2)
    draw.text((LEFT + 10, row), "a clip begins", TEXT, font(15), anchor="lm")
    left = LEFT + 10 + draw.textlength("a clip begins", font(15)) + 28
    draw.rounded_rectangle((left, row - 7, left + 22, row + 7), 3, fill=BAND)
    draw.text((left + 30, row), "too little to be seen", TEXT, font(15), anchor="lm")
