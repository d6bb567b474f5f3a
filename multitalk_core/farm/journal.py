"""A list in JSON Lines that only grows, and survives a kill in the middle of a line."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..files.whole import whole_file

Entry = dict[str, Any]


class Journal:
    """A file with one entry a line.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> Iterator[Entry]:
        """The entries so far; a line that a kill cut off is passed over."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry

    def replace(self, entries: Iterable[Entry]) -> None:
        """Write the whole list again."""
        with whole_file(self.path) as part, part.open("w", encoding="utf-8") as file:
            file.writelines(map(_line, entries))

    def append(self, entry: Entry) -> None:
        """Add an entry; it is on the disk when this returns."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(entry))
            file.flush()
            os.fsync(file.fileno())


def _line(entry: Entry) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"
