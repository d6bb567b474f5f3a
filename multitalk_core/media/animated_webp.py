"""Animated WebP as a video track: FFmpeg does not decode it, Pillow does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..errors import MultiTalkError
from ..limits import MOST_PICTURES
from .display import Display
from .packet_times import PacketTimes
from .picture import check_pixels

if TYPE_CHECKING:
    from av import VideoFrame

MILLISECONDS = Fraction(1, 1000)


def is_webp(path: Path) -> bool:
    """Whether a file is a WebP picture, moving or not."""
    with path.open("rb") as file:
        start = file.read(12)
    return start[:4] == b"RIFF" and start[8:] == b"WEBP"


@dataclass(frozen=True, eq=False)
class AnimatedWebp:
    """As `VideoTrack`.

    Attributes
    ----------
    path : Path
    packets : PacketTimes
    display : Display
    """

    path: Path
    packets: PacketTimes
    display: Display
    claimed: ClassVar[float] = 0.0

    @classmethod
    def open(cls, path: Path, check_interrupted: Callable[[], None]) -> "AnimatedWebp":
        """Read the times of all pictures.

        Raises
        ------
        MultiTalkError
            When it is a single picture, or cannot be read.
        """
        first = next(_frames(path))[0]
        times, end = [], 0
        for _, time, lasting in islice(_frames(path), MOST_PICTURES):
            check_interrupted()
            times.append(time)
            end = time + lasting
        if len(times) < 2:
            raise MultiTalkError(f"{path} is a single picture: choose a video, or use it as a picture.")
        shown = np.unique(np.array(times, dtype=np.int64))
        packets = PacketTimes(shown, shown[:1], end, MILLISECONDS, counted=False, gaps=())
        return cls(path, packets, Display.of_frame(first))

    def decoded(
        self, key: int | None, report_damage: Callable[[int], None]
    ) -> "Iterator[tuple[int, VideoFrame]]":
        """As `VideoTrack`; always from the start."""
        return ((time, frame) for frame, time, _ in _frames(self.path))


def _frames(path: Path) -> Iterator[tuple["VideoFrame", int, int]]:
    """Each picture, when it is shown and how long it lasts, in milliseconds."""
    from av import VideoFrame
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as animation:
            check_pixels(*animation.size, f"The video {path}")
            for index in range(getattr(animation, "n_frames", 1)):
                animation.seek(index)
                frame = VideoFrame.from_ndarray(np.asarray(animation.convert("RGBA")), format="rgba")
                time = int(animation.info.get("timestamp", 0))
                frame.pts, frame.time_base = time, MILLISECONDS
                yield frame, time, int(animation.info.get("duration", 0))
    except (UnidentifiedImageError, OSError, EOFError) as error:
        raise MultiTalkError(f"The animation {path} is damaged: export or copy it again.") from error
