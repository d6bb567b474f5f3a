"""The turns in a JSON value: by the shapes of known transcripts, else by the names of its keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from .columns import columns_of, missing
from .times import seconds_of
from .transcript_shapes import SHAPES, Shape

LONGEST_PAUSE = 1.0  # seconds between two words of a turn
DEEPEST = 4  # levels of an unknown transcript that are searched for turns
WIDEST = 50  # values of a level

Item = dict[str, Any]


class Values(NamedTuple):
    """What a turn consists of, as the transcript gives it."""

    speaker: Any
    start: Any
    end: Any = None
    duration: Any = None


@dataclass(frozen=True)
class Found:
    """The turns of a transcript, and whether it numbers speakers from 0."""

    rows: Sequence[Values]
    from_zero: bool = False


def find_rows(table: object) -> Found | None:
    """The turns of a JSON value; None if there are none.

    Parameters
    ----------
    table : object
        What `json.loads` gives; of several places, the first one that names a speaker counts.
    """
    nameless = None
    for shape in SHAPES if isinstance(table, dict) else ():
        rows = _shaped(table, shape)
        if any(row.speaker is not None for row in rows):
            return Found(rows, shape.from_zero)
        nameless = nameless or (Found(rows) if rows else None)
    items = _unknown(table, DEEPEST)
    return Found([_by_names(item) for item in items]) if items else nameless


def _shaped(table: object, shape: Shape) -> list[Values]:
    items = list(_walk(table, shape.path.split("."), shape.speaker))
    whole = all(isinstance(_get(item, shape.start), int) for item in items)
    unit = shape.whole_unit if whole and shape.whole_unit else shape.unit
    rows = []
    for item in items:
        speaker = _get(item, shape.speaker)
        times = (_with_unit(_get(item, key), unit) for key in (shape.start, shape.end, shape.duration))
        rows.append(Values(None if speaker == shape.nobody else speaker, *times))
    if all(row.end is None and row.duration is None for row in rows):
        return []
    return list(_joined(rows)) if shape.words else rows


def _walk(value: Any, path: Sequence[str], speaker: str, *, above: object = None) -> Iterator[Item]:
    """The items at a path; an item without a speaker has the one of the item that contains it."""
    if not path:
        if isinstance(value, dict):
            yield value if above is None or speaker in value else {**value, speaker: above}
    elif path[0] == "*":
        for each in value if isinstance(value, list) else ():
            own = each.get(speaker, above) if isinstance(each, dict) else above
            yield from _walk(each, path[1:], speaker, above=own)
    elif isinstance(value, dict):
        yield from _walk(value.get(path[0]), path[1:], speaker, above=above)


def _get(item: Any, path: str) -> Any:
    """A value below an item; of a list, in its first item."""
    for key in path.split("."):
        item = item[0] if isinstance(item, list) and item else item
        item = item.get(key) if isinstance(item, dict) else None
    return item


def _with_unit(value: Any, unit: str) -> Any:
    return f"{value}{unit}" if unit and isinstance(value, int | float) else value


def _joined(words: list[Values]) -> Iterator[Values]:
    """Words of one speaker, one after the other, as turns.

    A word without an end is left out, and so is a nameless one that is there a second time with a name.
    """
    named = {word[1:] for word in map(_hashable, words) if word.speaker is not None}
    turn: Values | None = None
    for word in words:
        if word.end is None or (word.speaker is None and _hashable(word)[1:] in named):
            continue
        if word.start is None and turn is None:
            word = word._replace(start=0)  # protocol buffers leave zeros out
        if turn is not None and turn.speaker == word.speaker and _follows(turn, word):
            turn = turn._replace(end=word.end)
            continue
        if turn is not None:
            yield turn
        turn = word
    if turn is not None:
        yield turn


def _hashable(word: Values) -> Values:
    return Values(*(str(value) if isinstance(value, dict | list) else value for value in word))


def _follows(turn: Values, word: Values) -> bool:
    end, start = seconds_of(turn.end), seconds_of(word.start)
    return end is not None and start is not None and 0 <= start - end + LONGEST_PAUSE <= 2 * LONGEST_PAUSE


def _unknown(value: object, levels: int) -> list[Item]:
    """The first list of turns at or below a value, by the names of their keys; the value if it is a list."""
    level = [value]
    for depth in range(levels):
        for each in level:
            if isinstance(each, list) and (depth == 0 or _turns(each)):
                return [item for item in each if isinstance(item, dict)]
        below = (each.values() for each in level if isinstance(each, dict))
        level = [each for values in below for each in islice(values, WIDEST)][:WIDEST]
    return []


def _turns(items: list[Any]) -> bool:
    dicts = (item for item in items[:WIDEST] if isinstance(item, dict))
    return any(missing(columns_of(list(item))) is None for item in dicts)


def _by_names(item: Item) -> Values:
    values = {
        role: column.value(item[list(item)[place]])
        for role, (place, column) in columns_of(list(item)).items()
    }
    return Values(*(values.get(role) for role in Values._fields))
