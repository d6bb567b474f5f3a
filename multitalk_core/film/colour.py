"""Colour correction between clips: each frame's Lab statistics are set to a reference's."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..guards.words import Word

_XYZ_FROM_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE_D65 = (0.95047, 1.0, 1.08883)


class ColourMethod(Word):
    """Which statistics of a frame follow the reference.

    LAB matches mean and spread, as in the reference implementation. MEAN matches the mean alone and keeps
    the contrast.
    """

    LAB = "lab"
    MEAN = "mean"


class LabStatistics(NamedTuple):
    """Of each frame's channels in CIE Lab, both [rows, 3, frames, 1, 1].

    Attributes
    ----------
    mean : Tensor
    spread : Tensor
        The population deviation.
    """

    mean: Tensor
    spread: Tensor


def match_colour(
    frames: Tensor, reference: Tensor, strength: float = 1.0, *, method: str = ColourMethod.LAB
) -> Tensor:
    """Give every frame the mean, and the spread, of the reference in CIE Lab (D65).

    Parameters
    ----------
    frames : Tensor [rows, 3, frames, height, width], in -1..1
    reference : Tensor [rows, 3, 1, height, width], in -1..1
        The film's picture, or the dubbed video's frame.
    strength : float
        0 leaves the frames as they are, 1 (the default of the reference implementation) matches them fully.
    method : str
        A ColourMethod.

    Returns
    -------
    Tensor, shape of `frames`

    Raises
    ------
    MultiTalkError
        For an unknown method.
    """
    return match_statistics(frames, lab_statistics(reference), strength, method=method)


def match_statistics(
    frames: Tensor, goal: LabStatistics, strength: float = 1.0, *, method: str = ColourMethod.LAB
) -> Tensor:
    """Match colours as `match_colour` does, with a reference whose statistics are known."""
    with_spread = ColourMethod(method) is ColourMethod.LAB
    source = _in_unit_range(frames)
    lab = lab_from_rgb(source)
    own = _statistics(lab)
    gain = torch.where(own.spread > 0, goal.spread / own.spread, 0.0) if with_spread else 1.0
    matched = rgb_from_lab((lab - own.mean) * gain + goal.mean).clamp(0, 1)
    return ((1 - strength) * source + strength * matched) * 2 - 1


def lab_statistics(frames: Tensor) -> LabStatistics:
    """Mean and spread in CIE Lab of each frame of [rows, 3, frames, height, width], in -1..1."""
    return _statistics(lab_from_rgb(_in_unit_range(frames)))


def colour_drift(frames: Tensor, goal: Tensor) -> Tensor:
    """Measure how far colours have drifted: each frame's mean colour minus its goal's.

    Parameters
    ----------
    frames : Tensor [frames, height, width, 3], in 0..1
    goal : Tensor [1 or frames, height, width, 3], in 0..1
        The picture, or a frame for each.

    Returns
    -------
    Tensor [frames, 3]
        In CIE Lab, where a distance of about 2 is just visible.
    """
    return _mean_colours(frames) - _mean_colours(goal)


def _mean_colours(frames: Tensor) -> Tensor:
    """[frames, 3]; one by one, as a whole clip at once takes many times its memory."""
    return torch.cat([lab_from_rgb(frame.movedim(-1, 0)[None]).mean(dim=(-2, -1)) for frame in frames])


def _in_unit_range(frames: Tensor) -> Tensor:
    return ((frames + 1) / 2).clamp(0, 1)


def _statistics(lab: Tensor) -> LabStatistics:
    """Mean and spread, several times as fast as Tensor.var."""
    first = lab[..., :1, :1]
    shifted = lab - first  # exactly 0 in a flat frame, whose spread is then 0 too
    mean = shifted.mean(dim=(-2, -1), keepdim=True)
    variance = (shifted - mean).square().mean(dim=(-2, -1), keepdim=True)
    return LabStatistics(first + mean, variance.sqrt())


def lab_from_rgb(rgb: Tensor) -> Tensor:
    """From sRGB in 0..1 to CIE Lab, channels in dimension 1."""
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = _mix(linear, _relative_xyz_from_rgb())
    cubed = torch.where(xyz > 0.008856, xyz ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = cubed.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def rgb_from_lab(lab: Tensor) -> Tensor:
    """From CIE Lab to sRGB in 0..1, channels in dimension 1."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    cubed = torch.stack([a / 500 + y, y, (y - b / 200).clamp(min=0)], dim=1)
    xyz = torch.where(cubed > 0.2068966, cubed**3, (cubed - 16 / 116) / 7.787)
    linear = _mix(xyz, _relative_xyz_from_rgb().inverse())
    return torch.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def _mix(colours: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("ij,bj...->bi...", matrix.to(colours), colours)


def _relative_xyz_from_rgb() -> Tensor:
    """Matrix [3, 3], float64, from linear light to CIE XYZ, in which white is 1."""
    xyz, white = (torch.tensor(values, dtype=torch.float64) for values in (_XYZ_FROM_RGB, _WHITE_D65))
    return xyz / white[:, None]
