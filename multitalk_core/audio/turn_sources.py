"""Whose recording each turn of a table is taken from. Knows turns and numbers; not sounds."""

from collections.abc import Collection, Iterable, Mapping

from ..errors import MultiTalkError, quoted
from .turns import Turn


def from_one_recording(turns: Iterable[Turn], voices: Collection[int]) -> bool:
    """Whether the first voice is a recording of everyone, and its turns stay where they are.

    Parameters
    ----------
    turns : iterable of Turn
    voices : collection of int
        Speakers with a voice, from 0.
    """
    return list(voices) == [0] and not any(turn.placed for turn in turns)


def source_of(turn: Turn, places: Mapping[str, int]) -> int:
    """The speaker whose voice the turn is taken from, from 0."""
    return places[turn.speaker] if turn.voice_of is None else turn.voice_of - 1


def check_sources(turns: Iterable[Turn], places: Mapping[str, int], voices: Collection[int]) -> None:
    """Raise a MultiTalkError for a turn of a voice that there is not.

    Parameters
    ----------
    turns : iterable of Turn
    places : mapping of name to speaker, from 0
    voices : collection of int
        Speakers with a voice, from 0.
    """
    for turn in turns:
        source = source_of(turn, places)
        if source not in voices:
            raise MultiTalkError(
                f"The table gives {quoted(turn.speaker)} a turn at {turn.start:g} seconds from the voice of "
                f"speaker {source + 1}, who has none: give one, leave the turn out, or name another in a "
                "column voice_of."
            )
