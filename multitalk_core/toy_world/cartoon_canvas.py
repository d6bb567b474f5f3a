"""Smooth shapes on a clip: ellipses and rounded boxes by their distance functions."""

import torch
from torch import Tensor

Number = float | Tensor  # one value for all frames, or [frames]


class Canvas:
    """A clip to paint on. Lengths are in picture heights, the origin is the upper left corner.

    Parameters
    ----------
    frames, height, width : int
    colour : Tensor [3]
        Of the ground, in 0..1.
    """

    def __init__(self, frames: int, height: int, width: int, colour: Tensor):
        self.pixel = 1 / height
        self.x = ((torch.arange(width) + 0.5) * self.pixel).view(1, 1, -1)
        self.y = ((torch.arange(height) + 0.5) * self.pixel).view(1, -1, 1)
        self.picture = colour.expand(frames, height, width, 3).clone()

    def paint(self, coverage: Tensor, colour: Tensor) -> None:
        """Lay `colour` [3] or [frames, 3] over the picture where `coverage` [frames, height, width] is 1."""
        self.picture = torch.lerp(self.picture, colour.view(-1, 1, 1, 3).float(), coverage[..., None])

    def ellipse(self, x: Number, y: Number, across: Number, down: Number) -> Tensor:
        """Coverage of an ellipse by its middle and half axes, [frames, height, width] in 0..1."""
        across, down = _per_frame(across), _per_frame(down)
        right, below = self.x - _per_frame(x), self.y - _per_frame(y)
        radius = torch.hypot(right / across, below / down)
        slope = torch.hypot(right / across**2, below / down**2)
        return self._covered(radius * (radius - 1) / slope.clamp(min=1e-6))

    def box(self, x: Number, y: Number, across: Number, down: Number, corner: float = 0.0) -> Tensor:
        """Coverage of a box with round corners, by its middle and half sides."""
        right = (self.x - _per_frame(x)).abs() - _per_frame(across) + corner
        below = (self.y - _per_frame(y)).abs() - _per_frame(down) + corner
        outside = torch.hypot(right.clamp(min=0), below.clamp(min=0))
        return self._covered(outside + torch.maximum(right, below).clamp(max=0) - corner)

    def above(self, y: Number) -> Tensor:
        """Coverage of everything above a line, [frames, height, 1]."""
        return self._covered(self.y - _per_frame(y))

    def _covered(self, distance: Tensor) -> Tensor:
        """A pixel is half covered where its middle lies on the edge."""
        return (0.5 - distance / self.pixel).clamp(0, 1)


def _per_frame(value: Number) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float32).view(-1, 1, 1)
