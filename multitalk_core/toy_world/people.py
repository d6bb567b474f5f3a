"""What cartoon people look like, and how one is drawn."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .cartoon_canvas import Canvas

# skin and its shade (cheeks, nose, neck)
SKINS = (
    ("#f3c9a5", "#eea58e"),
    ("#f7dcc4", "#f0b3a2"),
    ("#e0ac7e", "#cf8a62"),
    ("#b97f56", "#a6623f"),
    ("#8d5a3b", "#7a4529"),
)
HAIRS = ("#6b3a2a", "#2b2328", "#a8642f", "#d9b25f", "#8a8f98", "#3c2f5c")
SHIRTS = ("#e2725b", "#3f7fa6", "#5f9e6e", "#8d6bb0", "#d9a441", "#c9577f", "#4d5a7a")
IRISES = ("#4b7a5a", "#4a2f22", "#3f6fa0", "#6a6a6a")
COLLARS = ("#f6efe6", "#f2e3b3")
WHITE, DARK, MOUTH = "#ffffff", "#2f2a33", "#7c1f2b"

# Of a face with half width 1: middle of the mouth, and its half axes.
MOUTH_BELOW = 0.62
MOUTH_ACROSS = 0.42
CLOSED, WIDEST = 0.06, 0.40


@dataclass(frozen=True)
class Look:
    """Colours as #rrggbb, and the length of the hair."""

    skin: str
    shade: str
    hair: str
    shirt: str
    collar: str
    iris: str
    long_hair: bool


def random_look(generator: torch.Generator) -> Look:
    """Any combination of the colours."""

    def choice(options: tuple) -> object:
        return options[int(torch.randint(len(options), (), generator=generator))]

    skin, shade = choice(SKINS)
    return Look(
        skin, shade, choice(HAIRS), choice(SHIRTS), choice(COLLARS), choice(IRISES), choice((True, False))
    )


def colour(code: str) -> Tensor:
    """#rrggbb to [3] in 0..1."""
    return torch.tensor([int(code[start : start + 2], 16) / 255 for start in (1, 3, 5)])


def draw_person(
    canvas: Canvas,
    look: Look,
    x: Tensor,
    body: Tensor,
    head: Tensor,
    size: float,
    shirt: Tensor,
    openness: Tensor,
) -> None:
    """Draw head and shoulders.

    Parameters
    ----------
    canvas : Canvas
    look : Look
    x, head : Tensor [frames]
        Middle of the face.
    body : Tensor [frames]
        As `head` while the head is held upright.
    size : float
        Half width of the face.
    shirt : Tensor [frames, 3]
        Its colour.
    openness : Tensor [frames]
        Of the mouth, 0..1.
    """

    def ellipse(
        right: float, below: float, across: float, down: float | Tensor, code: str, y: Tensor = head
    ) -> None:
        coverage = canvas.ellipse(x + right * size, y + below * size, across * size, down * size)
        canvas.paint(coverage, colour(code))

    def box(
        right: float,
        below: float,
        across: float,
        down: float,
        corner: float,
        paint: Tensor,
        y: Tensor = head,
    ) -> None:
        place = (x + right * size, y + below * size, across * size, down * size, corner * size)
        canvas.paint(canvas.box(*place), paint)

    if look.long_hair:
        ellipse(0, -0.16, 1.23, 1.31, look.hair)
        box(0, 0.7, 1.23, 0.88, 0.45, colour(look.hair))
    else:
        ellipse(0, -0.42, 1.1, 1.12, look.hair)
    box(0, 3.6, 1.55, 2.01, 0.9, shirt, body)
    ellipse(0, 1.7, 0.59, 0.4, look.collar, body)
    box(0, 1.33, 0.36, 0.37, 0, colour(look.shade), body)
    ellipse(0, 1.7, 0.36, 0.19, look.shade, body)
    for side in (-1, 1):
        ellipse(side, 0.08, 0.17, 0.25, look.skin)
    face = (x, head, size, 1.2 * size)
    canvas.paint(canvas.ellipse(*face), colour(look.skin))
    fringe = canvas.ellipse(x, head, 1.04 * size, 1.24 * size) * canvas.above(head - 0.55 * size)
    canvas.paint(fringe, colour(look.hair))
    for side in (-1, 1):
        ellipse(0.39 * side, -0.08, 0.22, 0.25, WHITE)
        ellipse(0.39 * side, -0.05, 0.13, 0.16, look.iris)
        ellipse(0.39 * side, -0.05, 0.075, 0.09, DARK)
        box(0.39 * side, -0.42, 0.22, 0.045, 0.045, colour(look.hair))
        ellipse(0.66 * side, 0.34, 0.15, 0.1, look.shade)
    ellipse(0, 0.22, 0.1, 0.06, look.shade)
    ellipse(0, MOUTH_BELOW, MOUTH_ACROSS, CLOSED + (WIDEST - CLOSED) * openness, MOUTH)
