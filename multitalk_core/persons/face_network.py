"""RetinaFace on a quarter-width MobileNet: what every anchor of a picture says of faces.

Deng et al., "RetinaFace: Single-Shot Multi-Level Face Localisation in the Wild", CVPR 2020: a feature
pyramid of three levels, a context module on each (Najibi et al., "SSH", ICCV 2017), and three heads.
Batch norms are folded into the convolutions.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDES = (8, 16, 32)  # pixels between the anchors of each level
ANCHOR_SIDES = ((16, 32), (64, 128), (256, 512))  # pixels, of the square anchors at each place
MEAN_COLOUR = (123.0, 117.0, 104.0)  # red, green and blue of the training pictures, in 0..255
CENTRE_STEP, SIDE_STEP = 0.1, 0.2  # what one unit of a prediction means (Liu et al., "SSD", 2016)

CHANNELS = 64  # of every pyramid level
SLOPE = 0.1  # of every leaky ReLU
LANDMARKS = 5


class FaceNetwork(nn.Module):
    """Faces at every anchor; the modules are in the order in which they are computed."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            [
                nn.Sequential(
                    _convolution(3, 8, 3, stride=2),
                    _separable(8, 16),
                    _separable(16, 32, stride=2),
                    _separable(32, 32),
                    _separable(32, 64, stride=2),
                    _separable(64, 64),
                ),
                nn.Sequential(_separable(64, 128, stride=2), *(_separable(128, 128) for _ in range(5))),
                nn.Sequential(_separable(128, 256, stride=2), _separable(256, 256)),
            ]
        )
        self.laterals = nn.ModuleList([_convolution(channels, CHANNELS, 1) for channels in (64, 128, 256)])
        self.merge_middle = _convolution(CHANNELS, CHANNELS, 3)
        self.merge_fine = _convolution(CHANNELS, CHANNELS, 3)
        self.contexts = nn.ModuleList([_Context() for _ in STRIDES])
        self.classes, self.boxes, self.landmarks = (
            nn.ModuleList([nn.Conv2d(CHANNELS, 2 * numbers, 1) for _ in STRIDES])
            for numbers in (2, 4, 2 * LANDMARKS)
        )

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predictions of all anchors, level by level, row by row, the smaller anchor of a place first.

        Parameters
        ----------
        pixels : Tensor [1, 3, height, width], float32
            Red, green and blue in 0..255, less MEAN_COLOUR.

        Returns
        -------
        certainties : Tensor [anchors], 0..1
        offsets : Tensor [anchors, 4]
            Of the box: its centre's and its sides', as `decoded_boxes` reads them.
        landmarks : Tensor [anchors, 5, 2]
            As `decoded_points` reads them.
        """
        levels = self._pyramid(pixels)
        levels = [context(level) for context, level in zip(self.contexts, levels, strict=True)]
        classes = _by_anchor(self.classes, levels, 2)
        landmarks = _by_anchor(self.landmarks, levels, 2 * LANDMARKS)
        return (
            classes.softmax(dim=-1)[:, 1],
            _by_anchor(self.boxes, levels, 4),
            landmarks.view(-1, LANDMARKS, 2),
        )

    def _pyramid(self, pixels: Tensor) -> list[Tensor]:
        """The levels, fine to coarse: each has what the coarser ones know added."""
        seen = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            pixels = stage(pixels)
            seen.append(lateral(pixels))
        fine, middle, coarse = seen
        middle = self.merge_middle(middle + F.interpolate(coarse, middle.shape[-2:]))
        fine = self.merge_fine(fine + F.interpolate(middle, fine.shape[-2:]))
        return [fine, middle, coarse]


class _Context(nn.Module):
    """Sees 3, 5 and 7 pixels around each place."""

    def __init__(self) -> None:
        super().__init__()
        half, quarter = CHANNELS // 2, CHANNELS // 4
        self.near = nn.Conv2d(CHANNELS, half, 3, padding=1)
        self.shared = _convolution(CHANNELS, quarter, 3)
        self.wide = nn.Conv2d(quarter, quarter, 3, padding=1)
        self.wider = nn.Sequential(
            _convolution(quarter, quarter, 3), nn.Conv2d(quarter, quarter, 3, padding=1)
        )

    def forward(self, level: Tensor) -> Tensor:
        shared = self.shared(level)
        return torch.cat([self.near(level), self.wide(shared), self.wider(shared)], dim=1).relu()


def anchors(height: int, width: int) -> Tensor:
    """The anchors of a picture of this size as [anchors, 3]: centre's column and row, and side, in pixels."""
    found = []
    for stride, sides in zip(STRIDES, ANCHOR_SIDES, strict=True):
        rows, columns = (torch.arange(-(-length // stride)) for length in (height, width))
        grid = torch.cartesian_prod(rows, columns, torch.tensor(sides)).float()
        row, column, side = grid.unbind(dim=1)
        found.append(torch.stack([(column + 0.5) * stride, (row + 0.5) * stride, side], dim=1))
    return torch.cat(found)


def decoded_boxes(offsets: Tensor, of: Tensor) -> Tensor:
    """Boxes [anchors, 4] as left, top, right and bottom in pixels, from the network's offsets."""
    centres = of[:, :2] + CENTRE_STEP * of[:, 2:] * offsets[:, :2]
    halves = of[:, 2:] * (SIDE_STEP * offsets[:, 2:]).exp() / 2
    return torch.cat([centres - halves, centres + halves], dim=1)


def decoded_points(landmarks: Tensor, of: Tensor) -> Tensor:
    """Landmarks [anchors, 5, 2] as columns and rows in pixels, from the network's."""
    return of[:, None, :2] + CENTRE_STEP * of[:, None, 2:] * landmarks


def _convolution(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups)
    return nn.Sequential(convolution, nn.LeakyReLU(SLOPE))


def _separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Each channel by itself, then all of them at each place (Howard et al., "MobileNets", 2017)."""
    return nn.Sequential(
        _convolution(inputs, inputs, 3, stride=stride, groups=inputs), _convolution(inputs, outputs, 1)
    )


def _by_anchor(heads: nn.ModuleList, levels: list[Tensor], numbers: int) -> Tensor:
    """What a head says at every level, [anchors, numbers]."""
    said = [head(level)[0].movedim(0, -1) for head, level in zip(heads, levels, strict=True)]
    return torch.cat([places.reshape(-1, numbers) for places in said])
