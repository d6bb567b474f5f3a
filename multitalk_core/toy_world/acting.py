"""Did the people of a film do what the prompt asked for?"""

import torch
from torch import Tensor

from .people import colour
from .scene import HOP, HOPS, NOD, NODS, RED, REDDENS, STAYS, Scene

SHOULDER = (0.95, 1.95)  # of a person, in half widths of the face from its middle


def seen_actions(video: Tensor, scene: Scene, paths: Tensor) -> list[str]:
    """What every person does in a clip: an action counts from half its full measure on.

    Parameters
    ----------
    video : Tensor [frames, height, width, 3], in 0..1
    scene : Scene
        For places, sizes and the shirts' first colours.
    paths : Tensor [persons, frames, 2]
        Middles of the faces, from `follow_faces`.
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
    """Share of the way to red that a shirt goes between the first frame and the last."""
    height = video.shape[1]
    shirts = []
    for side in (-1, 1):
        x, y = (face + torch.tensor([side * SHOULDER[0], SHOULDER[1]]) * size) * height
        row, column = min(int(y), height - 2), min(max(int(x), 1), video.shape[2] - 2)
        shirts.append(video[[0, -1], row - 1 : row + 2, column - 1 : column + 2].mean((1, 2)))
    first, last = torch.stack(shirts).mean(0)
    to_red = colour(RED) - first
    return (last - first) @ to_red / to_red.square().sum()
