"""A manifest turned into shards of encoded clips; a run stopped anywhere goes on after its last shard."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..audio.features import AudioEncoder
from ..errors import MultiTalkError
from ..segments.keys import Json, digest
from ..segments.lock import Held, held
from ..standalone.models import Models
from .clips import shard_path, write_shard
from .encoding import Cutting, Footage
from .manifest import read_entry, read_lines
from .record import write_whole

SHARD_CLIPS = 8
SETTINGS, LINES = "settings.json", "lines"

# line of the manifest, clips of it looked at, clips it has
Progress = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Refusal:
    """A line of the manifest, or a clip of it counted from 1, that was left out, and why."""

    line: int
    clip: int | None
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.clip is None else f"line {self.line}, clip {self.clip}"
        return f"{where}: {self.reason}"


@dataclass(frozen=True)
class Prepared:
    """How far a line is.

    Attributes
    ----------
    key : str
        Digest of the line.
    parts : int
        Shards done; one whose clips were all refused is no file.
    whole : bool
        Whether these are all.
    clips : int
        In them.
    refused : tuple of Refusal
    """

    key: str
    parts: int = 0
    whole: bool = False
    clips: int = 0
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Preparation:
    """Encodes the lines of a manifest into a folder.

    Attributes
    ----------
    folder : Path
    models : Models
        Without need of a transformer.
    encoder : AudioEncoder
    cutting : Cutting
    on_clip : Progress
    """

    folder: Path
    models: Models
    encoder: AudioEncoder
    cutting: Cutting
    on_clip: Progress

    def run(self, manifest: Path) -> Iterator[Prepared]:
        """What became of every line, now or in an earlier run.

        A line that gave no clips is tried again, and one that has changed is made anew.
        """
        for stale in self.folder.glob(".shard-*.part"):
            stale.unlink()
        for number, text in read_lines(manifest):
            record = self.folder / LINES / f"{number:05d}.json"
            prepared = _read(record, digest(text))
            if prepared is None:
                for shard in self.folder.glob(f"{shard_path(self.folder, number).stem}-*"):
                    shard.unlink()
                prepared = Prepared(digest(text))
            if not (prepared.whole and prepared.clips):
                for further in self._encode(number, text, manifest.parent, prepared):
                    write_whole(record, asdict(further))
                    prepared = further
            yield prepared

    def _encode(self, number: int, text: str, folder: Path, prepared: Prepared) -> Iterator[Prepared]:
        """Go on with a line, shard by shard."""
        try:
            footage = Footage(read_entry(number, text, folder), self.cutting, self.models, self.encoder)
        except MultiTalkError as error:
            yield Prepared(prepared.key, whole=True, refused=(Refusal(number, None, str(error)),))
            return
        if prepared.whole:  # refused before
            prepared = Prepared(prepared.key)
        for start in range(prepared.parts * SHARD_CLIPS, footage.clips, SHARD_CLIPS):
            end = min(start + SHARD_CLIPS, footage.clips)
            clips, refused = [], list(prepared.refused)
            for index in range(start, end):
                try:
                    clips.append(footage.clip(index))
                except MultiTalkError as error:
                    refused.append(Refusal(number, index + 1, str(error)))
                self.on_clip(number, index + 1, footage.clips)
            if clips:
                write_shard(self.folder, number, clips, prepared.parts)
            prepared = replace(
                prepared,
                parts=prepared.parts + 1,
                whole=end == footage.clips,
                clips=prepared.clips + len(clips),
                refused=tuple(refused),
            )
            yield prepared


@contextmanager
def preparing(folder: Path, settings: dict[str, Json]) -> Iterator[None]:
    """Keep other runs out of a folder, and other settings.

    Raises
    ------
    MultiTalkError
        When another run is at it, it was begun with other settings, or the disk does not take it.
    """
    try:
        (folder / LINES).mkdir(parents=True, exist_ok=True)
        with held(folder / ".lock"):
            _check_settings(folder / SETTINGS, settings)
            yield
    except Held as taken:
        raise MultiTalkError(f"Another run is preparing {folder}: wait until it ends.") from taken
    except OSError as error:
        raise MultiTalkError(
            f"The clips cannot be written to {folder} ({error.strerror}): free some space or choose another "
            "folder; the shards that are there stay."
        ) from error


def _check_settings(path: Path, settings: dict[str, Json]) -> None:
    wanted = json.loads(json.dumps(settings))
    if not path.exists():
        write_whole(path, wanted)
    found = json.loads(path.read_text(encoding="utf-8"))
    for name, value in wanted.items():
        if found.get(name) != value:
            raise MultiTalkError(
                f"{path.parent} was prepared with other settings (see {name} in {path.name} there): use the "
                "same ones, or another folder."
            )


def _read(record: Path, key: str) -> Prepared | None:
    """How far a line is, or None where it is another line than the one that was recorded."""
    if not record.exists():
        return Prepared(key)
    found = json.loads(record.read_text(encoding="utf-8"))
    if found["key"] != key:
        return None
    return Prepared(**{**found, "refused": tuple(Refusal(**refusal) for refusal in found["refused"])})
