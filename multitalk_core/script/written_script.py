"""A script as it is written: its lines in order, without sound."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ScriptLine:
    """What one speaker says without a pause that the script asks for.

    Attributes
    ----------
    number : int
        Of the line in the script's text, from 1.
    speaker : str
    text : str
    gap : float, optional
        Seconds from the end of the line before; negative where the two overlap. By default the usual gap.
    reaction : bool
        Whether it is spoken during the line before, and does not move what follows.
    into : float, optional
        Of a reaction: seconds into the line before. By default reactions are spread evenly over it.
    """

    number: int
    speaker: str
    text: str
    gap: float | None = None
    reaction: bool = False
    into: float | None = None


@dataclass(frozen=True)
class Script:
    """A conversation in writing.

    Attributes
    ----------
    lines : tuple of ScriptLine
    remarks : tuple of str
        Sentences about what is left out.
    """

    lines: tuple[ScriptLine, ...]
    remarks: tuple[str, ...] = ()

    @property
    def speakers(self) -> list[str]:
        """All names in order of first appearance."""
        return list(dict.fromkeys(line.speaker for line in self.lines))
