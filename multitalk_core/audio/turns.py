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
        .csv with the header speaker,start,end; .json with a list of objects of these names; or .rttm, whose
        lines read SPEAKER file channel start duration <NA> <NA> speaker <NA> <NA>. Times are in seconds.

    Raises
    ------
    MultiTalkError
        When the file is missing, empty or of another form, or a turn's times are negative or reversed.
    """
    path = Path(path)
    readers = {".csv": _csv_rows, ".json": _json_rows, ".rttm": _rttm_rows}
    if path.suffix.lower() not in readers:
        raise MultiTalkError(
            f"The table of turns {path} is no .csv, .json or .rttm file; save it as one of them."
        )
    try:
        rows = list(readers[path.suffix.lower()](path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError as error:
        raise MultiTalkError(f"The table of turns {path} does not exist; check its path.") from error
    except (OSError, TypeError, ValueError, IndexError) as error:
        raise MultiTalkError(
            f"The table of turns {path} cannot be read ({error}); check its form."
        ) from error
    if not rows:
        raise MultiTalkError(
            f"The table of turns {path} is empty; give each turn a speaker, a start and an end."
        )
    return [_turn(row, number, path) for number, row in enumerate(rows, start=1)]


def _csv_rows(text: str) -> Iterable[dict]:
    return csv.DictReader(text.splitlines(), skipinitialspace=True)


def _json_rows(text: str) -> Iterable[dict]:
    return json.loads(text)


def _rttm_rows(text: str) -> Iterable[dict]:
    fields = [line.split() for line in text.splitlines()]
    for field in fields:
        if field and field[0] == "SPEAKER":
            yield {"speaker": field[7], "start": field[3], "end": float(field[3]) + float(field[4])}


def _turn(row: dict, number: int, path: Path) -> Turn:
    try:
        turn = Turn(str(row["speaker"]).strip(), float(row["start"]), float(row["end"]))
    except (KeyError, TypeError, ValueError) as error:
        raise MultiTalkError(
            f"Turn {number} of {path} cannot be read; it needs a speaker, a start and an end in seconds."
        ) from error
    if not 0 <= turn.start < turn.end:
        raise MultiTalkError(
            f"Turn {number} of {path} goes from {turn.start:g} to {turn.end:g} seconds; "
            "it must start at 0 or later and end after its start."
        )
    return turn
