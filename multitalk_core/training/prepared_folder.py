"""Records of the manifest's lines: which shards `prepare` wrote, and what it refused."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import MultiTalkError
from ..files.given import read_text
from .record import write_whole

LONGEST_RECORD = 50_000_000  # bytes


class Damaged(Exception):
    """A file is not what `prepare` wrote."""


@dataclass(frozen=True)
class Refusal:
    """A line of the manifest, or a clip of it (from 1), that was left out, and why."""

    line: int
    clip: int | None
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.clip is None else f"line {self.line}, clip {self.clip}"
        return f"{where}: {self.reason}"


@dataclass(frozen=True)
class Part:
    """Consecutive clips of a line, in one shard.

    Attributes
    ----------
    clips : int
        Number of clips in the shard.
    digest : str or None
        Digest of the shard; None if all clips were refused and there is no file.
    refused : tuple of Refusal
    """

    clips: int
    digest: str | None
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """The state of a line.

    Attributes
    ----------
    key : str
        Digest of the line and the settings.
    parts : tuple of Part or None
        All parts of the line, as far as known; None is still to be encoded.
    refusal : Refusal or None
        Why the whole line was left out, if it was.
    """

    key: str
    parts: tuple[Part | None, ...] = ()
    refusal: Refusal | None = None

    @property
    def whole(self) -> bool:
        """Whether everything is encoded; a line without clips never is, and is tried again."""
        return self.clips > 0 and all(self.parts)

    @property
    def clips(self) -> int:
        """Number of clips in its shards."""
        return sum(part.clips for part in self.parts if part is not None)

    @property
    def refused(self) -> list[Refusal]:
        """The refusal of the line, or those of its clips."""
        if self.refusal is not None:
            return [self.refusal]
        return [refusal for part in self.parts if part is not None for refusal in part.refused]


def write_record(path: Path, prepared: Prepared) -> None:
    """Write a record atomically."""
    write_whole(path, asdict(prepared))


def read_record(path: Path) -> Prepared:
    """Read a record.

    Raises
    ------
    Damaged
        When `write_record` did not write it.
    """
    found = read_own(path)
    try:
        parts = tuple(None if part is None else _part(part) for part in found["parts"])
        refusal = None if found["refusal"] is None else _refusal(found["refusal"])
        return Prepared(_of_kind(found["key"], str), parts, refusal)
    except (KeyError, TypeError) as error:
        raise Damaged from error


def read_own(path: Path) -> dict[str, Any]:
    """Read a JSON object that `prepare` wrote.

    Raises
    ------
    Damaged
        When it is not a JSON object.
    """
    try:
        return _of_kind(json.loads(read_text(path, "record", LONGEST_RECORD)), dict)
    except (MultiTalkError, ValueError, TypeError, RecursionError) as error:
        raise Damaged from error


def _part(found: dict[str, Any]) -> Part:
    refused = tuple(_refusal(refusal) for refusal in _of_kind(found["refused"], list))
    return Part(_of_kind(found["clips"], int), _of_kind(found["digest"], str, type(None)), refused)


def _refusal(found: dict[str, Any]) -> Refusal:
    return Refusal(
        _of_kind(found["line"], int),
        _of_kind(found["clip"], int, type(None)),
        _of_kind(found["reason"], str),
    )


def _of_kind(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds:
        raise TypeError
    return value
