"""Video files of every kind for tests, written by PyAV: pictures that tell their number and their corners."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from torch import Tensor

from helpers.mp4_boxes import with_edits, with_matrix

HEIGHT, WIDTH = 64, 96
DIFFERENT = 80  # numbers that a grey can tell
CORNERS = {"red": (230, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 230), "grey": (128, 128, 128)}
SHORT_GROUPS = {"g": "12", "bf": "3", "crf": "1", "preset": "ultrafast", "b-adapt": "0"}
BT601, BT709, BT2020 = Colorspace.ITU601, Colorspace.ITU709, Colorspace.BT2020


def numbered(number: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A picture [height, width, 3], uint8: a grey that tells its number, and a colour in each corner."""
    picture = np.full((height, width, 3), 3 * (number % DIFFERENT), np.uint8)
    rows, columns = height // 4, width // 4
    for index, colour in enumerate(CORNERS.values()):
        top, left = index // 2 * (height - rows), index % 2 * (width - columns)
        picture[top : top + rows, left : left + columns] = colour
    return picture


def corners(picture: Tensor) -> list[str]:
    """The names of the colours in a picture's corners: top left, top right, bottom left, bottom right."""
    found = []
    for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        rows, columns = picture.shape[0] // 10, picture.shape[1] // 10
        top = slice(0, rows) if row == 0 else slice(-rows, None)
        left = slice(0, columns) if column == 0 else slice(-columns, None)
        colour = picture[top, left].mean((0, 1)).numpy() * 255
        found.append(min(CORNERS, key=lambda name: np.abs(colour - CORNERS[name]).sum()))
    return found


def numbers(pictures: Iterable[Tensor]) -> list[int]:
    """The numbers of pictures."""
    return [
        round(float(picture[picture.shape[0] // 2, picture.shape[1] // 2].mean()) * 255 / 3)
        for picture in pictures
    ]


def write_video(
    path: Path,
    times: Iterable[int] = range(0, 1000, 40),
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    pictures: Iterable[np.ndarray] | None = None,
    matrix: int = BT601,
    full_range: bool = False,
    options: dict[str, str] | None = None,
    **tags: object,
) -> Path:
    """Write a video without sound.

    Parameters
    ----------
    path : Path
    times : iterable of int
        When pictures are shown, in milliseconds.
    codec, pixels : str
        FFmpeg's names.
    pictures : iterable of np.ndarray, optional
        uint8, or uint16 for 16 bits; three channels or four. Numbered ones without them.
    matrix : int
        By which colours become YUV.
    full_range : bool
    options : dict, optional
        Of the codec.
    **tags
        Attributes of the codec's context: color_trc, color_primaries, colorspace, color_range,
        sample_aspect_ratio.
    """
    times = list(times)
    pictures = list(map(numbered, range(len(times))) if pictures is None else pictures)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixels
        stream.codec_context.time_base = Fraction(1, 1000)
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
        for picture, time in zip(pictures, times, strict=True):
            frame = _frame(picture, pixels, matrix, full_range)
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            for name in {"color_trc", "color_primaries", "colorspace"} & tags.keys():
                setattr(frame, name, tags[name])  # some encoders look here
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def phone_video(path: Path) -> Path:
    """HLG in ten bits, mirrored, trimmed at both ends, its twelfth picture lost."""
    write_video(
        path,
        range(0, 1000, 40),
        codec="prores_ks",
        pixels="yuv422p10le",
        pictures=[numbered(index).astype(np.uint16) * 160 for index in range(25)],
        matrix=BT2020,
        colorspace=9,
        color_trc=18,
        color_primaries=9,
    )
    with av.open(str(path)) as container:
        lost = bytes([packet for packet in container.demux(video=0) if packet.size][11])
        unit = int(1 / container.streams.video[0].time_base)
    path.write_bytes(path.read_bytes().replace(lost, bytes(len(lost))))
    return with_matrix(with_edits(path, [(520, round(0.2 * unit))]), -1, 0, 0, 1)


def _frame(picture: np.ndarray, pixels: str, matrix: int, full_range: bool) -> av.VideoFrame:
    kind = {(1, 3): "rgb24", (1, 4): "rgba", (2, 3): "rgb48le", (2, 4): "rgba64le"}
    frame = av.VideoFrame.from_ndarray(picture, format=kind[picture.itemsize, picture.shape[2]])
    return frame.reformat(
        format=pixels,
        dst_colorspace=matrix,
        dst_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
    )
