"""The folder of a farm's output: one folder a film, lists of results and failures, the servers' own files.

films/ID/             a finished film's files and its record, film.json; it appears all at once
results.jsonl         the records of all finished films
failures.jsonl        what failed in the last run, and why
servers/NAME/         a server's temporary files
logs/NAME.log         its log
.token                what a server's machine reads to see that this is the folder of the command
user/                 ComfyUI's user folder, shared by all servers: stored clips, signing keys
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from ..errors import MultiTalkError
from ..files.given import read_json
from ..files.lock import Locked, locked
from ..files.outputs import check_folder
from ..guards.memory import GIGABYTE
from .journal import Entry, Journal

RECORD = "film.json"
PART = ".part"
PART_DIGITS = 8
TOKEN = ".token"


@dataclass(frozen=True)
class FarmFolder:
    """The folder of a farm's output.

    Attributes
    ----------
    root : Path
    """

    root: Path

    @property
    def films(self) -> Path:
        """The folder of finished films."""
        return self.root / "films"

    @property
    def results(self) -> Journal:
        """The records of finished films."""
        return Journal(self.root / "results.jsonl")

    @property
    def failures(self) -> Journal:
        """What failed in the last run."""
        return Journal(self.root / "failures.jsonl")

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder and lock it for this process.

        Raises
        ------
        MultiTalkError
            When it cannot be written to, or another farm writes to it.
        """
        for name in ("films", "servers", "logs", "user"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        check_folder(self.root)
        try:
            with locked(self.root / ".farm.lock"):
                for left in self.films.glob(f".*.{'[0-9a-f]' * PART_DIGITS}{PART}"):  # by a kill
                    shutil.rmtree(left, ignore_errors=True)
                (self.root / TOKEN).write_text(uuid4().hex)
                yield
        except Locked as taken:
            raise MultiTalkError(
                f"Process {taken.holder} is making films in {self.root}: wait until it ends, or choose "
                "another --output."
            ) from taken

    @property
    def token(self) -> str:
        """What the last farm that opened the folder wrote into it; empty where there is none."""
        place = self.root / TOKEN
        return place.read_text() if place.exists() else ""

    def check(self, token: str) -> None:
        """Check on a server's machine that this is the folder of the command, and can be written to.

        Raises
        ------
        MultiTalkError
        """
        if self.token != token:
            raise MultiTalkError(
                f"The folder {self.root} on {os.uname().nodename} is not that of the command: name an "
                "--output that all machines share."
            )
        check_folder(self.films)

    def check_room(self, keep_free: float) -> None:
        """Check that the disk has so many GB free.

        Raises
        ------
        MultiTalkError
        """
        if shutil.disk_usage(self.root).free < keep_free * GIGABYTE:
            raise MultiTalkError(
                f"The disk of {self.root} has less than {keep_free:g} GB free: free some space, or lower "
                "--keep-free, and run the same command again to continue."
            )

    def finished(self) -> dict[str, Entry]:
        """The records of finished films by id; results.jsonl then has the same."""
        found = [entry for entry in os.scandir(self.films) if entry.is_dir()]
        names = {entry.name for entry in found if not entry.name.startswith(".")}
        records = {str(entry.get("id")): entry for entry in self.results.entries()}
        known = {
            name: records.get(name) or read_json(self.films / name / RECORD, "record of a film", MOVE_AWAY)
            for name in sorted(names)
        }
        self.results.replace(known.values())
        return known

    def new_part(self, name: str) -> Path:
        """An empty folder for the files of a film that is not finished."""
        part = self.films / f".{name}.{uuid4().hex[:PART_DIGITS]}{PART}"
        part.mkdir()
        return part

    def deliver(self, part: Path, record: Entry) -> Entry:
        """Make a film's folder appear, whole; a film that somebody else has delivered stays.

        Parameters
        ----------
        part : Path
            With the film's files.
        record : Entry
            Its `id` names the folder.

        Returns
        -------
        Entry
            The record of the film that is there now.
        """
        with (part / RECORD).open("w", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        place = self.films / str(record["id"])
        try:
            os.rename(part, place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            shutil.rmtree(part)
            return read_json(place / RECORD, "record of a film", MOVE_AWAY)
        return record


MOVE_AWAY = "the farm did not write this folder, so move it away"
