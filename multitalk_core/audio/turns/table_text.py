"""The text of a table's file: UTF-8, or UTF-16 as Praat and Excel write it."""

import os
from pathlib import Path

from ...errors import MultiTalkError
from ...files.given import encoding_of, read_bytes, read_text
from ...limits import LONGEST_TABLE

BYTES_OF_A_CHARACTER = 4  # at most, in UTF-8
START = 1000  # bytes that show what a file is
KIND = "table of turns"
OTHER_FILES = {
    b"PK\x03\x04": "a spreadsheet or another packed file: save it as “CSV UTF-8”",
    b"\xd0\xcf\x11\xe0": "an old Office file: save it as “CSV UTF-8”",
    b"%PDF": "a PDF: copy the turns into a text file",
    b"ooBinaryFile": "a binary TextGrid: save it in Praat with “Save as text file”",
}


def read_table_text(path: Path) -> str:
    """The text of a table.

    Raises
    ------
    MultiTalkError
        When the file is too long, is not a text, or is a text in another encoding.
    """
    most = BYTES_OF_A_CHARACTER * LONGEST_TABLE
    start = read_bytes(path, KIND, most)[:START]
    for magic, what in OTHER_FILES.items():
        if start.startswith(magic):
            raise MultiTalkError(f"The {KIND} {path} is {what}.")
    if encoding_of(start) == "utf-8-sig" and b"\0" in start:
        raise MultiTalkError(f"The {KIND} {path} is not a text file: export the turns as CSV, RTTM or JSON.")
    return read_text(path, KIND, most)


def is_text(path: Path) -> bool:
    """Whether a path is a file that begins as a text does, in UTF-8 or UTF-16."""
    if not os.path.isfile(path) or not os.access(path, os.R_OK):
        return False
    with path.open("rb") as file:
        start = file.read(START)
    text = start.decode(encoding_of(start), "replace")
    return bool(text) and sum(not (sign.isprintable() or sign in "\n\r\t") for sign in text) < len(text) / 20
