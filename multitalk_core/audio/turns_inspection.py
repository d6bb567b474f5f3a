"""What a table of who speaks when is, as a film reads it."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import MultiTalkError, quoted
from .speaker_names import mapping_of, places_of
from .turns import Turn, TurnTable, read_turns
from .turns.table_formats import ENDINGS, TableFormat, format_of
from .turns.table_text import is_text, read_table_text


@dataclass(frozen=True)
class TurnsInspection:
    """A table of turns described for the user.

    Parameters
    ----------
    path : Path
    table : TurnTable
    """

    path: Path
    table: TurnTable

    @property
    def remarks(self) -> list[str]:
        """What was decided in reading it, and which speaker each name is."""
        return [*self.table.remarks, self._mapping()]

    def as_json(self) -> dict[str, object]:
        """Names in speaker order, turns as [speaker, start, end] in the table's own order.

        A turn that says whose voice it is taken from has that as well: [..., voice_of, voice_start].
        """
        names = list(dict.fromkeys(turn.speaker for turn in self.table))
        try:
            places = places_of(self.table.turns, self.table.speakers)
            names.sort(key=lambda name: places[name])
        except MultiTalkError:  # the remarks say so
            pass
        return {
            "kind": "turns",
            "speakers": names,
            "turns": [turn_values(turn) for turn in self.table],
        }

    def lines(self) -> list[str]:
        """The same as aligned lines of text."""
        turns = (
            f"{quoted(turn.speaker)}, {turn.start:g} to {turn.end:g} s{_taken(turn)}" for turn in self.table
        )
        return [
            f"file      {self.path}",
            f"kind      who speaks when, {self.table.form}",
            *(f"turn      {turn}" for turn in turns),
            *(f"look at   {sentence}" for sentence in self.remarks),
        ]

    def _mapping(self) -> str:
        """Which speaker each name is, or why that is not clear."""
        try:
            return mapping_of(self.table.turns, self.table.speakers)
        except MultiTalkError as error:
            return str(error)


def turn_values(turn: Turn) -> list[str | float | None]:
    """A turn as JSON has it."""
    values: list[str | float | None] = [turn.speaker, turn.start, turn.end]
    return [*values, turn.voice_of, turn.voice_start] if turn.placed else values


def _taken(turn: Turn) -> str:
    """Where a turn is taken from, if the table says so."""
    if not turn.placed:
        return ""
    whose = "own voice" if turn.voice_of is None else f"voice of speaker {turn.voice_of}"
    start = turn.start if turn.voice_start is None else turn.voice_start
    return f", of the {whose} from {start:g} s"


def is_table(path: Path) -> bool:
    """Whether a file is to be read as a table of turns: a text, and a table by its name or its content."""
    if not is_text(path):
        return False
    if path.suffix.lower().removeprefix(".") in ENDINGS:
        return True
    try:
        return format_of(read_table_text(path)) is not TableFormat.DELIMITED or len(read_turns(path)) > 0
    except MultiTalkError:
        return False


def inspect_turns(path: Path) -> TurnsInspection:
    """Describe a table of turns.

    Raises
    ------
    MultiTalkError
        As in `read_turns`.
    """
    return TurnsInspection(path, read_turns(path))
