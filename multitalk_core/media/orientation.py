"""How a video is turned and mirrored by its display matrix, in all eight forms."""

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from av import VideoFrame


@dataclass(frozen=True)
class Orientation:
    """What makes stored pictures upright.

    Attributes
    ----------
    transposed : bool
        Whether rows become columns, before anything is flipped.
    upside_down, mirrored : bool
        Whether the order of rows, or of columns, is reversed.
    """

    transposed: bool = False
    upside_down: bool = False
    mirrored: bool = False

    STORED: ClassVar["Orientation"]  # as the pictures lie in the file

    @classmethod
    def of_frame(cls, frame: "VideoFrame") -> "Orientation":
        """The orientation of a decoded frame, from its display matrix if it has one."""
        from av.sidedata.sidedata import SideData

        matrix = frame.side_data.get("DISPLAYMATRIX")
        if isinstance(matrix, SideData):
            return cls.of_matrix(*struct.unpack("9i", bytes(matrix)))
        return cls.STORED

    @classmethod
    def of_matrix(cls, *matrix: int) -> "Orientation":
        """The nearest of the eight orientations to a display matrix.

        Parameters
        ----------
        *matrix : int
            Nine numbers, row by row, as ISO/IEC 14496-12 (8.3.2) defines them: the stored point (x, y) is
            shown at (a x + c y, b x + d y), where a, b are the first and c, d the fourth and fifth number.
        """
        a, b, _, c, d, *_ = matrix
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, upside_down=d < 0, mirrored=a < 0)
        return cls(True, upside_down=b < 0, mirrored=c < 0)

    def applied(self, picture: np.ndarray) -> np.ndarray:
        """A view of a stored picture [height, width, ...], upright."""
        if self.transposed:
            picture = picture.swapaxes(0, 1)
        if self.upside_down:
            picture = picture[::-1]
        return picture[:, ::-1] if self.mirrored else picture


Orientation.STORED = Orientation()
