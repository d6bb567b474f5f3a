"""A table of who speaks when: read from a file or from pasted text. Knows names and seconds; not sound."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ...errors import MultiTalkError, quoted
from ...files.given import check_file
from ...limits import LONGEST_TABLE, MOST_SPEAKERS, MOST_TURNS
from .rttm import rttm_sheet
from .table_formats import FORMATS, TableFormat, format_of
from .table_text import read_table_text
from .turn import Row, Sheet, Turn


@dataclass(frozen=True)
class TurnTable:
    """Who speaks when.

    Parameters
    ----------
    turns : tuple of Turn
        In the table's own order.
    form : TableFormat
    speakers : tuple of str, optional
        All names in speaker order, where the format says so.
    remarks : tuple of str
        Sentences about what was left out.
    """

    turns: tuple[Turn, ...]
    form: TableFormat
    speakers: tuple[str, ...] | None = None
    remarks: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Turn]:
        return iter(self.turns)

    def __len__(self) -> int:
        return len(self.turns)


def read_turns(path: str | Path, recording: str | None = None) -> TurnTable:
    """Read a table of turns.

    Parameters
    ----------
    path : str or Path
        A file of any format that `parse_turns` reads, in UTF-8 or UTF-16.
    recording : str, optional
        As in `parse_turns`.

    Raises
    ------
    MultiTalkError
        When the file cannot be read, and as in `parse_turns`.
    """
    path = Path(path)
    check_file(path, "table of turns")
    text = read_table_text(path)
    ending = path.suffix.lower().removeprefix(".")
    return parse_turns(text, f"the table of turns {path}", ending=ending, recording=recording)


def parse_turns(
    text: str, name: str = "the table of turns", *, ending: str = "", recording: str | None = None
) -> TurnTable:
    """Read a table of turns from its text.

    Parameters
    ----------
    text : str
        In a format of docs/turns.md: a table with or without a header, RTTM, a transcript in JSON,
        subtitles with names, labels of Audacity, a TextGrid, or ELAN's XML.
    name : str
        What error messages call the table.
    ending : str
        Of the file's name, such as "csv": a hint where the text is like several formats.
    recording : str, optional
        Which recording of RTTM with several.

    Raises
    ------
    MultiTalkError
        When the text is empty, too long or in another format, lacks a speaker or a time, has an invalid
        time, names nobody, or names more speakers than one film can have.
    """
    if len(text) > LONGEST_TABLE:
        raise MultiTalkError(
            f"There are {len(text):,} characters in {name}, more than {LONGEST_TABLE:,}: split the film."
        )
    text = text.removeprefix("\ufeff").lstrip()
    form = format_of(text, ending)
    if form is TableFormat.RTTM:
        sheet = rttm_sheet(text, name, recording)
    elif recording is not None:
        raise MultiTalkError(f"There are no recordings to choose from in {name}: only RTTM names them.")
    else:
        sheet = FORMATS[form].read(text, name)
    rows = list(islice(sheet.rows, MOST_TURNS + 1))
    if not rows:
        raise MultiTalkError(
            f"Nothing is in {name}, it is empty; give each turn a speaker, a start and an end."
        )
    if len(rows) > MOST_TURNS:
        raise MultiTalkError(f"There are more than {MOST_TURNS:,} turns in {name}: split the film.")
    named, remarks = _named(rows, sheet, name)
    turns = tuple(row.turn() for row in named)
    return TurnTable(turns, form, _speakers(turns, sheet, name), remarks)


def _named(rows: list[Row], sheet: Sheet, name: str) -> tuple[list[Row], tuple[str, ...]]:
    """The rows that name a speaker, and a sentence about the others."""
    nameless = [row for row in rows if row.nameless]
    if sheet.names_required or not nameless:
        return rows, ()
    first = nameless[0]
    if len(nameless) == len(rows):
        raise MultiTalkError(
            f"{first.where} has {first.described('speaker')}, and neither has any other: there are no "
            "speakers in it. Transcribe with speakers (diarization), or write a name before each turn."
        )
    many = (
        f"{len(nameless)} turns name no speaker and are"
        if len(nameless) > 1
        else "1 turn names no speaker and is"
    )
    return [row for row in rows if not row.nameless], (
        f"{many} left out of {name}; the first starts at {quoted(first.start)}.",
    )


def _speakers(turns: tuple[Turn, ...], sheet: Sheet, name: str) -> tuple[str, ...] | None:
    speakers = list(dict.fromkeys(turn.speaker for turn in turns))
    if len(speakers) > MOST_SPEAKERS:
        raise MultiTalkError(
            f"There are {len(speakers):,} speakers in {name} ({', '.join(map(quoted, speakers[:3]))} …) and "
            f"at most {MOST_SPEAKERS} in a film: keep the turns of those who are in the picture."
        )
    numbers = [
        int(speaker) for speaker in speakers if speaker.isascii() and speaker.isdigit() and len(speaker) < 9
    ]
    if not sheet.from_zero or len(numbers) < len(speakers) or max(numbers) >= MOST_SPEAKERS:
        return None
    return tuple(map(str, range(max(numbers) + 1)))
