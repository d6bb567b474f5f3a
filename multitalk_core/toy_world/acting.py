"""Recognise what the people in a film do."""

import torch
from torch import Tensor

from .people import colour
from .scene import HOP, HOPS, NOD, NODS, RED, REDDENS, STAYS, Scene

SHOULDER = (0.95, 1.95)  # offset from the centre of the face, in half widths of the face


def seen_actions(video: Tensor, scene: Scene, paths: Tensor) -> list[str]:
    """The action of every person in a clip; an action counts from half its full extent.

    Parameters
    ----------
    video : Tensor [frames, height, width, 3], in 0..1
    scene : Scene
        The persons' positions and sizes.
    paths : Tensor [persons, frames, 2]
        Centres of the faces, from `follow_faces`.
    """
    actions = []
    for person, path in zip(scene.persons, paths, strict=True):
        fallen = path[:, 1] - path[0, 1]
        measured = {
            HOPS: -fallen.min() / HOP,
            NODS: fallen.max() / NOD,
            REDDENS: _reddened(video, path[0], person.size),
        }
        action, measure = max(measured.items(), key=lambda entry: entry[1])
        actions.append(action if measure > 0.5 else STAYS)
    return actions


def _reddened(video: Tensor, face: Tensor, size: float) -> Tensor:
    """How far a shirt turns red between the first and the last frame, from 0 to 1."""
    height = video.shape[1]
    shirts = []
    for side in (-1, 1):
        x, y = (face + torch.tensor([side * SHOULDER[0], SHOULDER[1]]) * size) * height
        row, column = min(int(y), height - 2), min(max(int(x), 1), video.shape[2] - 2)
        shirts.append(video[[0, -1], row - 1 : row + 2, column - 1 : column + 2].mean((1, 2)))
    first, last = torch.stack(shirts).mean(0)
    to_red = colour(RED) - first
    return (last - first) @ to_red / to_red.square().sum()
