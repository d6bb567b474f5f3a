"""The folder of a benchmark's films: which are finished, and with which options they were made."""

import argparse
import json
from pathlib import Path
from typing import Any

from ..errors import MultiTalkError, quoted
from ..files.given import read_json
from ..files.whole import is_taken, whole_file
from .benchmark_list import BenchmarkRow

STATE = ".benchmark.json"
STARTED, FINISHED = "started", "finished"
# Of the mark of origin, which may differ between runs; an authority's URL may hold a password.
NOT_STORED = ("--sign-key", "--sign-cert", "--timestamp-authority", "--watermark")


class BenchmarkFolder:
    """Films by name, and how far each is.

    Parameters
    ----------
    folder : Path
    options : list of str
        Of `generate`; the same for all films of a folder, except those NOT_STORED.

    Raises
    ------
    MultiTalkError
        When the films there were made with other options.
    """

    def __init__(self, folder: Path, options: list[str]) -> None:
        self.folder, self.options = folder, options
        self._stored = _without_mark(options)
        self._films: dict[str, str] = {}
        if (state := folder / STATE).is_file():
            content = read_json(state, "benchmark's record", "name a new folder")
            if content.get("options") != self._stored:
                raise MultiTalkError(
                    f"The films in {folder} were made with other options of generate "
                    f"({quoted(content.get('options'))}): give the same, or name another folder."
                )
            self._films = dict(content.get("films", {}))

    def files(self, row: BenchmarkRow) -> tuple[Path, Path]:
        """The film, and the input JSON beside it."""
        return self.folder / f"{row.name}.mp4", self.folder / f"{row.name}.json"

    def is_finished(self, row: BenchmarkRow) -> bool:
        """Whether the film of this very row is there, whole."""
        film, entry = self.files(row)
        if self._films.get(row.name) != FINISHED or not (film.is_file() and entry.is_file()):
            return False
        return read_json(entry, "input JSON", "remove it") == row.entry

    def start(self, row: BenchmarkRow) -> bool:
        """Write the row's input JSON; whether the film's file may be replaced, as it is an earlier run's.

        Raises
        ------
        MultiTalkError
            When files of these names are not from this benchmark.
        """
        known = row.name in self._films
        for path in self.files(row):
            if not known and is_taken(path):
                raise MultiTalkError(
                    f"{path} exists and is not of this benchmark: move it, or rename the row."
                )
        self._mark(row, STARTED)
        self._write(self.files(row)[1], row.entry)
        return known

    def finish(self, row: BenchmarkRow) -> None:
        """Remember that the film is whole."""
        self._mark(row, FINISHED)

    def _mark(self, row: BenchmarkRow, state: str) -> None:
        self._films[row.name] = state
        self._write(self.folder / STATE, {"options": self._stored, "films": self._films})

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        with whole_file(path) as part:
            part.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _without_mark(options: list[str]) -> list[str]:
    """The options that are stored and compared."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in NOT_STORED:
        parser.add_argument(name)
    return parser.parse_known_args(options)[1]
