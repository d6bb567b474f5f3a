"""I3D: Inception inflated to video, with the 400 classes of Kinetics.

Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017. Convolutions and pools pad with zeros as
TensorFlow's "SAME" does: more behind than before.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 224  # pixels of a frame
CLASSES = 400
FEWEST_FRAMES = 9  # the last pool needs two frames after three halvings

# Outputs of a block's branches: 1×1; 1×1 then 3×3; 1×1 then 3×3; pool then 1×1.
BLOCKS = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
POOLS = {
    "Mixed_4b": ((3, 3, 3), (2, 2, 2)),
    "Mixed_5b": ((2, 2, 2), (2, 2, 2)),
}  # kernel and stride before a block
ACROSS = ((1, 3, 3), (1, 2, 2))


class I3dNetwork(nn.Module):
    """Logits of clips."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv3d_1a_7x7 = _Unit(3, 64, 7, stride=2)
        self.Conv3d_2b_1x1 = _Unit(64, 64, 1)
        self.Conv3d_2c_3x3 = _Unit(64, 192, 3)
        channels = 192
        for name, outputs in BLOCKS.items():
            self.add_module(name, _Block(channels, outputs))
            channels = outputs[0] + outputs[2] + outputs[4] + outputs[5]
        self.logits = _Logits(channels)

    def forward(self, clips: Tensor) -> Tensor:
        """Logits [clips, 400], averaged over time, of clips [clips, 3, frames, 224, 224] in -1..1."""
        found = _pooled(self.Conv3d_1a_7x7(clips), *ACROSS)
        found = _pooled(self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(found)), *ACROSS)
        for name in BLOCKS:
            if name in POOLS:
                found = _pooled(found, *POOLS[name])
            found = self.get_submodule(name)(found)
        found = F.avg_pool3d(found, (2, 7, 7), stride=1)
        return self.logits.conv3d(found).mean((2, 3, 4))


class _Unit(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(inputs, outputs, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        padded = _padded(maps, self.conv3d.kernel_size, self.conv3d.stride)
        return self.bn(self.conv3d(padded)).relu()


class _Logits(nn.Module):
    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(inputs, CLASSES, 1)


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: Sequence[int]) -> None:
        super().__init__()
        self.b0 = _Unit(inputs, outputs[0], 1)
        self.b1a = _Unit(inputs, outputs[1], 1)
        self.b1b = _Unit(outputs[1], outputs[2], 3)
        self.b2a = _Unit(inputs, outputs[3], 1)
        self.b2b = _Unit(outputs[3], outputs[4], 3)
        self.b3b = _Unit(inputs, outputs[5], 1)

    def forward(self, maps: Tensor) -> Tensor:
        pooled = self.b3b(_pooled(maps, (3, 3, 3), (1, 1, 1)))
        return torch.cat([self.b0(maps), self.b1b(self.b1a(maps)), self.b2b(self.b2a(maps)), pooled], dim=1)


def _pooled(maps: Tensor, kernel: Sequence[int], stride: Sequence[int]) -> Tensor:
    return F.max_pool3d(_padded(maps, kernel, stride), tuple(kernel), tuple(stride))


def _padded(maps: Tensor, kernel: Sequence[int], stride: Sequence[int]) -> Tensor:
    """Add zeros, so that a convolution or pool gives the size divided by the stride, rounded up."""
    around: list[int] = []
    for size, length, step in zip(maps.shape[2:], kernel, stride, strict=True):
        whole = max(0, (-(-size // step) - 1) * step + length - size)
        around = [whole // 2, whole - whole // 2, *around]  # F.pad begins with the last axis
    return F.pad(maps, around)
