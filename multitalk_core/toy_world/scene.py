"""Who stands where and how they move: a scene from a seed, and the frames of it."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .drawing import Canvas
from .people import Look, colour, draw_person, random_look

FPS = 25
WALLS = (("#dcebf2", "#c3d9e4"), ("#f2ead8", "#e0d2b4"), ("#e3efdc", "#c8dcbc"), ("#ece4f2", "#d5c7e0"))
FLOOR_BELOW = 0.83
SWAY = 0.03
FACE_SIZES = (0.2, 0.25)
# A person's box, in half widths of the face from its middle: left, top, right, bottom.
PERSON_BOX = (-1.3, -1.55, 1.3, 1.5)


@dataclass(frozen=True)
class Person:
    """A cartoon person; lengths are in picture heights.

    Attributes
    ----------
    look : Look
    x, y : float
        Middle of the face in the first frame.
    size : float
        Half width of the face.
    sway : tuple of (float, float, float)
        Width, cycles a second and phase of the sideways movement.
    travel : float
        Sideways way a second.
    """

    look: Look
    x: float
    y: float
    size: float
    sway: tuple[float, float, float] = (0.0, 0.0, 0.0)
    travel: float = 0.0

    def path(self, frames: int) -> tuple[Tensor, Tensor]:
        """Middle of the face in every frame, x and y [frames]."""
        seconds = torch.arange(frames) / FPS
        width, cycles, phase = self.sway
        swayed = torch.sin(2 * math.pi * cycles * seconds + phase) - math.sin(phase)
        return self.x + width * swayed + self.travel * seconds, torch.full((frames,), self.y)


@dataclass(frozen=True)
class Scene:
    """Persons in speaker order, from left to right unless told otherwise, before a wall and a floor."""

    persons: tuple[Person, ...]
    wall: str
    floor: str
    aspect: float

    def frames(self, openness: Tensor, height: int) -> Tensor:
        """The video.

        Parameters
        ----------
        openness : Tensor [persons, frames]
            Of the mouths, 0..1.
        height : int
            In pixels.

        Returns
        -------
        Tensor [frames, height, width, 3], in 0..1
        """
        count = openness.shape[1]
        canvas = Canvas(count, height, round(self.aspect * height), colour(self.wall))
        canvas.paint(1 - canvas.above(FLOOR_BELOW), colour(self.floor))
        for person, opened in zip(self.persons, openness, strict=True):
            draw_person(canvas, person.look, *person.path(count), person.size, opened)
        return canvas.picture

    def boxes(self) -> list[tuple[float, float, float, float]]:
        """Left, top, right and bottom of every person in the first frame, in picture heights."""
        return [
            tuple(
                middle + edge * person.size
                for middle, edge in zip((person.x, person.y) * 2, PERSON_BOX, strict=True)
            )
            for person in self.persons
        ]


def random_scene(seed: int, aspect: float = 1.5, persons: int = 2, sway: float = SWAY) -> Scene:
    """Persons side by side, each in a part of the picture of their own, swaying a little.

    Parameters
    ----------
    seed : int
    aspect : float
        Width over height.
    persons : int
    sway : float
        Largest width of the movement, in picture heights.
    """
    generator = torch.Generator().manual_seed(seed)

    def between(low: float, high: float) -> float:
        return float(torch.rand((), generator=generator)) * (high - low) + low

    part = aspect / persons
    people = []
    for index in range(persons):
        size = between(*FACE_SIZES)
        middle = part * (index + 0.5)
        people.append(
            Person(
                random_look(generator),
                middle + between(-0.06, 0.06),
                between(0.4, 0.48),
                size,
                (between(0, sway), between(0.3, 1.0), between(0, 2 * math.pi)),
            )
        )
    wall, floor = WALLS[int(torch.randint(len(WALLS), (), generator=generator))]
    return Scene(tuple(people), wall, floor, aspect)
