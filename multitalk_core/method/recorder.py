"""What was located while a film was made, kept for looking at."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from .labels import token_classes
from .wan import Grid


@dataclass(frozen=True)
class BindingRecord:
    """Where one block located everybody, at one step of one clip.

    Attributes
    ----------
    similarity : Tensor [persons + 1, frames, height, width]
        On the token grid, the background last.
    labels : Tensor [frames, height, width] or None
        Labels the tokens got; None for schemes without a rotation.
    """

    similarity: Tensor
    labels: Tensor | None

    @property
    def classes(self) -> Tensor:
        """Person of every token, [frames, height, width], int64; the background is the last number."""
        return token_classes(self.similarity[None])[0]


@dataclass
class BindingRecorder:
    """An Observer of AudioPatch that keeps one record a clip.

    Whoever samples sets `clip`, `step` and `grid` before the step.

    Attributes
    ----------
    block : int
        The DiT block to record.
    recorded_step : int
        The step to record, from 0.
    records : dict of int to BindingRecord
        By clip.
    """

    block: int
    recorded_step: int
    clip: int = 0
    step: int = 0
    grid: Grid | None = None
    records: dict[int, BindingRecord] = field(default_factory=dict)

    def __call__(self, block: int, similarity: Tensor, labels: Tensor | None) -> None:
        """Keep the first row, which has audio, of the recorded block and step."""
        if block != self.block or self.step != self.recorded_step or self.clip in self.records:
            return
        shape = (self.grid.frames, self.grid.height, self.grid.width)
        self.records[self.clip] = BindingRecord(
            similarity[0].unflatten(-1, shape).cpu(),
            None if labels is None else labels[0].unflatten(-1, shape).cpu(),
        )

    def tensors(self, clip: int) -> dict[str, Tensor]:
        """What was recorded of a clip, to be kept with it."""
        record = self.records.get(clip)
        if record is None:
            return {}
        labels = {} if record.labels is None else {"labels": record.labels}
        return {
            "similarity": record.similarity,
            "at": torch.tensor([self.block, self.recorded_step]),
            **labels,
        }

    def restore(self, clip: int, tensors: dict[str, Tensor]) -> None:
        """Take what was kept of a clip, if it is of the block and step that are recorded."""
        if tensors and tensors["at"].tolist() == [self.block, self.recorded_step]:
            self.records[clip] = BindingRecord(tensors["similarity"], tensors.get("labels"))
