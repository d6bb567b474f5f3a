"""A video as the frames of a film, at any frame rate; only the frames that are asked for are in memory."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from .picture import resize_and_crop


class Video(Protocol):
    """Pictures, each with the time when it is shown."""

    @property
    def times(self) -> np.ndarray:
        """When each picture is shown, [pictures], ascending, in units of `time_base`."""
        ...

    @property
    def time_base(self) -> Fraction:
        """Unit of `times` in seconds."""
        ...

    @property
    def seconds(self) -> float:
        """Duration."""
        ...

    @property
    def fps(self) -> float:
        """Average number of pictures per second."""
        ...

    def notes(self) -> list[str]:
        """What a user may want to know of how it is read, a sentence each."""
        ...

    def damage(self) -> list[str]:
        """What could not be decoded so far, a sentence each."""
        ...

    def picture(self) -> Tensor:
        """The first picture, [height, width, 3] in 0..1."""
        ...

    def pictures(self, times: np.ndarray) -> Iterator[Tensor]:
        """The pictures at some of `times`, which ascend and may repeat: [height, width, 3] in 0..1."""
        ...


@dataclass(frozen=True, eq=False)
class DerivedVideo(ABC):
    """A `Video` with the times of another one; a subclass says what it shows then.

    Attributes
    ----------
    video : Video
    """

    video: Video

    @property
    def times(self) -> np.ndarray:
        """As in `Video`."""
        return self.video.times

    @property
    def time_base(self) -> Fraction:
        """As in `Video`."""
        return self.video.time_base

    @property
    def seconds(self) -> float:
        """As in `Video`."""
        return self.video.seconds

    @property
    def fps(self) -> float:
        """As in `Video`."""
        return self.video.fps

    def notes(self) -> list[str]:
        """As in `Video`."""
        return self.video.notes()

    def damage(self) -> list[str]:
        """As in `Video`."""
        return self.video.damage()

    def picture(self) -> Tensor:
        """As in `Video`."""
        return next(self.pictures(self.times[:1]))

    @abstractmethod
    def pictures(self, times: np.ndarray) -> Iterator[Tensor]:
        """As in `Video`."""


@dataclass(frozen=True, eq=False)
class VideoInMemory:
    """A batch of pictures as a video.

    Attributes
    ----------
    images : Tensor [pictures, height, width, 3], in 0..1
    rate : Fraction
        Pictures per second.
    """

    images: Tensor
    rate: Fraction

    @property
    def times(self) -> np.ndarray:
        """As in `Video`."""
        return np.arange(len(self.images))

    @property
    def time_base(self) -> Fraction:
        """As in `Video`."""
        return 1 / self.rate

    @property
    def seconds(self) -> float:
        """As in `Video`."""
        return float(len(self.images) / self.rate)

    @property
    def fps(self) -> float:
        """As in `Video`."""
        return float(self.rate)

    def notes(self) -> list[str]:
        """As in `Video`."""
        return []

    def damage(self) -> list[str]:
        """As in `Video`."""
        return []

    def picture(self) -> Tensor:
        """As in `Video`."""
        return next(self.pictures(self.times[:1]))

    def pictures(self, times: np.ndarray) -> Iterator[Tensor]:
        """As in `Video`."""
        return (self.images[time, :, :, :3].float().cpu() for time in times)


@dataclass(frozen=True, eq=False)
class FittedVideo:
    """A video at the size and frame rate of a film: the source of a dubbed film.

    Attributes
    ----------
    video : Video
    height, width : int
        Size of the film; pictures are resized and cropped to it.
    fps : float
        Frame n is what a player shows at n / fps seconds; a picture that begins up to half a frame later
        counts, too, if it is the nearer one.
    """

    video: Video
    height: int
    width: int
    fps: float

    def frames(self, start: int, count: int) -> Tensor:
        """Film frames from `start` on, [count, height, width, 3] in 0..1; the last one is repeated."""
        shown = self.video.times[self._shown(np.arange(start, start + count))]
        frames = torch.empty(count, self.height, self.width, 3)
        pictures = zip(shown, self.video.pictures(shown), strict=True)
        for index, (time, picture) in enumerate(pictures):
            if index and time == shown[index - 1]:
                frames[index] = frames[index - 1]
            else:
                frames[index] = resize_and_crop(picture.movedim(-1, 0), self.height, self.width).movedim(
                    0, -1
                )
        return frames

    def picture_at(self, frame: int) -> int:
        """Index of the picture that a film frame shows."""
        return int(self._shown(np.array([frame]))[0])

    def _shown(self, frames: np.ndarray) -> np.ndarray:
        """Indices of the pictures that film frames show."""
        times = self.video.times
        wanted = times[0] + frames / self.fps / float(self.video.time_base)
        half_frame = 0.5 / self.fps / float(self.video.time_base)
        begins = np.maximum((times[1:] + times[:-1]) / 2, times[1:] - half_frame)
        return np.searchsorted(begins, wanted, side="right")


def film_frames(video: Video, fps: float) -> int:
    """Number of frames of a film as long as the video."""
    return max(1, round(video.seconds * fps))
