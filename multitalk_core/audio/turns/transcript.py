"""JSON tables: lists of turns, JSON Lines, and the transcripts of the common programs and services."""

import json
import math
import re
from collections.abc import Iterator

from ...errors import MultiTalkError, quoted
from ...limits import MOST_TURNS
from .transcript_rows import Found, find_rows
from .turn import Row, Sheet

LONGEST_NUMBER = 300  # digits: a float has no more
WHISPER_LINE = re.compile(r"\[\s*[\d:.,]+\s*-->")


def is_json(text: str) -> bool:
    """Whether the text is meant as JSON."""
    start = text[:200].lstrip()
    return start.startswith(("{", "[")) and not WHISPER_LINE.match(start)


def transcript_sheet(text: str, name: str) -> Sheet:
    """The turns of the list or transcript."""
    table = _parsed(text, name)
    if isinstance(table, list) and (wrong := [row for row in table if not isinstance(row, dict)]):
        number = table.index(wrong[0]) + 1
        raise MultiTalkError(
            f"Turn {number} of {name} is {quoted(wrong[0])}: give it a speaker, a start and an end."
        )
    if isinstance(table, dict) and "cond_audio" in table:
        raise MultiTalkError(
            f"Turns cannot be read from {name}, it is an input JSON of MultiTalk: give it to generate "
            "--input, or to the node MultiTalk Input JSON."
        )
    found = find_rows(table)
    if found is None and table:
        raise MultiTalkError(
            f"Turns cannot be read from {name}, it is not a list of turns and no known "
            'kind of transcript: write [{"speaker": "anna", "start": 0, "end": 1.5}, …].'
        )
    return Sheet(_rows(found, name), from_zero=found.from_zero) if found else Sheet(())


def _rows(found: Found, name: str) -> Iterator[Row]:
    for number, values in enumerate(found.rows, start=1):
        yield Row(f"Turn {number} of {name}", *values)


def _parsed(text: str, name: str) -> object:
    try:
        return json.loads(text, parse_int=_whole_number)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if error.msg == "Extra data" and len(lines) > 1:
            return [
                _parsed_line(line, number, name)
                for number, line in enumerate(lines[: MOST_TURNS + 1], start=1)
            ]
        raise MultiTalkError(
            f"Turns cannot be read from {name}, it is not valid JSON ({error.msg} in line {error.lineno}): "
            "export it again."
        ) from error
    except RecursionError as error:
        raise MultiTalkError(
            f"Turns cannot be read from {name}, its brackets are nested too deeply: export it again."
        ) from error


def _parsed_line(line: str, number: int, name: str) -> object:
    """One line of JSON Lines."""
    try:
        return json.loads(line, parse_int=_whole_number)
    except (json.JSONDecodeError, RecursionError) as error:
        raise MultiTalkError(
            f"Turns cannot be read from {name}, line {number} is not valid JSON: export it again."
        ) from error


def _whole_number(digits: str) -> float:
    """A whole number in JSON; one with so many digits that Python refuses it becomes infinite."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else math.inf
