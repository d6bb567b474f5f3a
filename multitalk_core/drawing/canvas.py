"""Shared parts of all drawings: conversion from and to Pillow, fonts, and speakers' badges."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..media.picture import levels
from .palette import speaker_colour

SUPERSAMPLING = 4  # Pillow draws circles without smoothing


def to_image(picture: Tensor) -> Image.Image:
    """Convert [height, width, 3] in 0..1 to a Pillow image."""
    return Image.fromarray(levels(picture).cpu().numpy())


def to_picture(image: Image.Image) -> Tensor:
    """Convert a Pillow image to [height, width, 3], float32, in 0..1."""
    return torch.from_numpy(np.array(image.convert("RGB"))).float() / 255


def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's default font at a size in pixels."""
    return ImageFont.load_default(size)


def draw_badge(image: Image.Image, speaker: int, *, column: float, row: float, radius: float) -> None:
    """Draw a disc in the speaker's colour with their number.

    Parameters
    ----------
    image : Image
        Where to draw.
    speaker : int
        Counted from 0; the number on the badge counts from 1.
    column, row, radius : float
        Centre and radius in pixels.
    """
    side = 2 * round(radius) + 1
    tile = Image.new("RGBA", (side * SUPERSAMPLING, side * SUPERSAMPLING))
    draw = ImageDraw.Draw(tile)
    edge, middle = tile.width - 1, tile.width / 2
    ring = edge * 0.07
    draw.ellipse((0, 0, edge, edge), fill="white")
    draw.ellipse((ring, ring, edge - ring, edge - ring), fill=speaker_colour(speaker))
    number = str(speaker + 1)
    size = tile.width * (0.62 if len(number) == 1 else 0.48)
    draw.text((middle, middle), number, font=font(size), fill="black", anchor="mm", stroke_width=size * 0.03)
    tile = tile.resize((side, side), Image.Resampling.LANCZOS)
    image.paste(tile, (round(column - side / 2), round(row - side / 2)), tile)


def draw_label(image: Image.Image, text: str, *, column: float, row: float, size: float) -> None:
    """Write a word in white with a black edge, readable on any picture; `size` is the font's, in pixels."""
    ImageDraw.Draw(image).text(
        (column, row), text, "white", font(size), anchor="mm", stroke_width=size * 0.12, stroke_fill="black"
    )
