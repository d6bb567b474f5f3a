"""What was located while a film was made, recorded for looking at."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from .localization import token_classes
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
    """An Observer of AudioPatch that stores one record for each clip.

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
        """Store what the recorded block located at the recorded step."""
        is_recorded = block == self.block and self.step == self.recorded_step
        if self.grid is None or not is_recorded or self.clip in self.records:
            return
        shape = (self.grid.frames, self.grid.height, self.grid.width)
        self.records[self.clip] = BindingRecord(
            similarity[0].unflatten(-1, shape).cpu(),
            None if labels is None else labels[0].unflatten(-1, shape).cpu(),
        )

    def tensors(self, clip: int) -> dict[str, Tensor]:
        """The record of a clip as tensors, to be stored with it."""
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
        """Take the record of a stored clip, if it is of the same block and step."""
        if tensors and tensors["at"].tolist() == [self.block, self.recorded_step]:
            self.records[clip] = BindingRecord(tensors["similarity"], tensors.get("labels"))
