"""Scores with their intervals, a lane each."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw
from torch import Tensor

from .canvas import font, to_picture
from .palette import CANVAS, FAINT_TEXT, LANE, LINE, SPEAKERS, TEXT

WIDTH, LANE_HEIGHT, GAP, MARGIN = 1000, 56, 8, 24
NAMES, VALUES = 230, 270  # pixels for the names on the left and the numbers on the right
DOT, CAP = 7, 10


@dataclass(frozen=True)
class ScoreLane:
    """What a lane shows.

    Attributes
    ----------
    name, note : str
        The score, and which way is better.
    value : float
    low, high : float or None
        Its interval, if there is one.
    """

    name: str
    note: str
    value: float
    low: float | None
    high: float | None


def score_picture(lanes: Sequence[ScoreLane]) -> Tensor:
    """Draw each score between zero and its largest number, with its interval as a bar.

    Parameters
    ----------
    lanes : sequence of ScoreLane

    Returns
    -------
    Tensor [height, width, 3], float32, in 0..1
    """
    height = 2 * MARGIN + len(lanes) * (LANE_HEIGHT + GAP) - GAP
    image = Image.new("RGB", (WIDTH, height), CANVAS)
    draw = ImageDraw.Draw(image)
    for index, lane in enumerate(lanes):
        _draw_lane(draw, lane, top=MARGIN + index * (LANE_HEIGHT + GAP))
    return to_picture(image)


def _draw_lane(draw: ImageDraw.ImageDraw, lane: ScoreLane, *, top: int) -> None:
    left, right, middle = NAMES, WIDTH - VALUES, top + LANE_HEIGHT / 2
    draw.rounded_rectangle((left, top, right, top + LANE_HEIGHT), 6, fill=LANE)
    draw.text((left - 12, middle), lane.name, TEXT, font(17), anchor="rm")
    edges = [edge for edge in (lane.low, lane.high) if edge is not None]
    least, most = min(0.0, lane.value, *edges), max(0.0, lane.value, *edges)
    span = max(most - least, 1e-9)

    def column(value: float) -> float:
        return left + CAP + (value - least) / span * (right - left - 2 * CAP)

    draw.line((column(0), top + 4, column(0), top + LANE_HEIGHT - 4), fill=LINE, width=2)
    if edges:
        draw.line((column(edges[0]), middle, column(edges[1]), middle), fill=SPEAKERS[0], width=3)
        for edge in edges:
            draw.line((column(edge), middle - CAP, column(edge), middle + CAP), fill=SPEAKERS[0], width=3)
    centre = column(lane.value)
    draw.ellipse((centre - DOT, middle - DOT, centre + DOT, middle + DOT), fill=SPEAKERS[1])
    numbers = f"{lane.value:.3f}" + (f"  ({edges[0]:.3f} to {edges[1]:.3f})" if edges else "")
    draw.text((right + 12, middle - 9), numbers, TEXT, font(15), anchor="lm")
    draw.text((right + 12, middle + 11), lane.note, FAINT_TEXT, font(13), anchor="lm")
