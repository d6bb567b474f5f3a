"""The persons as the model located them over time: frames, and the class of each token over them."""

from collections.abc import Sequence
from math import ceil

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from .canvas import font, to_image, to_picture
from .palette import CANVAS, FAINT_TEXT, TEXT, Colour, class_colours, class_names

MOST_COLUMNS = 4
CELL_AREA = 300 * 200
GAP = 8
MARGIN = 12
CAPTION = 40
LEGEND = 64
LETTERS = 32  # readable where a node shows the strip at a third of its size
AFTER_SIDE, BETWEEN = 12, 40  # pixels after a colour of the legend, and between two entries
TINT = 0.62


def localization_strip(
    frames: Tensor,
    classes: Tensor,
    persons: int,
    *,
    shades: Tensor | None = None,
    captions: Sequence[str] | None = None,
) -> Tensor:
    """Draw frames in a row, and below them the same frames with their tokens' classes.

    Parameters
    ----------
    frames : Tensor [frames, height, width, 3], float32, in 0..1
    classes : Tensor [latent frames, token rows, token columns], integers
        The person of each token, counted from 0; the background is the last class.
    persons : int
        Number of persons.
    shades : Tensor [latent frames, token rows, token columns], in 0..1, optional
        Brightness of each token's colour, such as the position of its label in its person's range.
    captions : sequence of str, optional
        One a frame, in place of its number.

    Returns
    -------
    Tensor [strip height, strip width, 3], float32, in 0..1
        At most four latent frames, evenly spread.
    """
    colours = class_colours(persons)
    latents = torch.linspace(0, len(classes) - 1, min(len(classes), MOST_COLUMNS)).round().int().tolist()
    height, width = frames.shape[1:3]
    scale = (CELL_AREA / (height * width)) ** 0.5
    cell = (round(width * scale), round(height * scale))
    row = len(latents) * (cell[0] + GAP) - GAP
    size = (
        2 * MARGIN + max(row, _legend_width(persons)),
        2 * MARGIN + CAPTION + 2 * cell[1] + GAP + LEGEND,
    )
    strip = Image.new("RGB", size, CANVAS)
    draw = ImageDraw.Draw(strip)
    for place, latent in enumerate(latents):
        shown = round(latent * (len(frames) - 1) / max(1, len(classes) - 1))
        frame = to_image(frames[shown]).resize(cell, Image.Resampling.LANCZOS)
        left, top = (size[0] - row) // 2 + place * (cell[0] + GAP), MARGIN + CAPTION
        draw.text(
            (left + cell[0] / 2, MARGIN + CAPTION / 2 - 4),
            captions[shown] if captions else f"frame {shown}",
            FAINT_TEXT,
            font(LETTERS),
            anchor="mm",
        )
        strip.paste(frame, (left, top))
        shade = None if shades is None else shades[latent]
        tinted = _tinted(frame, classes[latent], colours=colours, shade=shade)
        strip.paste(tinted, (left, top + cell[1] + GAP))
    _draw_legend(draw, size[1] - MARGIN - LEGEND / 2 + 6, persons)
    return to_picture(strip)


def _tinted(
    frame: Image.Image, classes: Tensor, *, colours: list[Colour], shade: Tensor | None
) -> Image.Image:
    """The frame in grey, tinted with the colours of its tokens."""
    tokens = (torch.tensor(colours)[classes.long().cpu()] / 255).float()
    if shade is not None:
        tokens = tokens * shade.cpu()[..., None]
    tint = to_image(tokens).resize(frame.size, Image.Resampling.NEAREST)
    return Image.blend(frame.convert("L").convert("RGB"), tint, TINT)


def _legend_width(persons: int) -> int:
    names = class_names(persons)
    return (
        ceil(sum(LETTERS + AFTER_SIDE + font(LETTERS).getlength(name) for name in names)) + BETWEEN * persons
    )


def _draw_legend(draw: ImageDraw.ImageDraw, row: float, persons: int) -> None:
    column, side = float(MARGIN), LETTERS
    for name, colour in zip(class_names(persons), class_colours(persons), strict=True):
        draw.rounded_rectangle((column, row - side / 2, column + side, row + side / 2), 8, fill=colour)
        draw.text((column + side + AFTER_SIDE, row), name, TEXT, font(LETTERS), anchor="lm")
        column += side + AFTER_SIDE + draw.textlength(name, font(LETTERS)) + BETWEEN
