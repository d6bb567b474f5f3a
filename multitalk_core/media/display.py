"""From decoded frames to pictures as a player shows them: upright, with square pixels, in sRGB."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .colour_transfer import ColourTransfer, Matrix, transfer_of
from .orientation import Orientation

if TYPE_CHECKING:
    from av import VideoCodecContext, VideoFrame

HD_WIDTH, SD_HEIGHT = 1280, 576  # players take what names no matrix for BT.709 from here, or above here, on
ODDEST_PIXEL = 10  # times as wide as high, or as high as wide; more is a damaged header
FULL_RANGE = 2  # FFmpeg's AVCOL_RANGE_JPEG
OPAQUE = 255
# FFmpeg's format by whether colours are converted, which needs 16 bits, and whether there is transparency.
FORMATS = {
    (False, False): "rgb24",
    (False, True): "rgba",
    (True, False): "gbrp16le",
    (True, True): "gbrap16le",
}


@dataclass(frozen=True)
class Display:
    """What is the same for all pictures of a video track.

    Attributes
    ----------
    width, height : int
        In square pixels, before the pictures are turned upright.
    orientation : Orientation
    transfer : ColourTransfer or None
        None where the colours are sRGB's own.
    transparent : bool
        Whether a part of the first picture is transparent; it is shown over black.
    interlaced : bool
        Whether the first picture consists of two fields.
    """

    width: int
    height: int
    orientation: Orientation
    transfer: ColourTransfer | None
    transparent: bool
    interlaced: bool

    @classmethod
    def of_frame(
        cls,
        first: "VideoFrame",
        pixel_shape: Fraction | None = None,
        codec: "VideoCodecContext | None" = None,
    ) -> "Display":
        """How the pictures of a track are shown.

        Parameters
        ----------
        first : VideoFrame
            Its first picture.
        pixel_shape : Fraction or None
            Width of a pixel by its height; None is square.
        codec : VideoCodecContext or None
            What decoded it and knows its colours; None is sRGB.
        """
        width, height = _square(first.width, first.height, pixel_shape)
        return cls(
            width,
            height,
            Orientation.of_frame(first),
            None if codec is None else _transfer(first, codec),
            transparent=_has_alpha(first) and bool((first.to_ndarray(format="rgba")[..., 3] < OPAQUE).any()),
            interlaced=first.interlaced_frame,
        )

    def picture(self, frame: "VideoFrame") -> Tensor:
        """A decoded frame as it is shown, [height, width, 3], float32, in 0..1."""
        if frame.interlaced_frame:
            frame = _deinterlaced(frame)
        if not frame.format.is_rgb and frame.colorspace not in set(Matrix) - {Matrix.UNSPECIFIED}:
            hd = frame.width >= HD_WIDTH or frame.height > SD_HEIGHT
            frame.colorspace = Matrix.BT709 if hd else Matrix.SMPTE170M
        alpha = _has_alpha(frame)
        pixels = FORMATS[self.transfer is not None, alpha]
        stored = frame.to_ndarray(
            format=pixels, width=self.width, height=self.height, dst_color_range=FULL_RANGE
        )
        levels = np.ascontiguousarray(self.orientation.applied(stored))
        colours = levels[..., :3]
        if self.transfer is not None:
            picture = self.transfer.to_srgb(colours)
        else:
            picture = torch.from_numpy(colours).float() / 255
        if alpha:
            opacity = torch.from_numpy(levels[..., 3:].astype(np.float32) / np.iinfo(levels.dtype).max)
            picture = picture * opacity
        return picture

    def notes(self) -> list[str]:
        """What a user may want to know of the video, each to follow its name."""
        return [
            *([str(self.transfer)] if self.transfer else []),
            *(["has transparent parts, shown over black"] if self.transparent else []),
            *(["is interlaced, and deinterlaced"] if self.interlaced else []),
        ]


def _transfer(frame: "VideoFrame", codec: "VideoCodecContext") -> ColourTransfer | None:
    return transfer_of(
        transfer=codec.color_trc,
        primaries=codec.color_primaries,
        matrix=frame.colorspace,
        bits=max(component.bits for component in frame.format.components),
    )


def _square(width: int, height: int, shape: Fraction | None) -> tuple[int, int]:
    """A size in square pixels: the shorter side of a pixel is stretched, as players do."""
    if not shape or not 1 / ODDEST_PIXEL <= shape <= ODDEST_PIXEL:
        return width, height
    return (round(width * shape), height) if shape > 1 else (width, round(height / shape))


def _has_alpha(frame: "VideoFrame") -> bool:
    return frame.format.name == "pal8" or any(part.is_alpha for part in frame.format.components)


def _deinterlaced(frame: "VideoFrame") -> "VideoFrame":
    """A whole picture from the first of two fields; of this frame alone, so that clips agree."""
    from av.filter import Graph

    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    nodes = (source, graph.add("estdif", "mode=frame"), graph.add("buffersink"))
    graph.link_nodes(*nodes).configure()
    graph.push(frame)
    graph.push(None)
    whole = graph.vpull()
    whole.colorspace, whole.color_range = frame.colorspace, frame.color_range
    return whole
