"""How many tokens the localization assigns to the right person, per block and step."""

from collections import defaultdict
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..method.localization import token_classes
from ..method.recorder import BindingRecorder
from ..method.wan import TEMPORAL_STRIDE, TOKEN_STEP
from .scene import Scene

FACE = (1.0, 1.2)  # half axes of a face, in its half widths


@dataclass
class ShareRecorder(BindingRecorder):
    """Counts the tokens on faces, and those of them assigned to the right person.

    Attributes
    ----------
    truth : Tensor [tokens]
        Speaker whose face a token lies on; -1 for none. From `faces_on_tokens`.
    counts : dict of (block, step) to [right, all]
    """

    truth: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))
    counts: dict[tuple[int, int], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def __call__(self, block: int, similarity: Tensor, labels: Tensor | None) -> None:
        """Count the first row, which has audio."""
        on_face = self.truth >= 0
        right = (token_classes(similarity[:1])[0] == self.truth) & on_face
        counted = self.counts[block, self.step]
        counted[0] += int(right.sum())
        counted[1] += int(on_face.sum())


def faces_on_tokens(scene: Scene, frames: int, *, height: int, width: int) -> Tensor:
    """The speaker whose face each token lies on, [tokens] in the model's order; the front face counts.

    Parameters
    ----------
    scene : Scene
    frames : int
        Number of video frames.
    height, width : int
        Size in pixels.
    """
    seen = torch.cat([torch.zeros(1, dtype=torch.long), torch.arange(2, frames, TEMPORAL_STRIDE)])
    paths = scene.paths(frames)[:, seen]
    rows = (torch.arange(height // TOKEN_STEP) + 0.5) * TOKEN_STEP / height
    columns = (torch.arange(width // TOKEN_STEP) + 0.5) * TOKEN_STEP / height
    owner = torch.full((len(seen), len(rows), len(columns)), -1)
    for index in sorted(range(len(scene.persons)), key=lambda index: scene.persons[index].size):
        size = scene.persons[index].size
        x, y = paths[index, :, :, None, None].unbind(1)
        inside = ((columns - x) / (FACE[0] * size)) ** 2 + ((rows[:, None] - y) / (FACE[1] * size)) ** 2 < 1
        owner[inside] = index
    return owner.flatten()
