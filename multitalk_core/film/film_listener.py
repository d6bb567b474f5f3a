"""How a host follows a film in the making."""

from typing import TYPE_CHECKING, Protocol

from torch import Tensor

if TYPE_CHECKING:
    from .film import FinishedClip


class FilmListener(Protocol):
    """What a host shows of a film in the making; an exception that it raises ends the film."""

    def note(self, sentence: str) -> None:
        """Show a sentence for the user, such as after which clip the film resumes."""
        ...

    def step(self, clip: int, step: int, latent: Tensor) -> None:
        """A step of a clip is finished, both counted from 0; `latent` [1, 16, ...] is its result."""
        ...

    def clip(self, finished: "FinishedClip") -> None:
        """A clip is finished; `write_film` has written it."""
        ...


class SilentListener:
    """Shows nothing."""

    def note(self, sentence: str) -> None:
        """Show nothing."""

    def step(self, clip: int, step: int, latent: Tensor) -> None:
        """Show nothing."""

    def clip(self, finished: "FinishedClip") -> None:
        """Show nothing."""
