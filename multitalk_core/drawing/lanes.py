"""Lanes over time, one below the other, such as one per speaker; frames and seconds on the axes."""

import numpy as np
from PIL import Image, ImageDraw

from .canvas import draw_badge, font
from .palette import CANVAS, FAINT_TEXT, LANE, LINE, TEXT

LANE_HEIGHT = 92
LANE_GAP = 10
LEFT = 64
RIGHT = 28
AXIS = 40  # frames above the lanes, seconds below
TICK_DISTANCE = 90  # smallest distance of two ticks in pixels

SECONDS_STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
FRAME_STEPS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000)


class Lanes:
    """A drawing of empty lanes.

    Parameters
    ----------
    count : int
        Number of lanes.
    seconds : float
        Duration that a lane covers.
    fps : float
        Frames per second.
    width : int
        Width of the drawing in pixels.
    beside, below : int
        Free pixels to the right of the lanes, and below the axis.

    Attributes
    ----------
    image : Image
        The drawing.
    tops : list of int
        First row of each lane.
    bottom : int
        Last row of the last lane.
    span : int
        Width of a lane.
    """

    def __init__(
        self, count: int, seconds: float, *, fps: float, width: int, beside: int = RIGHT, below: int = 0
    ) -> None:
        self.tops = [AXIS + index * (LANE_HEIGHT + LANE_GAP) for index in range(count)]
        self.bottom = self.tops[-1] + LANE_HEIGHT
        self.span = width - LEFT - beside
        self.seconds = seconds
        self.image = Image.new("RGB", (width, self.bottom + AXIS + below), CANVAS)
        draw = ImageDraw.Draw(self.image)
        for top in self.tops:
            draw.rounded_rectangle((LEFT, top, LEFT + self.span, top + LANE_HEIGHT), 6, fill=LANE)
        self._draw_axes(draw, fps)

    def number(self) -> None:
        """Draw each speaker's badge to the left of their lane."""
        for index, top in enumerate(self.tops):
            draw_badge(self.image, index, column=LEFT / 2, row=top + LANE_HEIGHT / 2, radius=16)

    def column(self, second: float) -> float:
        """Column of a point in time, in pixels."""
        return LEFT + second / self.seconds * self.span

    def _draw_axes(self, draw: ImageDraw.ImageDraw, fps: float) -> None:
        pixels_a_second = self.span / self.seconds
        for tick in np.arange(0, self.seconds + 1e-6, _step(SECONDS_STEPS, pixels_a_second)):
            column = self.column(tick)
            draw.line((column, AXIS, column, self.bottom + 6), fill=LINE)
            draw.text((column, self.bottom + 20), _clock(tick), TEXT, font(16), anchor="mm")
        frames = int(self.seconds * fps + 1e-6)
        for frame in range(0, frames + 1, int(_step(FRAME_STEPS, pixels_a_second / fps))):
            column = self.column(frame / fps)
            draw.line((column, AXIS - 6, column, AXIS), fill=LINE)
            draw.text((column, AXIS - 18), str(frame), FAINT_TEXT, font(14), anchor="mm")
        draw.text((LEFT - 12, AXIS - 18), "frame", FAINT_TEXT, font(14), anchor="rm")


def _step(steps: tuple[float, ...], pixels: float) -> float:
    """The smallest step whose ticks are far enough apart; `pixels` is the width of one unit."""
    return next((step for step in steps if step * pixels >= TICK_DISTANCE), steps[-1])


def _clock(seconds: float) -> str:
    """Format a time: 0.5 s, 59 s, 2:30."""
    return f"{seconds:g} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02}"
