"""From HDR and wide colours of video to sRGB.

HLG and PQ are brought to light that is 1 at their reference white (ITU-R BT.2408: 75 % of the HLG signal, 203
cd/m² of PQ), the primaries to BT.709, lights above `KNEE` are compressed, and sRGB's curve follows.

HLG is taken as scene light, without the display's system gamma: so BT.2100 shows it on a display of 334
cd/m², where the system gamma is 1, and so SDR and HLG cameras agree in BT.2408 (scene-referred mapping).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache

import numpy as np
import torch
from torch import Tensor

LEVELS = 65536  # of a 16-bit signal
KNEE = 0.9  # linear light up to which nothing is compressed; reference white comes to 0.95
PQ_WHITE = 203.0  # cd/m²: HDR reference white, BT.2408 table 1
HLG_WHITE = 0.75  # of the signal, the same white
TEN_BITS = 10


class Primaries(IntEnum):
    """Primaries, by their numbers in ITU-T H.273 table 2."""

    BT709 = 1
    UNSPECIFIED = 2
    BT2020 = 9
    P3_DCI = 11
    P3_D65 = 12


class Transfer(IntEnum):
    """Transfer characteristics, by their numbers in ITU-T H.273 table 3."""

    UNSPECIFIED = 2
    PQ = 16
    HLG = 18


class Matrix(IntEnum):
    """Matrix coefficients, by their numbers in ITU-T H.273 table 4."""

    BT709 = 1
    UNSPECIFIED = 2
    FCC = 4
    BT470BG = 5
    SMPTE170M = 6
    SMPTE240M = 7
    BT2020 = 9
    BT2020_CONSTANT = 10


class Curve(StrEnum):
    """How a signal stands for light."""

    SRGB = "SDR"
    HLG = "HLG"
    PQ = "PQ"


# CIE xy of red, green and blue, and of the white D65 that they share.
CHROMATICITIES = {
    Primaries.BT709: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    Primaries.BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    Primaries.P3_D65: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
D65 = (0.3127, 0.3290)


@dataclass(frozen=True)
class ColourTransfer:
    """The colours of a video that are not sRGB's own.

    Attributes
    ----------
    curve : Curve
    primaries : Primaries
        BT2020 or P3_D65.
    assumed : bool
        Whether the file names no transfer, and HLG is assumed.
    """

    curve: Curve
    primaries: Primaries
    assumed: bool = False

    def to_srgb(self, signal: np.ndarray) -> Tensor:
        """Convert a picture.

        Parameters
        ----------
        signal : np.ndarray [height, width, 3], uint16
            R'G'B' in full range.

        Returns
        -------
        Tensor [height, width, 3], float32, in 0..1
        """
        light = _light(self.curve)[torch.from_numpy(signal.astype(np.int32))]
        light = light @ _to_bt709(self.primaries).T
        if self.curve != Curve.SRGB:
            strongest = light.amax(-1, keepdim=True).clamp(min=KNEE)
            light *= _compressed(strongest) / strongest  # of all three alike, so that the hue stays
        return _srgb(light.clamp_(0, 1))

    def __str__(self) -> str:
        wide = "BT.2020" if self.primaries == Primaries.BT2020 else "P3"
        if self.curve == Curve.SRGB:
            return f"has {wide} colours, converted to sRGB"
        if self.assumed:
            return f"names no transfer and is taken for HDR ({self.curve}, {wide}), converted to SDR"
        return f"is HDR ({self.curve}, {wide}), converted to SDR"


def transfer_of(*, transfer: int, primaries: int, matrix: int, bits: int) -> ColourTransfer | None:
    """How a video's colours are to be converted; None where they are sRGB's own.

    Parameters
    ----------
    transfer, primaries, matrix : int
        As in ITU-T H.273.
    bits : int
        Of a sample. Ten or more in BT.2020 without a named transfer are taken as HLG.
    """
    of_bt2020 = matrix in {Matrix.BT2020, Matrix.BT2020_CONSTANT}
    assumed = of_bt2020 and transfer == Transfer.UNSPECIFIED and bits >= TEN_BITS
    curve = {Transfer.PQ: Curve.PQ, Transfer.HLG: Curve.HLG}.get(transfer, Curve.SRGB)  # type: ignore[call-overload]
    if assumed:
        curve = Curve.HLG
    if primaries in {Primaries.P3_DCI, Primaries.P3_D65}:
        return ColourTransfer(curve, Primaries.P3_D65, assumed)
    unnamed = primaries == Primaries.UNSPECIFIED
    if primaries == Primaries.BT2020 or (unnamed and (of_bt2020 or curve != Curve.SRGB)):
        return ColourTransfer(curve, Primaries.BT2020, assumed)
    return None


@cache
def _light(curve: Curve) -> Tensor:
    """Linear light of each level of a 16-bit signal, 1 at reference white."""
    signal = np.arange(LEVELS) / (LEVELS - 1)
    if curve == Curve.HLG:
        light = hlg_scene_light(signal) / hlg_scene_light(np.array(HLG_WHITE))
    elif curve == Curve.PQ:
        light = pq_luminance(signal) / PQ_WHITE
    else:
        light = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    return torch.from_numpy(light).float()


def hlg_scene_light(signal: np.ndarray) -> np.ndarray:
    """The inverse OETF of HLG (ITU-R BT.2100 table 5): 0..1 to scene light in 0..1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def pq_luminance(signal: np.ndarray) -> np.ndarray:
    """The EOTF of PQ (ITU-R BT.2100 table 4): 0..1 to cd/m² of the display."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = signal ** (1 / m2)
    return 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def _compressed(light: Tensor) -> Tensor:
    """Light above the knee, smoothly below 1: the hyperbola that goes on from the knee at the same slope."""
    above = (light - KNEE) / (1 - KNEE)
    return KNEE + (1 - KNEE) * above / (1 + above)


def _srgb(light: Tensor) -> Tensor:
    """The curve of sRGB (IEC 61966-2-1)."""
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@cache
def _to_bt709(primaries: Primaries) -> Tensor:
    """Matrix [3, 3] from light in some primaries to light in BT.709's."""
    matrix = np.linalg.inv(_to_xyz(CHROMATICITIES[Primaries.BT709])) @ _to_xyz(CHROMATICITIES[primaries])
    return torch.from_numpy(matrix).float()


def _to_xyz(chromaticities: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Matrix from light in primaries, whose equal amounts are D65, to CIE XYZ."""

    def xyz(point: tuple[float, float]) -> np.ndarray:
        x, y = point
        return np.array([x, y, 1 - x - y]) / y

    columns = np.stack([xyz(point) for point in chromaticities], axis=1)
    return columns * np.linalg.solve(columns, xyz(D65))
