"""Inception v3 as FID uses it: TensorFlow's of 5 December 2015, with 1008 classes.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016. Average pools leave
the padding out of the mean, and the pool branch of the last block is a maximum.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 299  # pixels of a picture
FEATURES = 2048
CLASSES = 1008

halved = partial(F.max_pool2d, kernel_size=3, stride=2)
averaged = partial(F.avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False)
largest = partial(F.max_pool2d, kernel_size=3, stride=1, padding=1)


class InceptionNetwork(nn.Module):
    """Features of pictures, after the global average pool."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Convolution(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = _Convolution(32, 32, 3)
        self.Conv2d_2b_3x3 = _Convolution(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = _Convolution(64, 80, 1)
        self.Conv2d_4a_3x3 = _Convolution(80, 192, 3)
        self.Mixed_5b = _Block35(192, pooled=32)
        self.Mixed_5c = _Block35(256, pooled=64)
        self.Mixed_5d = _Block35(288, pooled=64)
        self.Mixed_6a = _Reduction17(288)
        self.Mixed_6b = _Block17(768, inner=128)
        self.Mixed_6c = _Block17(768, inner=160)
        self.Mixed_6d = _Block17(768, inner=160)
        self.Mixed_6e = _Block17(768, inner=192)
        self.Mixed_7a = _Reduction8(768)
        self.Mixed_7b = _Block8(1280)
        self.Mixed_7c = _Block8(2048, averages=False)
        self.fc = nn.Linear(FEATURES, CLASSES)  # in the file, and not used here

    def forward(self, pictures: Tensor) -> Tensor:
        """Features [pictures, 2048] of pictures [pictures, 3, 299, 299] in -1..1."""
        found = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(pictures)))
        found = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(halved(found)))
        found = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(halved(found))))
        found = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(found)))))
        found = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(found)))
        return found.mean((2, 3))


class _Convolution(nn.Module):
    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        *,
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, maps: Tensor) -> Tensor:
        return self.bn(self.conv(maps)).relu()


_across = partial(_Convolution, kernel=(1, 7), padding=(0, 3))
_down = partial(_Convolution, kernel=(7, 1), padding=(3, 0))
_point = partial(_Convolution, kernel=1)
_square = partial(_Convolution, kernel=3, padding=1)


class _Block35(nn.Module):
    """Maps of 35×35 to the same size."""

    def __init__(self, inputs: int, *, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = _point(inputs, 64)
        self.branch5x5_1 = _point(inputs, 48)
        self.branch5x5_2 = _Convolution(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = _point(inputs, 64)
        self.branch3x3dbl_2 = _square(64, 96)
        self.branch3x3dbl_3 = _square(96, 96)
        self.branch_pool = _point(inputs, pooled)

    def forward(self, maps: Tensor) -> Tensor:
        wide = self.branch5x5_2(self.branch5x5_1(maps))
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(maps)))
        return torch.cat([self.branch1x1(maps), wide, double, self.branch_pool(averaged(maps))], dim=1)


class _Reduction17(nn.Module):
    """Maps of 35×35 to 17×17."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3 = _Convolution(inputs, 384, 3, stride=2)
        self.branch3x3dbl_1 = _point(inputs, 64)
        self.branch3x3dbl_2 = _square(64, 96)
        self.branch3x3dbl_3 = _Convolution(96, 96, 3, stride=2)

    def forward(self, maps: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(maps)))
        return torch.cat([self.branch3x3(maps), double, halved(maps)], dim=1)


class _Block17(nn.Module):
    """Maps of 17×17 to the same size."""

    def __init__(self, inputs: int, *, inner: int) -> None:
        super().__init__()
        self.branch1x1 = _point(inputs, 192)
        self.branch7x7_1 = _point(inputs, inner)
        self.branch7x7_2 = _across(inner, inner)
        self.branch7x7_3 = _down(inner, 192)
        self.branch7x7dbl_1 = _point(inputs, inner)
        self.branch7x7dbl_2 = _down(inner, inner)
        self.branch7x7dbl_3 = _across(inner, inner)
        self.branch7x7dbl_4 = _down(inner, inner)
        self.branch7x7dbl_5 = _across(inner, 192)
        self.branch_pool = _point(inputs, 192)

    def forward(self, maps: Tensor) -> Tensor:
        single = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(maps)))
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(maps)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        return torch.cat([self.branch1x1(maps), single, double, self.branch_pool(averaged(maps))], dim=1)


class _Reduction8(nn.Module):
    """Maps of 17×17 to 8×8."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3_1 = _point(inputs, 192)
        self.branch3x3_2 = _Convolution(192, 320, 3, stride=2)
        self.branch7x7x3_1 = _point(inputs, 192)
        self.branch7x7x3_2 = _across(192, 192)
        self.branch7x7x3_3 = _down(192, 192)
        self.branch7x7x3_4 = _Convolution(192, 192, 3, stride=2)

    def forward(self, maps: Tensor) -> Tensor:
        single = self.branch3x3_2(self.branch3x3_1(maps))
        wide = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(maps)))
        return torch.cat([single, self.branch7x7x3_4(wide), halved(maps)], dim=1)


class _Block8(nn.Module):
    """Maps of 8×8 to the same size."""

    def __init__(self, inputs: int, *, averages: bool = True) -> None:
        super().__init__()
        self.branch1x1 = _point(inputs, 320)
        self.branch3x3_1 = _point(inputs, 384)
        self.branch3x3_2a = _Convolution(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3_2b = _Convolution(384, 384, (3, 1), padding=(1, 0))
        self.branch3x3dbl_1 = _point(inputs, 448)
        self.branch3x3dbl_2 = _square(448, 384)
        self.branch3x3dbl_3a = _Convolution(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3dbl_3b = _Convolution(384, 384, (3, 1), padding=(1, 0))
        self.branch_pool = _point(inputs, 192)
        self.pool = averaged if averages else largest

    def forward(self, maps: Tensor) -> Tensor:
        single = self.branch3x3_1(maps)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(maps))
        branches = [
            self.branch1x1(maps),
            self.branch3x3_2a(single),
            self.branch3x3_2b(single),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
            self.branch_pool(self.pool(maps)),
        ]
        return torch.cat(branches, dim=1)
