"""What a file is, whatever its kind: each kind has a reader here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..audio.turns_inspection import inspect_turns, is_table
from ..checkpoint import describe, is_checkpoint
from ..media.inspection import inspect_media


class InspectedFile(Protocol):
    """A file described for the user."""

    @property
    def remarks(self) -> Sequence[str]:
        """What was decided in reading it, as sentences."""
        ...

    def as_json(self) -> dict[str, object]:
        """The description as an object whose `kind` says what it is."""
        ...

    def lines(self) -> list[str]:
        """The description as lines of text."""
        ...


def inspected(path: Path) -> InspectedFile:
    """Describe a checkpoint, a table of turns, a picture, a video or a sound.

    Raises
    ------
    MultiTalkError
        When the file cannot be read.
    """
    if is_checkpoint(path):
        return describe(path)
    if is_table(path):
        return inspect_turns(path)
    return inspect_media(path)
