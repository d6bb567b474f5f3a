"""A turn: who speaks from when to when; and the row that a table gives for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...errors import MultiTalkError, quoted
from ...limits import LONGEST_NAME, LONGEST_SECONDS, MOST_SPEAKERS
from .times import DIGITS, seconds_of


@dataclass(frozen=True)
class Turn:
    """A speaker speaks from `start` to `end`, in seconds of the film.

    Attributes
    ----------
    voice_of : int, optional
        The speaker whose voice has the turn, from 1; by default the speaker's own.
    voice_start : float, optional
        Where in that voice the turn begins, in seconds; by default at `start`.
    """

    speaker: str
    start: float
    end: float
    voice_of: int | None = None
    voice_start: float | None = None

    @property
    def placed(self) -> bool:
        """Whether the table says where the turn is taken from."""
        return self.voice_of is not None or self.voice_start is not None


class Row(NamedTuple):
    """The values of a turn as the table gives them; a turn has an end or a duration."""

    where: str
    speaker: Any
    start: Any
    end: Any = None
    duration: Any = None
    voice_of: Any = None
    voice_start: Any = None

    @property
    def nameless(self) -> bool:
        """Whether nothing says who speaks."""
        return self.speaker is None or (isinstance(self.speaker, str) and not self.speaker.strip())

    def described(self, field: str) -> str:
        """What stands in a field, for a message."""
        value = getattr(self, field)
        return f"no {field}" if value is None or value == "" else f"the {field} {quoted(value)}"

    def turn(self) -> Turn:
        """The turn that the row describes.

        Raises
        ------
        MultiTalkError
            When a value is missing or wrong; it says where.
        """
        speaker = _name(self.speaker)
        if speaker is None:
            raise MultiTalkError(
                f"{self.where} has {self.described('speaker')}: give a name of at most {LONGEST_NAME} "
                "characters, or a number, or leave the turn out."
            )
        start = self._seconds("start")
        lasts = self.end in (None, "") and self.duration not in (None, "")
        end = round(start + self._seconds("duration"), DIGITS) if lasts else self._seconds("end")
        if not 0 <= start < end:
            raise MultiTalkError(
                f"{self.where} goes from {start:g} to {end:g} seconds; it must start at 0 or later and end "
                "after its start."
            )
        taken = None if self.voice_start in (None, "") else self._seconds("voice_start")
        if taken is not None and taken < 0:
            raise MultiTalkError(f"{self.where} has {self.described('voice_start')}: give 0 or more.")
        return Turn(speaker, start, end, self._number_of_voice(), taken)

    def _number_of_voice(self) -> int | None:
        """The number of the speaker whose voice has the turn."""
        if self.voice_of in (None, ""):
            return None
        number = seconds_of(self.voice_of)
        if number is None or number not in range(1, MOST_SPEAKERS + 1):
            raise MultiTalkError(
                f"{self.where} has {self.described('voice_of')}: give the number of the speaker whose voice "
                f"it is, from 1 to {MOST_SPEAKERS}."
            )
        return int(number)

    def _seconds(self, field: str) -> float:
        seconds = seconds_of(getattr(self, field))
        if seconds is None or abs(seconds) > LONGEST_SECONDS:
            raise MultiTalkError(
                f"{self.where} has {self.described(field)}: give seconds (12.5) or minutes and seconds "
                f"(0:12.5), at most {LONGEST_SECONDS:g} seconds."
            )
        return seconds


@dataclass(frozen=True)
class Sheet:
    """The rows of a table.

    Parameters
    ----------
    rows : iterable of Row
    names_required : bool
        Whether a row without a speaker is a fault. Otherwise it is left out, and reported.
    from_zero : bool
        Whether the format numbers its speakers from 0.
    """

    rows: Iterable[Row]
    names_required: bool = False
    from_zero: bool = False


def _name(value: object) -> str | None:
    """A name, or a number as text; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    name = str(value).strip()
    return name if 0 < len(name) <= LONGEST_NAME else None
