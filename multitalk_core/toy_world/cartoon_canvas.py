"""Smooth ellipses and rounded boxes on clips, drawn from distance functions."""

import torch
from torch import Tensor

Number = float | Tensor  # one value for all frames, or [windows · frames]


class Canvas:
    """Clips of equal windows of one picture, to paint on. Lengths are in picture heights.

    The origin is the picture's upper left corner.

    Parameters
    ----------
    frames, height, width : int
        Size of every window; height and width in pixels.
    picture_height : int
        Height of the whole picture in pixels.
    corners : Tensor [windows, 2]
        Top and left of every window in pixels.
    colour : Tensor [3]
        Background colour, in 0..1.
    """

    def __init__(
        self, frames: int, height: int, width: int, *, picture_height: int, corners: Tensor, colour: Tensor
    ) -> None:
        self.pixel = 1 / picture_height
        top, left = corners.repeat_interleave(frames, 0).T.unsqueeze(-1)
        self.x = ((left + torch.arange(width) + 0.5) * self.pixel)[:, None]
        self.y = ((top + torch.arange(height) + 0.5) * self.pixel)[..., None]
        self.picture = colour.expand(len(top), height, width, 3).clone()

    def paint(self, coverage: Tensor, colour: Tensor) -> None:
        """Lay a colour over the picture where `coverage` is 1.

        Parameters
        ----------
        coverage : Tensor [windows · frames, height, width], in 0..1
        colour : Tensor [3] or [windows · frames, 3]
        """
        self.picture = torch.lerp(self.picture, colour.view(-1, 1, 1, 3).float(), coverage[..., None])

    def ellipse(self, x: Number, y: Number, *, across: Number, down: Number) -> Tensor:
        """Coverage of an ellipse by its centre and half axes, [windows · frames, height, width] in 0..1."""
        across, down = _per_frame(across), _per_frame(down)
        right, below = self.x - _per_frame(x), self.y - _per_frame(y)
        radius = torch.hypot(right / across, below / down)
        slope = torch.hypot(right / across**2, below / down**2)
        return self._covered(radius * (radius - 1) / slope.clamp(min=1e-6))

    def box(self, x: Number, y: Number, *, across: Number, down: Number, corner: float = 0.0) -> Tensor:
        """Coverage of a box with round corners, given its centre and half sides."""
        right = (self.x - _per_frame(x)).abs() - _per_frame(across) + corner
        below = (self.y - _per_frame(y)).abs() - _per_frame(down) + corner
        outside = torch.hypot(right.clamp(min=0), below.clamp(min=0))
        return self._covered(outside + torch.maximum(right, below).clamp(max=0) - corner)

    def above(self, y: Number) -> Tensor:
        """Coverage of everything above a line, [windows · frames, height, 1]."""
        return self._covered(self.y - _per_frame(y))

    def _covered(self, distance: Tensor) -> Tensor:
        """Coverage from signed distance; a pixel whose centre lies on the edge is half covered."""
        return (0.5 - distance / self.pixel).clamp(0, 1)


def _per_frame(value: Number) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float32).view(-1, 1, 1)
