"""Random scenes of cartoon people, and their frames."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .cartoon_canvas import Canvas
from .people import Look, colour, draw_person, random_blend, random_look

FPS = 25
WALLS = (("#dcebf2", "#c3d9e4"), ("#f2ead8", "#e0d2b4"), ("#e3efdc", "#c8dcbc"), ("#ece4f2", "#d5c7e0"))
FLOOR_BELOW = 0.83
SWAY = 0.03
FACE_SIZES = (0.2, 0.25)
WIDEST_FACE = 0.4  # share of a person's part of the picture
# Left, top, right and bottom of a person's box: offsets from the face's centre, in half widths of the face.
PERSON_BOX = (-1.3, -1.55, 1.3, 1.5)
NOD, HOP = 0.09, 0.13  # picture heights
RED = "#e01b2b"

STAYS, NODS, HOPS, REDDENS = "stays", "nods", "hops", "reddens"
ACTIONS = (NODS, HOPS, REDDENS)


@dataclass(frozen=True)
class Person:
    """A cartoon person. Lengths are in picture heights.

    Attributes
    ----------
    look : Look
    x, y : float
        Centre of the face in the first frame.
    size : float
        Half width of the face.
    sway : tuple of (float, float, float)
        Amplitude, frequency in Hz and phase of the sideways movement.
    action : str
        STAYS or one of ACTIONS: the head moves down and up, the person moves up and down, or the shirt turns
        red.
    walk : float
        Sideways distance from the scene's `start` to the end of the clip.
    """

    look: Look
    x: float
    y: float
    size: float
    sway: tuple[float, float, float] = (0.0, 0.0, 0.0)
    action: str = STAYS
    walk: float = 0.0

    def across(self, progress: Tensor) -> Tensor:
        """Horizontal centre of body and face, [frames]."""
        seconds = torch.arange(len(progress)) / FPS
        width, cycles, phase = self.sway
        swayed = torch.sin(2 * math.pi * cycles * seconds + phase) - math.sin(phase)
        return self.x + width * swayed + self.walk * progress

    def body(self, progress: Tensor) -> Tensor:
        """Vertical centre of the face without nodding, [frames]."""
        return self.y - HOP * torch.sin(math.pi * progress) * (self.action == HOPS)

    def head(self, progress: Tensor) -> Tensor:
        """Vertical centre of the face, [frames]."""
        return self.body(progress) + NOD * torch.sin(math.pi * progress) * (self.action == NODS)

    def shirt(self, progress: Tensor) -> Tensor:
        """Colour of the shirt, [frames, 3]."""
        reddened = progress * (self.action == REDDENS)
        return torch.lerp(colour(self.look.shirt), colour(RED), reddened[:, None])


@dataclass(frozen=True)
class Scene:
    """Persons in speaker order before a wall and a floor; larger persons stand in front.

    Attributes
    ----------
    persons : tuple of Person
    wall, floor : str
        Colours as #rrggbb.
    aspect : float
        Width divided by height.
    start : int
        Frame after which walks and actions begin.
    """

    persons: tuple[Person, ...]
    wall: str
    floor: str
    aspect: float
    start: int = 0

    def progress(self, frames: int) -> Tensor:
        """Progress of walks and actions, [frames] in 0..1."""
        return ((torch.arange(frames) - self.start) / max(1, frames - 1 - self.start)).clamp(0, 1)

    def paths(self, frames: int) -> Tensor:
        """Centres of the faces, [persons, frames, 2] as (x, y)."""
        progress = self.progress(frames)
        return torch.stack(
            [torch.stack([person.across(progress), person.head(progress)], dim=-1) for person in self.persons]
        )

    def frames(self, openness: Tensor, height: int) -> Tensor:
        """Render the scene.

        Parameters
        ----------
        openness : Tensor [persons, frames]
            Openness of the mouths, in 0..1.
        height : int
            Height in pixels.

        Returns
        -------
        Tensor [frames, height, width, 3], in 0..1
        """
        size = height, round(self.aspect * height)
        return self.windows(openness, height, corners=torch.zeros(1, 2, dtype=torch.int64), size=size)[0]

    def windows(self, openness: Tensor, height: int, *, corners: Tensor, size: tuple[int, int]) -> Tensor:
        """Render parts of the scene, of `size` (height and width) in pixels.

        Parameters
        ----------
        openness : Tensor [persons, frames]
            Openness of the mouths, in 0..1.
        height : int
            Height of the whole picture in pixels.
        corners : Tensor [windows, 2]
            Top and left of every part in pixels.
        size : tuple of (int, int)

        Returns
        -------
        Tensor [windows, frames, size[0], size[1], 3], in 0..1
        """
        windows, count = len(corners), openness.shape[1]
        progress = self.progress(count)
        canvas = Canvas(count, *size, picture_height=height, corners=corners, colour=colour(self.wall))
        canvas.paint(1 - canvas.above(FLOOR_BELOW), colour(self.floor))
        for index in sorted(range(len(self.persons)), key=lambda index: self.persons[index].size):
            person = self.persons[index]
            draw_person(
                canvas,
                person.look,
                x=person.across(progress).repeat(windows),
                body=person.body(progress).repeat(windows),
                head=person.head(progress).repeat(windows),
                size=person.size,
                shirt=person.shirt(progress).repeat(windows, 1),
                openness=openness[index].repeat(windows),
            )
        return canvas.picture.unflatten(0, (windows, count))

    def boxes(self) -> list[tuple[float, float, float, float]]:
        """Left, top, right and bottom of every person in the first frame, in picture heights."""
        left, top, right, bottom = PERSON_BOX
        return [
            (
                person.x + left * person.size,
                person.y + top * person.size,
                person.x + right * person.size,
                person.y + bottom * person.size,
            )
            for person in self.persons
        ]

    def places(self) -> list[int]:
        """Position of every person, counted from the left."""
        across = [person.x for person in self.persons]
        return [sorted(across).index(x) for x in across]

    def crossing(self) -> "Scene":
        """The same scene with the two persons changing sides."""
        first, second = self.persons
        way = second.x - first.x
        return replace(self, persons=(replace(first, walk=way), replace(second, walk=-way)))

    def settled(self, given: int) -> "Scene":
        """The same scene after all walks, with so many conditioning frames."""
        persons = (replace(person, x=person.x + person.walk, walk=0.0) for person in self.persons)
        return replace(self, persons=tuple(persons), start=given - 1)

    def acting(self, actions: tuple[str, ...]) -> "Scene":
        """The same scene with an action for each person."""
        persons = zip(self.persons, actions, strict=True)
        return replace(self, persons=tuple(replace(person, action=action) for person, action in persons))


def random_scene(seed: int, *, aspect: float = 1.5, persons: int = 2, sway: float = SWAY) -> Scene:
    """Persons side by side, each in their own part of the picture, swaying a little.

    Parameters
    ----------
    seed : int
    aspect : float
        Width divided by height.
    persons : int
    sway : float
        Maximum amplitude of the movement, in picture heights.
    """
    generator = torch.Generator().manual_seed(seed)

    def between(low: float, high: float) -> float:
        return float(torch.rand((), generator=generator)) * (high - low) + low

    part = aspect / persons
    people = []
    for index in range(persons):
        size = min(between(*FACE_SIZES), WIDEST_FACE * part)
        middle = part * (index + 0.5)
        free = min(0.06, part / 2 - size) if persons > 1 else part / 2 - 1.3 * size
        people.append(
            Person(
                random_look(generator),
                middle + between(-free, free),
                between(0.4, 0.48),
                size,
                (between(0, sway), between(0.3, 1.0), between(0, 2 * math.pi)),
            )
        )
    wall, floor = random_blend(WALLS, generator)
    return Scene(tuple(people), wall, floor, aspect)
