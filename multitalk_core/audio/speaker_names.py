"""Which speaker each name of a table is: by its number, by a given order, or by first appearance."""

import re
from collections.abc import Sequence

from ..errors import MultiTalkError, quoted
from ..limits import MOST_SPEAKERS
from .turns import Turn


def places_of(turns: Sequence[Turn], speakers: Sequence[str] | None = None) -> dict[str, int]:
    """Map each name of a table to its speaker, from 0.

    Parameters
    ----------
    turns : sequence of Turn
    speakers : sequence of str, optional
        As in `Timeline.from_table`.

    Raises
    ------
    MultiTalkError
        When a name is not among `speakers`, is repeated there, or is a number that no speaker has.
    """
    names = list(dict.fromkeys(turn.speaker for turn in turns))
    if speakers is None:
        return speakers_of(names)
    places = _places_of(speakers)
    for name in names:
        if name not in places:
            raise MultiTalkError(
                f"The table names {quoted(name)}, who is not among the speakers "
                f"{', '.join(map(quoted, speakers))}."
            )
    return places


def mapping_of(turns: Sequence[Turn], speakers: Sequence[str] | None = None) -> str:
    """A sentence that says which speaker each name of a table is.

    Parameters
    ----------
    turns, speakers
        As in `places_of`.
    """
    spoken = {turn.speaker for turn in turns}
    places = places_of(turns, speakers)
    if speakers is None and any(_number(name) for name in places):
        return f"The table numbers its speakers: {', '.join(map(quoted, places))}."
    listed = (
        f"{place + 1} is {quoted(name)}{'' if name in spoken else ' (a listener)'}"
        for name, place in places.items()
    )
    return f"By the table, speaker {', speaker '.join(listed)}."


def speakers_of(names: Sequence[str]) -> dict[str, int]:
    """Map names to speakers, from 0: number n is speaker n, other names are in order of appearance.

    Raises
    ------
    MultiTalkError
        When a number is not a speaker's, or numbers are mixed with names.
    """
    numbers = {name: number for name in names if (number := _number(name)) is not None}
    if not numbers:
        return _places_of(names)
    if named := [name for name in names if name not in numbers]:
        raise MultiTalkError(
            f"The table mixes numbers ({quoted(next(iter(numbers)))}) with names ({quoted(named[0])}), so it "
            "is not clear which speaker is which: use only one kind, or list all in speaker order as the "
            "names."
        )
    for name, number in numbers.items():
        if not number.is_integer() or not 1 <= number <= MOST_SPEAKERS:
            raise MultiTalkError(
                f"The table names the speaker {quoted(name)}: number speakers from 1 to {MOST_SPEAKERS}, or "
                "list the table's own in speaker order as the names."
            )
    return {name: int(number) - 1 for name, number in numbers.items()}


def _number(name: str) -> float | None:
    """The number that a name consists of, such as 2 or 2.0; "Nan" is a name."""
    return float(name) if re.fullmatch(r"[+-]?\d+(\.\d+)?", name) else None


def _places_of(names: Sequence[str]) -> dict[str, int]:
    places = {name: place for place, name in enumerate(names)}
    if len(places) < len(names):
        twice = next(name for place, name in enumerate(names) if places[name] != place)
        raise MultiTalkError(f"{quoted(twice)} is named twice among the speakers: name each once.")
    return places
