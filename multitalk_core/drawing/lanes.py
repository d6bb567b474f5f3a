"""Lanes over time, one under the other, such as one a speaker; frames and seconds on the axes."""

import numpy as np
from PIL import Image, ImageDraw

from .canvas import draw_badge, font
from .palette import CANVAS, FAINT_TEXT, LANE, LINE, TEXT

LANE_HEIGHT = 92
LANE_GAP = 10
LEFT = 64
RIGHT = 28
AXIS = 40  # above the lanes frames, below them seconds
TICK_DISTANCE = 90  # least pixels between two ticks

SECONDS_STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
FRAME_STEPS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000)


class Lanes:
    """A drawing of empty lanes.

    Parameters
    ----------
    count : int
    seconds : float
        From the lanes' left end to their right end.
    fps : float
    width : int
        Of the drawing, in pixels.
    beside, below : int
        Pixels kept free to the right of the lanes, and under the axis.

    Attributes
    ----------
    image : Image
        Drawn upon.
    tops : list of int
        Row at which each lane begins.
    bottom : int
        Row at which the last one ends.
    span : int
        Width of a lane.
    """

    def __init__(
        self, count: int, seconds: float, fps: float, width: int, beside: int = RIGHT, below: int = 0
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
        """Draw each speaker's badge beside their lane."""
        for index, top in enumerate(self.tops):
            draw_badge(self.image, LEFT / 2, top + LANE_HEIGHT / 2, 16, index)

    def column(self, second: float) -> float:
        """Where a moment lies, in pixels from the drawing's left."""
        return LEFT + second / self.seconds * self.span

    def _draw_axes(self, draw: ImageDraw.ImageDraw, fps: float) -> None:
        pixels_a_second = self.span / self.seconds
        for tick in np.arange(0, self.seconds + 1e-6, _step(SECONDS_STEPS, pixels_a_second)):
            column = self.column(tick)
            draw.line((column, AXIS, column, self.bottom + 6), fill=LINE)
            draw.text((column, self.bottom + 20), _clock(tick), TEXT, font(16), anchor="mm")
        for frame in range(0, int(self.seconds * fps + 1e-6) + 1, _step(FRAME_STEPS, pixels_a_second / fps)):
            column = self.column(frame / fps)
            draw.line((column, AXIS - 6, column, AXIS), fill=LINE)
            draw.text((column, AXIS - 18), str(frame), FAINT_TEXT, font(14), anchor="mm")
        draw.text((LEFT - 12, AXIS - 18), "frame", FAINT_TEXT, font(14), anchor="rm")


def _step(steps: tuple[float, ...], pixels: float) -> float:
    """The smallest step whose ticks are far enough apart, `pixels` being one unit's width."""
    return next((step for step in steps if step * pixels >= TICK_DISTANCE), steps[-1])


def _clock(seconds: float) -> str:
    """Seconds as people read them: 0.5 s, 59 s, 2:30."""
    return f"{seconds:g} s" if seconds < 60 else f"{int(seconds) // 60}:{int(seconds) % 60:02}"
