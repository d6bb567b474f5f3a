"""A piece of a film in memory, with the frames around it that tracks at its edges need."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..media.picture import levels
from .track_sync import SHORTEST_TRACK
from .video_at_rate import VideoAtRate

PIECE = 480  # frames, whole clips of I3D; longer tracks are scored in parts of about as many


@dataclass(frozen=True, eq=False)
class FilmPiece:
    """Frames that are measured together.

    Attributes
    ----------
    first, stop : int
        Its first frame, and the frame after its last.
    held : Tensor [frames, height, width, 3], uint8
        Its frames, and up to SHORTEST_TRACK before and after them.
    start : int
        The first frame that is held.
    """

    first: int
    stop: int
    held: Tensor
    start: int

    @property
    def pixels(self) -> Tensor:
        """Its own frames."""
        return self.between(self.first, self.stop)

    def between(self, first: int, stop: int) -> Tensor:
        """Frames that are held."""
        return self.held[first - self.start : stop - self.start]

    def parts(self, stretch: tuple[int, int]) -> list[tuple[int, int]]:
        """The parts of a track's stretch, first frame and the one after the last, whose middle is here."""
        return [part for part in track_parts(*stretch) if self.first <= sum(part) // 2 < self.stop]


def film_pieces(video: VideoAtRate) -> Iterator[FilmPiece]:
    """Read a film once, piece after piece."""
    frames = len(video.times)
    held, start, read = torch.empty(0), 0, 0
    for first in range(0, frames, PIECE):
        stop = min(first + PIECE, frames)
        before, after = max(first - SHORTEST_TRACK, 0), min(stop + SHORTEST_TRACK, frames)
        known = [*held[before - start :]]
        if read < after:
            known += [levels(picture) for picture in video.pictures(video.times[read:after])]
        held = torch.stack(known)
        start, read = before, after
        yield FilmPiece(first, stop, held, start)


def track_parts(start: int, stop: int) -> list[tuple[int, int]]:
    """A stretch, cut where a piece ends unless the part before or after would be too short for SyncNet."""
    cuts = [start]
    for edge in range((start // PIECE + 1) * PIECE, stop, PIECE):
        if min(edge - cuts[-1], stop - edge) >= SHORTEST_TRACK:
            cuts.append(edge)
    return list(zip(cuts, [*cuts[1:], stop], strict=True))
