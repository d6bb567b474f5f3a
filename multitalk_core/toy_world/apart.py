"""Fig. 7 of the paper: the two people of a talk filmed one by one, their films beside each other."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..film.colour import lab_from_rgb
from ..media.picture import write_picture
from .parts import WALL_HEIGHT
from .talks import Talk

if TYPE_CHECKING:
    from .scoring import Sampler

APART_PICTURE = "results_apart.png"
SEAM_WIDTH = 3  # pixels on either side
SHOWN_FRAMES, ENLARGED, MARGIN = 5, 2, 4


def halves(talk: Talk) -> list[Talk]:
    """The left and the right person's talk, each in their own half of the picture."""
    scene, width = talk.scene, talk.scene.aspect / 2
    alone = []
    for place in range(2):
        index = scene.places().index(place)
        person = replace(scene.persons[index], x=scene.persons[index].x - place * width)
        half = replace(scene, persons=(person,), aspect=width)
        alone.append(Talk(half, (talk.tracks[index],), (talk.starts[index],)))
    return alone


def film_apart(sampler: "Sampler", talk: Talk, seed: int) -> Tensor:
    """Film the two people of a talk one by one, and put the films beside each other.

    Returns
    -------
    Tensor [frames, height, width, 3], in 0..1
    """
    alone = replace(sampler, size=replace(sampler.size, width=sampler.size.width // 2))
    return torch.cat([alone.film(half, seed) for half in halves(talk)], dim=2)


def seam(film: Tensor) -> float:
    """Mean step of the wall's colour at the middle of a film [frames, height, width, 3], in CIE Lab."""
    wall, middle = film[:, : round(WALL_HEIGHT * film.shape[1])].movedim(-1, 1), film.shape[2] // 2
    strips = wall[..., middle - SEAM_WIDTH : middle], wall[..., middle : middle + SEAM_WIDTH]
    left, right = (lab_from_rgb(strip.clamp(0, 1)).mean((2, 3)) for strip in strips)
    return float((left - right).norm(dim=1).mean())


def draw_apart(sampler: "Sampler", talk: Talk, seed: int, *, path: Path) -> None:
    """Draw frames of a talk, of one film of both people, and of two films beside each other, row by row."""
    films = (talk.film(sampler.size), sampler.film(talk, seed), film_apart(sampler, talk, seed))
    shown = torch.linspace(0, sampler.size.frames - 1, SHOWN_FRAMES).long()
    rows = torch.stack([film[shown] for film in films]).movedim(-1, 2)
    rows = rows.repeat_interleave(ENLARGED, 3).repeat_interleave(ENLARGED, 4)
    framed = torch.nn.functional.pad(rows, (MARGIN,) * 4, value=1.0)
    write_picture(path, framed.permute(0, 3, 1, 4, 2).flatten(2, 3).flatten(0, 1))
