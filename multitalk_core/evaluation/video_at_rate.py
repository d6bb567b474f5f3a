"""A video as the measures see it: a frame every 25th of a second, by the times at which players show them."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property

import numpy as np
from torch import Tensor

from ..media.video_source import FittedVideo, Video, film_frames

RATE = 25  # frames a second; SyncNet's


class VideoAtRate:
    """A `Video` of evenly spaced frames, read one after the other.

    Parameters
    ----------
    video : Video
        Of any rate; frame n is what a player shows at n / 25 seconds.
    """

    def __init__(self, video: Video) -> None:
        self.video = video
        height, width = video.picture().shape[:2]
        self.size = (height, width)
        self.times = np.arange(film_frames(video, RATE))
        self.time_base = Fraction(1, RATE)

    @cached_property
    def _shown(self) -> np.ndarray:
        fitted = FittedVideo(self.video, *self.size, RATE)
        return np.array([fitted.picture_at(int(frame)) for frame in self.times])

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.times) / RATE

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float(RATE)

    @property
    def resampled(self) -> bool:
        """Whether some of the video's pictures are left out or repeated."""
        return not np.array_equal(self._shown, np.arange(len(self.video.times)))

    def notes(self) -> list[str]:
        """As in `Video`."""
        return self.video.notes()

    def damage(self) -> list[str]:
        """As in `Video`."""
        return self.video.damage()

    def picture(self) -> Tensor:
        """As in `Video`."""
        return self.video.picture()

    def pictures(self, times: np.ndarray) -> Iterator[Tensor]:
        """As in `Video`."""
        return self.video.pictures(self.video.times[self._shown[times]])
