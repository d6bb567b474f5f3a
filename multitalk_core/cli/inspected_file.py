"""What a file is, whatever its kind: each kind has a reader here."""

from pathlib import Path
from typing import Protocol

from ..checkpoint import describe, is_checkpoint
from ..media.inspection import inspect_media


class InspectedFile(Protocol):
    """A file described for the user."""

    def as_json(self) -> dict[str, object]:
        """The description as an object whose `kind` says what it is."""
        ...

    def lines(self) -> list[str]:
        """The description as lines of text."""
        ...


def inspected(path: Path) -> InspectedFile:
    """Describe a checkpoint, a picture, a video or a sound.

    Raises
    ------
    MultiTalkError
        When the file cannot be read.
    """
    if is_checkpoint(path):
        return describe(path)
    return inspect_media(path)
