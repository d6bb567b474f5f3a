"""A table of who speaks when: CSV, JSON or RTTM. Knows names and seconds; knows nothing of sound."""

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import MultiTalkError, quoted
from ..files.given import check_file, read_text
from ..guards.words import Word
from ..limits import LONGEST_NAME, LONGEST_SECONDS, LONGEST_TABLE, MOST_SPEAKERS, MOST_TURNS

BYTES_OF_A_CHARACTER = 4  # at most, in UTF-8
RTTM_FIELDS = (8, 10)  # SPEAKER file channel start duration <NA> <NA> speaker [confidence [<NA>]]
LONGEST_NUMBER = 300  # digits: a float has no more


class TableFormat(Word):
    """How a table of turns is written."""

    CSV = "csv"
    JSON = "json"
    RTTM = "rttm"


@dataclass(frozen=True)
class Turn:
    """A speaker speaks from `start` to `end`, in seconds."""

    speaker: str
    start: float
    end: float


class _Row(NamedTuple):
    """The values of a turn as the table gives them."""

    where: str
    speaker: Any
    start: Any
    end: Any
    lasts: bool = False  # whether `end` is a duration


def read_turns(path: str | Path) -> list[Turn]:
    """Read a table of turns, in the file's own order.

    Parameters
    ----------
    path : str or Path
        .csv, .json or .rttm; see `parse_turns`.

    Raises
    ------
    MultiTalkError
        When the file cannot be read, and as in `parse_turns`.
    """
    path = Path(path)
    ending = path.suffix.lower().removeprefix(".")
    check_file(path, "table of turns")
    if ending not in list(TableFormat):
        raise MultiTalkError(
            f"The table of turns {path} is not a .csv, .json or .rttm file; save it as one of them."
        )
    text = read_text(path, "table of turns", BYTES_OF_A_CHARACTER * LONGEST_TABLE)
    return parse_turns(text, ending, f"the table of turns {path}")


def parse_turns(text: str, form: str | None = None, name: str = "the table of turns") -> list[Turn]:
    """Read a table of turns from its text, in its own order.

    Parameters
    ----------
    text : str
        CSV with the header speaker,start,end; JSON with a list of objects of these names; or RTTM, whose
        lines read SPEAKER file channel start duration <NA> <NA> speaker <NA> <NA>. Times are in seconds.
    form : str, optional
        "csv", "json" or "rttm"; by default recognised from the text.
    name : str
        What error messages call the table.

    Raises
    ------
    MultiTalkError
        When the text is empty, too long or in another format, lacks a speaker or a time, has an invalid
        time, or names more speakers than one film can have.
    """
    if len(text) > LONGEST_TABLE:
        raise MultiTalkError(
            f"There are {len(text):,} characters in {name}, more than {LONGEST_TABLE:,}: split the film."
        )
    text = text.removeprefix("\ufeff")
    rows = list(islice(READERS[TableFormat(form or _form(text))](text, name), MOST_TURNS + 1))
    if not rows:
        raise MultiTalkError(
            f"Nothing is in {name}, it is empty; give each turn a speaker, a start and an end."
        )
    if len(rows) > MOST_TURNS:
        raise MultiTalkError(f"There are more than {MOST_TURNS:,} turns in {name}: split the film.")
    turns = [_turn(row, name) for row in rows]
    speakers = list(dict.fromkeys(turn.speaker for turn in turns))
    if len(speakers) > MOST_SPEAKERS:
        raise MultiTalkError(
            f"There are {len(speakers):,} speakers in {name} ({', '.join(map(quoted, speakers[:3]))} …) and "
            f"at most {MOST_SPEAKERS} in a film: keep the turns of those who are in the picture."
        )
    return turns


def _form(text: str) -> TableFormat:
    if text.lstrip().startswith(("[", "{")):
        return TableFormat.JSON
    return TableFormat.RTTM if any(map(_is_rttm, text.splitlines())) else TableFormat.CSV


def _is_rttm(line: str) -> bool:
    """Whether a line is RTTM, and not CSV with a speaker called SPEAKER 1."""
    fields = line.split(maxsplit=3)
    return len(fields) > 2 and fields[0] == "SPEAKER" and "," not in "".join(fields[:3])


def _csv_rows(text: str, name: str) -> Iterator[_Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        if missing := [key for key in ("speaker", "start", "end") if key not in (reader.fieldnames or [])]:
            if text.strip():
                raise MultiTalkError(
                    f"The first line of {name} names no column {missing[0]}: write speaker,start,end there."
                )
            return
        for number, row in enumerate(reader, start=1):
            where = f"Turn {number} of {name} (line {reader.line_num})"
            yield _Row(where, row["speaker"], row["start"], row["end"])
    except csv.Error as error:
        raise MultiTalkError(
            f"Line {reader.reader.line_num} of {name} cannot be read as CSV ({error}): look for a quotation "
            "mark that is not closed."
        ) from error


def _json_rows(text: str, name: str) -> Iterator[_Row]:
    try:
        table = json.loads(text, parse_int=_whole_number)
    except json.JSONDecodeError as error:
        raise MultiTalkError(
            f"Turns cannot be read from {name}, it is not valid JSON ({error.msg} in line {error.lineno}): "
            "export it again."
        ) from error
    except RecursionError as error:
        raise MultiTalkError(
            f"Turns cannot be read from {name}, its brackets are nested too deeply: export it again."
        ) from error
    if not isinstance(table, list):
        raise MultiTalkError(
            f'Turns cannot be read from {name}, it is not a list: write [{{"speaker": "anna", "start": 0, '
            '"end": 1.5}, …].'
        )
    for number, row in enumerate(table, start=1):
        where = f"Turn {number} of {name}"
        if not isinstance(row, dict):
            raise MultiTalkError(f"{where} is {quoted(row)}: give it a speaker, a start and an end.")
        yield _Row(where, row.get("speaker"), row.get("start"), row.get("end"))


def _whole_number(digits: str) -> float:
    """A whole number in JSON; one with so many digits that Python refuses it becomes infinite."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else math.inf


def _rttm_rows(text: str, name: str) -> Iterator[_Row]:
    recording = None
    spoken = [(line, fields) for line, fields in enumerate(map(str.split, text.splitlines()), start=1)
              if fields and fields[0] == "SPEAKER"]  # fmt: skip
    for number, (line, fields) in enumerate(spoken, start=1):
        where = f"Turn {number} of {name} (line {line})"
        if len(fields) < RTTM_FIELDS[0]:
            raise MultiTalkError(
                f"{where} cannot be read, it has {len(fields)} fields: write SPEAKER file channel start "
                "duration <NA> <NA> speaker <NA> <NA>."
            )
        if len(fields) > RTTM_FIELDS[1] or not all(map(_is_confidence, fields[8:])):
            raise MultiTalkError(
                f"{where} names a speaker with a blank ({quoted(' '.join(fields[7:]))}): write the name as "
                "one word, such as Mary_Ann."
            )
        if recording not in (None, fields[1]):
            raise MultiTalkError(
                f"The turns of {name} are of two recordings, {quoted(recording)} and {quoted(fields[1])} "
                f"(line {line}): keep the lines of one."
            )
        recording = fields[1]
        yield _Row(where, fields[7], fields[3], fields[4], lasts=True)


def _is_confidence(field: str) -> bool:
    """Whether a field after the name is one that RTTM allows: <NA> or a number."""
    return field.upper() == "<NA>" or _seconds(field) is not None


def _turn(row: _Row, name: str) -> Turn:
    speaker = _speaker(row.speaker)
    if speaker is None:
        raise MultiTalkError(
            f"{row.where} has {_described('speaker', row.speaker)}: give a name of at most {LONGEST_NAME} "
            "characters, or a number, or leave the turn out."
        )
    start, end = _time(row, "start", row.start), _time(row, "duration" if row.lasts else "end", row.end)
    end = start + end if row.lasts else end
    if not 0 <= start < end:
        raise MultiTalkError(
            f"{row.where} goes from {start:g} to {end:g} seconds; it must start at 0 or later and end after "
            "its start."
        )
    return Turn(speaker, start, end)


def _speaker(value: object) -> str | None:
    """A name, or a number as text; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    name = str(value).strip()
    return name if 0 < len(name) <= LONGEST_NAME else None


def _time(row: _Row, field: str, value: object) -> float:
    seconds = _seconds(value)
    if seconds is None or abs(seconds) > LONGEST_SECONDS:
        raise MultiTalkError(
            f"{row.where} has {_described(field, value)}: give seconds, at most {LONGEST_SECONDS:g}."
        )
    return seconds


def _described(field: str, value: object) -> str:
    return f"no {field}" if value is None or value == "" else f"the {field} {quoted(value)}"


def _seconds(value: object) -> float | None:
    """A finite number, given as a number or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


READERS = {TableFormat.CSV: _csv_rows, TableFormat.JSON: _json_rows, TableFormat.RTTM: _rttm_rows}
