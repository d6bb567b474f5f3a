"""CSV and its kin: cells between commas, semicolons, tabs, bars or blanks, with a header or without."""

import csv
from collections.abc import Iterator
from itertools import islice

from ...errors import MultiTalkError, quoted
from .columns import Column, columns_of, missing
from .times import is_time, seconds_of
from .turn import Row, Sheet

DELIMITERS = ("\t", ";", "|", ",", " ")  # in order of preference
SAMPLE = 20  # lines that show the delimiter
LEAST_CELLS = 3
SEPARATOR_LINE = "sep="  # Excel's way to name the delimiter

Roles = dict[str, tuple[int, Column]]
Record = tuple[int, list[str]]  # number of its last line, cells


def delimited_sheet(text: str, name: str) -> Sheet:
    """One turn a line."""
    return Sheet(_rows(text, name), names_required=True)


def _rows(text: str, name: str) -> Iterator[Row]:
    records = _records(text, name)
    first = next(records, None)
    if first is None:
        return
    line, cells = first
    roles = columns_of(cells)
    if roles and not any(map(is_time, cells)):
        if lacking := missing(roles):
            raise MultiTalkError(
                f"The first line of {name} names no column {lacking} ({quoted(', '.join(cells))}): write "
                "speaker,start,end there."
            )
        header = len(cells)
    else:
        roles, header = _guessed(cells, name), None
        records = _again(first, records)
    for number, (line, cells) in enumerate(records, start=1):
        where = f"Turn {number} of {name} (line {line})"
        if header is not None:
            _check_width(cells, header, roles, where=where)
        values = {role: _cell(cells, *place) for role, place in roles.items()}
        yield Row(where, **values)


def _again(first: Record, rest: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from rest


def _cell(cells: list[str], place: int, column: Column) -> object:
    return column.value(cells[place]) if place < len(cells) else None


def _check_width(cells: list[str], header: int, roles: Roles, *, where: str) -> None:
    """Refuse a cell too many where it can have moved a time: decimal commas do."""
    if len(cells) > header and header - 1 in [place for place, _ in roles.values()]:
        raise MultiTalkError(
            f"{where} has {len(cells)} cells ({quoted(', '.join(cells))}) and the header {header}: write "
            "times with a point, or put them in quotation marks."
        )


def _guessed(cells: list[str], name: str) -> Roles:
    """The columns of a table without a header, by its first line: a name and two times, in either order."""
    times = {place: time for place, cell in enumerate(cells) if (time := seconds_of(cell)) is not None}
    texts = [place for place, cell in enumerate(cells) if place not in times and cell]
    if len(times) == 2 and texts:
        return _roles(texts[0], *times)
    if len(times) == 3 == len(cells):
        for speaker, start, end in ((0, 1, 2), (2, 0, 1)):
            if times[speaker].is_integer() and times[start] < times[end]:
                return _roles(speaker, start, end)
    raise MultiTalkError(
        f"The first line of {name} is neither a header nor a turn ({quoted(', '.join(cells))}): write "
        "speaker,start,end there, and a name and two times in each line below."
    )


def _roles(speaker: int, start: int, end: int) -> Roles:
    places = {"speaker": speaker, "start": start, "end": end}
    return {role: (place, Column(role, 0)) for role, place in places.items()}


def _records(text: str, name: str) -> Iterator[Record]:
    """Lines of cells; empty ones, comments and rules are left out."""
    lines = text.splitlines(keepends=True)
    if lines and lines[0].strip().casefold().startswith(SEPARATOR_LINE):
        lines[0] = "\n"
    delimiter = _delimiter(lines)
    if delimiter == "|":
        lines = [line.strip().strip("|") + "\n" for line in lines]
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        for record in reader:
            cells = [cell.strip() for cell in record]
            if any(cell.strip("-:") for cell in cells) and not cells[0].startswith("#"):
                yield reader.line_num, cells
    except csv.Error as error:
        raise MultiTalkError(
            f"Line {reader.line_num} of {name} cannot be read as CSV ({error}): look for a quotation mark "
            "that is not closed."
        ) from error


def _delimiter(lines: list[str]) -> str:
    """The first one that cuts each of the first lines into enough cells; the comma if none does."""
    sample = list(islice((line for line in lines if line.strip() and not line.startswith("#")), SAMPLE))
    enough = (mark for mark in DELIMITERS if all(_width(line, mark) >= LEAST_CELLS for line in sample))
    return next(enough, ",")


def _width(line: str, delimiter: str) -> int:
    """How many cells a line has; none if it cannot be cut."""
    try:
        return len(next(csv.reader([line.strip(" \r\n")], delimiter=delimiter, skipinitialspace=True), []))
    except csv.Error:
        return 0
