"""Persons drawn over their picture."""

import math

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..media.picture import cut_margins
from ..persons.masks import Persons
from .canvas import draw_badge, draw_label, to_image, to_picture
from .palette import speaker_colour

READABLE_SIDE = 384  # pixels; smaller pictures are enlarged so that the numbers can be read
LONGEST_SIDE = 4096  # pixels that a picture is enlarged to; thin ones would fill the memory
TINT = 0.38
BACKGROUND_LIGHT = 0.55
CUT_LIGHT = 0.15


def persons_overlay(picture: Tensor, persons: Persons, film_size: tuple[int, int] | None = None) -> Tensor:
    """Tint, outline and number each person, write how certain they are, and dim the background.

    Parameters
    ----------
    picture : Tensor [height, width, 3], float32, in 0..1
    persons : Persons
        Of the same size as the picture.
    film_size : (height, width), optional
        What a film of this size does not show is nearly black behind a white line.

    Returns
    -------
    Tensor [height, width, 3], float32, in 0..1
        Enlarged by a whole factor if the shorter side is less than 384 pixels, to at most 4096.
    """
    shorter, longer = sorted(picture.shape[:2])
    factor = max(1, min(math.ceil(READABLE_SIDE / shorter), LONGEST_SIDE // longer))
    size = (factor * picture.shape[1], factor * picture.shape[0])
    drawn = to_picture(to_image(picture).resize(size, Image.Resampling.BICUBIC))
    masks = persons.masks.cpu().repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    shorter = min(drawn.shape[:2])
    line = max(3, round(shorter / 170))
    drawn = torch.where(masks.any(dim=0)[..., None], drawn, drawn * BACKGROUND_LIGHT)
    for index, mask in enumerate(masks):
        colour = torch.tensor(speaker_colour(index)) / 255
        drawn = torch.where(mask[..., None], drawn + (colour - drawn) * TINT, drawn)
    for index, mask in enumerate(masks):
        colour = torch.tensor(speaker_colour(index)) / 255
        drawn = drawn + (colour - drawn) * _outline(mask, line)[..., None]
    if film_size is not None:
        drawn = _cropped(drawn, film_size, line)
    image = to_image(drawn)
    radius = max(12, shorter * 0.038)
    for index, mask in enumerate(masks):
        column, row = _badge_place(mask, radius)
        draw_badge(image, index, column=column, row=row, radius=radius)
        if persons.findings:
            draw_label(
                image,
                f"{persons.findings[index].certainty:.0%}",
                column=column,
                row=row + 1.9 * radius,
                size=radius,
            )
    return to_picture(image)


def _cropped(drawn: Tensor, film_size: tuple[int, int], line: int) -> Tensor:
    """Darken what a film of this size cuts off, and draw a line along the cut."""
    height, width = drawn.shape[:2]
    rows, columns = cut_margins((height, width), film_size)
    shown = torch.zeros(height, width, dtype=torch.bool)
    shown[rows : height - rows, columns : width - columns] = True
    drawn = torch.where(shown[..., None], drawn, drawn * CUT_LIGHT)
    if rows:
        drawn[rows : rows + line] = drawn[height - rows - line : height - rows] = 1
    if columns:
        drawn[:, columns : columns + line] = drawn[:, width - columns - line : width - columns] = 1
    return drawn


def _outline(mask: Tensor, width: int) -> Tensor:
    """Coverage of each pixel by a smooth line along the inside of the mask's edge, 0..1."""
    padded = F.pad((~mask).float()[None, None], (width,) * 4, value=1.0)
    near_outside = F.max_pool2d(padded, 2 * width + 1, stride=1)[0, 0].bool()
    return F.avg_pool2d((mask & near_outside).float()[None], 3, stride=1, padding=1)[0]


def _badge_place(mask: Tensor, radius: float) -> tuple[float, float]:
    """Column and row at the top of the mask, moved so that the badge is inside the picture."""
    height, width = mask.shape
    top = int(mask.any(dim=1).nonzero()[0])
    columns = mask[top : top + max(1, round(radius))].any(dim=0).nonzero().float()
    column, row = float(columns.mean()), top + radius * 0.4
    return (
        min(max(column, radius + 1), width - radius - 1),
        min(max(row, radius + 1), height - radius - 1),
    )
