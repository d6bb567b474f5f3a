"""A video of two real people who cross, and of whom one leaves."""

from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor

from multitalk_core.media.picture import read_picture
from multitalk_core.media.video_source import VideoInMemory

PICTURES = Path(__file__).parents[1] / "persons" / "pictures"
SECONDS = 3
WOMAN_AT, WOMAN_SPEED = 116, 130  # column of her face in the first picture, and its pixels a second
MAN_AT, MAN_SPEED = 518, -240
MAN_LEAVES = 2.1  # seconds


def crossing_people(rate: int = 10) -> VideoInMemory:
    """Three seconds: an astronaut walks to the right before a man who walks to the left and out, 640x256."""
    woman = read_picture(PICTURES / "s16.jpg")[20:220, 130:320]
    man = read_picture(PICTURES / "s13.jpg")[:170, 100:256]
    images = torch.full((SECONDS * rate, 256, 640, 3), 0.5)
    for index, image in enumerate(images):
        _paste(image, man, 40, 440 + MAN_SPEED * index // rate)
        _paste(image, woman, 30, 20 + WOMAN_SPEED * index // rate)
    return VideoInMemory(images, Fraction(rate))


def _paste(image: Tensor, part: Tensor, top: int, left: int) -> None:
    """Lay a part over an image, as far as it lies in it."""
    part = part[:, max(0, -left) :]
    room = image[top : top + len(part), max(0, left) : max(0, left) + part.shape[1]]
    room.copy_(part[:, : room.shape[1]])
