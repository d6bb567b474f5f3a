"""The formats of tables of turns: how each is recognised, and who reads it."""

from collections.abc import Callable
from typing import NamedTuple

from ...guards.words import Word
from .audacity import audacity_sheet, is_audacity
from .delimited import delimited_sheet
from .elan import elan_sheet, is_xml
from .rttm import is_rttm, rttm_sheet
from .subtitles import is_subtitles, subtitles_sheet
from .textgrid import is_textgrid, textgrid_sheet
from .transcript import is_json, transcript_sheet
from .turn import Sheet


class TableFormat(Word):
    """How a table of turns is written."""

    JSON = "json"
    ELAN = "elan"
    TEXTGRID = "textgrid"
    SUBTITLES = "subtitles"
    RTTM = "rttm"
    AUDACITY = "audacity"
    DELIMITED = "csv"


class FormatReader(NamedTuple):
    """How a format is recognised by its content, which endings its files have, and how it is read."""

    recognises: Callable[[str], bool]
    endings: tuple[str, ...]
    read: Callable[[str, str], Sheet]


def _anything(text: str) -> bool:
    return True


# In the order in which they are tried; the last one takes what no other recognises.
FORMATS = {
    TableFormat.JSON: FormatReader(is_json, ("json", "jsonl"), transcript_sheet),
    TableFormat.ELAN: FormatReader(is_xml, ("eaf",), elan_sheet),
    TableFormat.TEXTGRID: FormatReader(is_textgrid, ("textgrid",), textgrid_sheet),
    TableFormat.SUBTITLES: FormatReader(is_subtitles, ("srt", "vtt"), subtitles_sheet),
    TableFormat.RTTM: FormatReader(is_rttm, ("rttm",), rttm_sheet),
    TableFormat.AUDACITY: FormatReader(is_audacity, (), audacity_sheet),
    TableFormat.DELIMITED: FormatReader(_anything, ("csv", "tsv", "txt"), delimited_sheet),
}


def format_of(text: str, ending: str = "") -> TableFormat:
    """The format of a table: by its content, else by its file's ending.

    Parameters
    ----------
    text : str
        Without a byte-order mark.
    ending : str
        Such as "csv", in lower case.
    """
    found = next(form for form, reader in FORMATS.items() if reader.recognises(text))
    if found is not TableFormat.DELIMITED:
        return found
    return next((form for form, reader in FORMATS.items() if ending in reader.endings), found)


ENDINGS = frozenset(ending for reader in FORMATS.values() for ending in reader.endings)
