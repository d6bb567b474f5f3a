"""A cartoon video to dub: two people who drift sideways and talk."""

from dataclasses import replace

import torch
from torch import Tensor

from multitalk_core.toy_world.scene import Scene, random_scene


def drifting_scene() -> Scene:
    """Two people who drift slowly sideways, far beyond what the model would make up."""
    scene = random_scene(3)
    persons = [
        replace(person, sway=(0.07, 0.3, phase))
        for person, phase in zip(scene.persons, (0.0, 2.0), strict=True)
    ]
    return replace(scene, persons=tuple(persons))


def moving_mouths(frames: int) -> Tensor:
    """How far each mouth is open in every frame, [persons, frames] in 0..1."""
    seconds = torch.arange(frames) / 25
    return torch.stack([(speed * seconds).sin().abs() for speed in (7.0, 5.0)])
