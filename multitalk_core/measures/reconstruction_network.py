"""The network of Deep3DFaceRecon: a ResNet-50 that reads the coefficients of a 3-D face model off a picture.

Deng et al., "Accurate 3D Face Reconstruction with Weakly-Supervised Learning", CVPR workshops 2019;
He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 224  # pixels of a picture
FEATURES = 2048
# Identity, expression, texture, rotation, light, and translation across and in depth.
COEFFICIENTS = (80, 64, 80, 3, 27, 2, 1)
EXPRESSION = slice(80, 144)
STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))  # inner channels and blocks
EXPANSION = 4


class ReconstructionNetwork(nn.Module):
    """Coefficients of faces."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = _Backbone()
        self.final_layers = nn.ModuleList([nn.Conv2d(FEATURES, count, 1) for count in COEFFICIENTS])

    def forward(self, pictures: Tensor) -> Tensor:
        """Coefficients [pictures, 257] of pictures [pictures, 3, 224, 224] in 0..1."""
        features = self.backbone(pictures)
        return torch.cat([layer(features) for layer in self.final_layers], dim=1).flatten(1)


class _Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for number, (inner, count) in enumerate(STAGES, start=1):
            blocks = [_Bottleneck(channels, inner, stride=1 if number == 1 else 2)]
            channels = EXPANSION * inner
            blocks += [_Bottleneck(channels, inner) for _ in range(count - 1)]
            self.add_module(f"layer{number}", nn.Sequential(*blocks))

    def forward(self, pictures: Tensor) -> Tensor:
        found = F.max_pool2d(self.bn1(self.conv1(pictures)).relu(), 3, stride=2, padding=1)
        for number in range(1, len(STAGES) + 1):
            found = self.get_submodule(f"layer{number}")(found)
        return found.mean((2, 3), keepdim=True)


class _Bottleneck(nn.Module):
    """Steps in its 3×3 convolution."""

    def __init__(self, inputs: int, inner: int, *, stride: int = 1) -> None:
        super().__init__()
        outputs = EXPANSION * inner
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = (
            nn.Identity()
            if inputs == outputs
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        )

    def forward(self, maps: Tensor) -> Tensor:
        found = self.bn1(self.conv1(maps)).relu()
        found = self.bn2(self.conv2(found)).relu()
        return (self.bn3(self.conv3(found)) + self.downsample(maps)).relu()
