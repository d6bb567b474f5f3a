"""How steady a film is: its colours against a reference's, and the change from frame to frame."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from .colour import colour_drift


@dataclass
class Steadiness:
    """Measures a film clip by clip; keeps numbers and one frame.

    Attributes
    ----------
    starts : list of int
        First frame of each clip.
    """

    starts: list[int] = field(default_factory=list)
    _drifts: list[Tensor] = field(default_factory=list)
    _changes: list[Tensor] = field(default_factory=list)
    _last: Tensor | None = None

    def append(self, frames: Tensor, reference: Tensor) -> None:
        """Measure the next clip.

        Parameters
        ----------
        frames : Tensor [frames, height, width, 3], in 0..1
        reference : Tensor [1 or frames, height, width, 3], in 0..1
            What the colours should be: the picture, or a dubbed video's frames.
        """
        self.starts.append(sum(map(len, self._drifts)))
        self._drifts.append(colour_drift(frames, reference))
        before = frames[:1] if self._last is None else self._last
        changes = [(new - old).abs().mean() for old, new in zip([*before, *frames[:-1]], frames, strict=True)]
        self._changes.append(255 * torch.stack(changes))
        self._last = frames[-1:].clone()

    @property
    def drift(self) -> Tensor:
        """Each frame's mean colour minus the reference's, [frames, 3] in CIE Lab: lightness first."""
        return torch.cat(self._drifts)

    @property
    def change(self) -> Tensor:
        """Mean absolute change from the frame before, [frames], of 255 levels; 0 for the first."""
        return torch.cat(self._changes)

    @property
    def largest_drift(self) -> tuple[float, int]:
        """The largest distance of colours, and the clip, from 0, in which it is."""
        by_clip = [float(drift.norm(dim=1).max()) for drift in self._drifts]
        return max(by_clip), by_clip.index(max(by_clip))

    @property
    def seam_change(self) -> float:
        """The largest change from one clip to the next; 0 in a film of one clip."""
        return max((float(changes[0]) for changes in self._changes), default=0.0)

    @property
    def inside_change(self) -> float:
        """The largest change inside a clip."""
        return max((float(changes[1:].max()) for changes in self._changes if len(changes) > 1), default=0.0)

    def report(self, *, dubbed: bool) -> dict[str, str]:
        """Summarise in sentences, by name: `drift`, and `seams` where there are any.

        Parameters
        ----------
        dubbed : bool
            Whether the reference was a video.
        """
        largest, clip = self.largest_drift
        drift = (
            f"{largest:.1f} in clip {clip + 1}, of the mean colour from the "
            f"{'video' if dubbed else 'picture'}'s in CIE Lab; about 2 is just visible"
        )
        seams = (
            f"a frame changes by at most {self.seam_change:.1f} of 255 levels from one clip to the next, "
            f"and by {self.inside_change:.1f} inside clips"
        )
        return {"drift": drift, "seams": seams} if len(self.starts) > 1 else {"drift": drift}
