"""Whoever is told what happens while a film is made."""

from typing import TYPE_CHECKING, Protocol

from torch import Tensor

if TYPE_CHECKING:
    from .film import FinishedClip


class FilmListener(Protocol):
    """What a host shows of a film in the making; raising stops the film."""

    def note(self, sentence: str) -> None:
        """Show what a user should know, such as which clips were stored before."""
        ...

    def step(self, clip: int, step: int, latent: Tensor) -> None:
        """A step of a clip is finished, both counted from 0; `latent` [1, 16, ...] is what it gave."""
        ...

    def clip(self, finished: "FinishedClip") -> None:
        """A clip is finished, and has been written where the film is written to a file."""
        ...


class SilentListener:
    """Shows nothing."""

    def note(self, sentence: str) -> None:
        """Show nothing."""

    def step(self, clip: int, step: int, latent: Tensor) -> None:
        """Show nothing."""

    def clip(self, finished: "FinishedClip") -> None:
        """Show nothing."""
