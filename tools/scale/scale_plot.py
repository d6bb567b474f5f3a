"""docs/scale.png: films that wait through a day, and what a plant delivers that grows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from multitalk_core.drawing.canvas import font, to_picture
from multitalk_core.drawing.palette import CANVAS, FAINT_TEXT, LANE, LINE, SPEAKERS, TEXT
from multitalk_core.media.picture import write_picture

from . import inputs
from .scenarios import day, growth, scenarios

SIZE, TITLE, TOP, BELOW, LEFT = (1280, 580), 34, 136, 50, 84
SHOWN = {
    "as planned": "as planned",
    "half the GPUs": "half the GPUs",
    "five times the films from 9 to 10": "five times the films, 9 to 10",
    "all restarted, weights from the store": "all restarted, weights from the store",
    "a store of 10 GB/s": "a store of 10 GB/s",
    "one store folder for all films": "one store folder for all",
}
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """An empty chart on the drawing, from column to column, with ticks and their words.

    Attributes
    ----------
    draw : ImageDraw
    left, right : int
    across, up : callable
        Shares of the width and the height of values.
    """

    draw: ImageDraw.ImageDraw
    left: int
    right: int
    across: Callable[[float], float]
    up: Callable[[float], float]

    def place(self, across: float, up: float) -> tuple[float, float]:
        """Pixels of a point."""
        height = SIZE[1] - TOP - BELOW
        column = self.left + self.across(across) * (self.right - self.left)
        return column, SIZE[1] - BELOW - self.up(up) * height

    def frame(self, title: str, below: str) -> None:
        """Ground and words."""
        self.draw.rounded_rectangle((self.left, TOP, self.right, SIZE[1] - BELOW), 6, fill=LANE)
        self.draw.text((self.left, TITLE), title, TEXT, font(17), anchor="lb")
        middle = (self.left + self.right) / 2
        self.draw.text((middle, SIZE[1] - 8), below, FAINT_TEXT, font(14), anchor="mb")

    def ticks(self, across: dict[float, str], up: dict[float, str]) -> None:
        """Values at the axes."""
        for value, word in across.items():
            column, _ = self.place(value, 0)
            self.draw.text((column, SIZE[1] - BELOW + 6), word, FAINT_TEXT, font(14), anchor="mt")
        for value, word in up.items():
            _, row = self.place(0, value)
            self.draw.line((self.left, row, self.right, row), LINE, 1)
            self.draw.text((self.left - 8, row), word, FAINT_TEXT, font(14), anchor="rm")

    def line(self, points: Points, colour: tuple[int, int, int]) -> None:
        """A curve."""
        self.draw.line([self.place(*point) for point in points], colour, 3, joint="curve")

    def legend(self, words: Sequence[str]) -> None:
        """Names of the curves above the chart, in two columns of four."""
        for index, word in enumerate(words):
            column, row = divmod(index, 4)
            left, middle = self.left + column * 250, TITLE + 20 + row * 21
            self.draw.line((left, middle, left + 22, middle), SPEAKERS[index], 3)
            self.draw.text((left + 30, middle), word, TEXT, font(14), anchor="lm")


def write_plot(path: Path) -> None:
    """Draw both charts."""
    image = Image.new("RGB", SIZE, CANVAS)
    draw = ImageDraw.Draw(image)
    middle = SIZE[0] // 2
    _waiting(draw, LEFT, middle - 10)
    _growth(draw, middle + LEFT, SIZE[0] - 24)
    write_picture(path, to_picture(image))


def _waiting(draw: ImageDraw.ImageDraw, left: int, right: int) -> None:
    most = 7
    chart = Chart(
        draw=draw,
        left=left,
        right=right,
        across=lambda hour: hour / 24,
        up=lambda films: math.log10(1 + films) / most,
    )
    chart.frame("films that wait in the whole plant", "hour of the day")
    powers = {10.0**power: f"{10**power:,}" for power in range(1, most)}
    chart.ticks({hour: str(hour) for hour in range(0, 25, 4)}, {0.0: "0"} | powers)
    shown = [scenario for scenario in scenarios() if scenario.title in SHOWN]
    for index, scenario in enumerate(shown):
        outcome = day(scenario)
        whole = scenario.plant.gpus / outcome.plant.gpus
        chart.line([(each.hour, each.waiting * whole) for each in outcome.samples], SPEAKERS[index])
    chart.legend([SHOWN[scenario.title] for scenario in shown])


def _growth(draw: ImageDraw.ImageDraw, left: int, right: int) -> None:
    most = 7e6
    chart = Chart(
        draw=draw, left=left, right=right, across=lambda films: films / most, up=lambda films: films / most
    )
    chart.frame(
        "millions of films delivered a day by one store",
        "millions of films ordered a day, GPUs in proportion",
    )
    millions = {million * 1e6: str(million) for million in range(8)}
    chart.ticks(millions, millions)
    chart.line([(0, 0), (most, most)], LINE)
    chart.line(growth(farms=True), SPEAKERS[0])
    chart.line(growth(farms=False), SPEAKERS[1])
    chart.legend([f"a farm for each {inputs.FARM:.0f} GPUs", "one farm for all"])
