"""How many tokens the localization gives to the right person, block by block and step by step."""

from collections import defaultdict
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..method.labels import token_classes
from ..method.recorder import BindingRecorder
from .scene import Scene

FACE = (1.0, 1.2)  # half axes of a face, in its half widths
FRAMES_A_LATENT = 4
PIXELS_A_TOKEN = 16


@dataclass
class ShareRecorder(BindingRecorder):
    """Counts, of the tokens on somebody's face, those that were given to that person.

    Attributes
    ----------
    truth : Tensor [tokens]
        Whose face a token lies on, in speaker order; -1 for none. From `faces_on_tokens`.
    counts : dict of (block, step) to [right, all]
    """

    truth: Tensor | None = None
    counts: dict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def __call__(self, block: int, similarity: Tensor, labels: Tensor | None) -> None:
        """Count the first row, which has audio."""
        on_face = self.truth >= 0
        right = (token_classes(similarity[:1])[0] == self.truth) & on_face
        counted = self.counts[block, self.step]
        counted[0] += int(right.sum())
        counted[1] += int(on_face.sum())


def faces_on_tokens(scene: Scene, frames: int, height: int, width: int) -> Tensor:
    """Whose face every token lies on, [tokens] in the model's order; a hidden face counts for its hider.

    Parameters
    ----------
    scene : Scene
    frames : int
        Video frames.
    height, width : int
        In pixels.
    """
    seen = torch.cat([torch.zeros(1, dtype=torch.long), torch.arange(2, frames, FRAMES_A_LATENT)])
    paths = scene.paths(frames)[:, seen]
    rows = (torch.arange(height // PIXELS_A_TOKEN) + 0.5) * PIXELS_A_TOKEN / height
    columns = (torch.arange(width // PIXELS_A_TOKEN) + 0.5) * PIXELS_A_TOKEN / height
    owner = torch.full((len(seen), len(rows), len(columns)), -1)
    for index in sorted(range(len(scene.persons)), key=lambda index: scene.persons[index].size):
        size = scene.persons[index].size
        x, y = paths[index, :, :, None, None].unbind(1)
        inside = ((columns - x) / (FACE[0] * size)) ** 2 + ((rows[:, None] - y) / (FACE[1] * size)) ** 2 < 1
        owner[inside] = index
    return owner.flatten()
