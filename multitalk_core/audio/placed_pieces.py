"""Pieces of a sound, each placed in the film: which ones belong together, and how they sound."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

DIGITS = 6  # of a second, as in tables of turns
FADE_SECONDS = 0.005  # a sound that is cut in its middle clicks


class PlacedPiece(NamedTuple):
    """A stretch of a sound, and where the film has it, in seconds.

    Attributes
    ----------
    start, end : float
        In the sound.
    place : float
        Of the start, in the film.
    """

    start: float
    end: float
    place: float

    @property
    def shift(self) -> float:
        """From seconds of the sound to seconds of the film."""
        return round(self.place - self.start, DIGITS)


def joined(pieces: Iterable[PlacedPiece]) -> tuple[PlacedPiece, ...]:
    """The pieces in the film's order; those that meet or overlap and are moved alike become one."""
    found: list[PlacedPiece] = []
    for piece in sorted(pieces, key=lambda each: (each.shift, each.start)):
        last = found[-1] if found else None
        if last and last.shift == piece.shift and piece.start <= round(last.end, DIGITS):
            found[-1] = last._replace(end=max(last.end, piece.end))
        else:
            found.append(piece)
    return tuple(sorted(found, key=lambda each: each.place))


def end_of(pieces: Iterable[PlacedPiece]) -> float:
    """When the last piece ends, in seconds of the film."""
    return max(piece.place + piece.end - piece.start for piece in pieces)


def laid(samples: np.ndarray, rate: int, pieces: Iterable[PlacedPiece], *, fade: float = 0.0) -> np.ndarray:
    """The pieces of a sound at their places; where they overlap they are added.

    Parameters
    ----------
    samples : np.ndarray [..., samples], float32
    rate : int
        Samples per second.
    pieces : iterable of PlacedPiece
    fade : float
        Seconds over which each piece rises and falls.

    Returns
    -------
    np.ndarray [..., samples], float32
        Up to the end of the last piece.
    """
    pieces = tuple(pieces)
    film = np.zeros((*samples.shape[:-1], round(end_of(pieces) * rate)), np.float32)
    for piece in pieces:
        cut = samples[..., round(piece.start * rate) : round(piece.end * rate)]
        room = film[..., round(piece.place * rate) :][..., : cut.shape[-1]]
        room += (cut * _envelope(cut.shape[-1], round(fade * rate)))[..., : room.shape[-1]]
    return film


def _envelope(length: int, fade: int) -> np.ndarray:
    """Rises from 0 to 1 over `fade` samples and falls to 0 at the end, [length], float32."""
    if not fade:
        return np.ones(length, np.float32)
    from_edge = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1))
    return np.minimum(1.0, from_edge / fade).astype(np.float32)
