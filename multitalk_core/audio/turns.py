"""A who-speaks-when table on disk: CSV, JSON or RTTM. Knows names and seconds; knows nothing of sound."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import MultiTalkError


@dataclass(frozen=True)
class Turn:
    """A speaker speaks from `start` to `end`, in seconds."""

    speaker: str
    start: float
    end: float


def read_turns(path: str | Path) -> list[Turn]:
    """Read a table of turns, in the file's own order.

    Parameters
    ----------
    path
        .csv, .json or .rttm; see `parse_turns`.

    Raises
    ------
    MultiTalkError
        When the file is missing, empty or of another form, or a turn's times are negative or reversed.
    """
    path = Path(path)
    form = path.suffix.lower().removeprefix(".")
    if form not in READERS:
        raise MultiTalkError(
            f"The table of turns {path} is no .csv, .json or .rttm file; save it as one of them."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise MultiTalkError(f"The table of turns {path} does not exist; check its path.") from error
    except (OSError, ValueError) as error:
        raise _unreadable(f"the table of turns {path}", error) from error
    return parse_turns(text, form, f"the table of turns {path}")


def parse_turns(text: str, form: str | None = None, name: str = "the table of turns") -> list[Turn]:
    """A table of turns from its text, in its own order.

    Parameters
    ----------
    text
        CSV with the header speaker,start,end; JSON with a list of objects of these names; or RTTM, whose
        lines read SPEAKER file channel start duration <NA> <NA> speaker <NA> <NA>. Times are in seconds.
    form
        "csv", "json" or "rttm"; told from the first characters where not given.
    name
        What messages call the table.

    Raises
    ------
    MultiTalkError
        When the text is empty or of another form, or a turn's times are negative or reversed.
    """
    try:
        rows = list(READERS[form or _form(text)](text))
    except (TypeError, ValueError, IndexError) as error:
        raise _unreadable(name, error) from error
    if not rows:
        raise MultiTalkError(
            f"Nothing is in {name}, it is empty; give each turn a speaker, a start and an end."
        )
    return [_turn(row, number, name) for number, row in enumerate(rows, start=1)]


def _form(text: str) -> str:
    if text.lstrip().startswith(("[", "{")):
        return "json"
    return "rttm" if text.lstrip().startswith("SPEAKER ") else "csv"


def _unreadable(name: str, error: Exception) -> MultiTalkError:
    return MultiTalkError(f"Turns cannot be read from {name} ({error}); check its form.")


def _csv_rows(text: str) -> Iterable[dict]:
    return csv.DictReader(text.splitlines(), skipinitialspace=True)


def _json_rows(text: str) -> Iterable[dict]:
    return json.loads(text)


def _rttm_rows(text: str) -> Iterable[dict]:
    fields = [line.split() for line in text.splitlines()]
    for field in fields:
        if field and field[0] == "SPEAKER":
            yield {"speaker": field[7], "start": field[3], "end": float(field[3]) + float(field[4])}


def _turn(row: dict, number: int, name: str) -> Turn:
    try:
        turn = Turn(str(row["speaker"]).strip(), float(row["start"]), float(row["end"]))
    except (KeyError, TypeError, ValueError) as error:
        raise MultiTalkError(
            f"Turn {number} of {name} cannot be read; it needs a speaker, a start and an end in seconds."
        ) from error
    if not 0 <= turn.start < turn.end:
        raise MultiTalkError(
            f"Turn {number} of {name} goes from {turn.start:g} to {turn.end:g} seconds; "
            "it must start at 0 or later and end after its start."
        )
    return turn


READERS = {"csv": _csv_rows, "json": _json_rows, "rttm": _rttm_rows}
