"""Encode a manifest into shards of clips; an interrupted run continues after its last shard."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..audio.features import AudioEncoder
from ..errors import MultiTalkError
from ..files.digests import Json, digest
from ..files.lock import Locked, locked
from ..hosts.diffusers.models import Models
from .encoding import Cutting, Footage
from .manifest import read_entry, read_lines
from .prepared_folder import Damaged, Part, Prepared, Refusal, read_own, read_record, write_record
from .record import write_whole
from .shards import check_storable, shard_digest, shard_path, shards_in, unfinished_shards, write_shard

SHARD_CLIPS = 8
SETTINGS, LINES = "settings.json", "lines"

# line of the manifest, clips of it processed, clips it has
Progress = Callable[[int, int, int], None]
Note = Callable[[str], None]  # takes a sentence about the folder


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Encodes the lines of a manifest into a folder.

    Attributes
    ----------
    folder : Path
        Locked by `preparing`.
    models : Models
        The transformer is not needed.
    encoder : AudioEncoder
    cutting : Cutting
    on_clip : Progress
    note : Note
        Called with what was damaged and encoded again, and with files that do not belong in the folder.
    """

    folder: Path
    models: Models
    encoder: AudioEncoder
    cutting: Cutting
    on_clip: Progress
    note: Note

    def run(self, manifest: Path) -> Iterator[Prepared]:
        """Encode every line, or read what an earlier run made of it.

        Lines without clips, changed lines and damaged shards are encoded again.
        """
        for stale in unfinished_shards(self.folder):
            stale.unlink()
        settings = read_own(self.folder / SETTINGS)
        foreign = set(shards_in(self.folder))
        for number, text in read_lines(manifest):
            prepared = self._so_far(number, digest([text, settings]))
            if not prepared.whole:
                for further in self._encode(number, text, folder=manifest.parent, prepared=prepared):
                    write_record(self._record(number), further)
                    prepared = further
            foreign -= {shard_path(self.folder, number, part) for part in range(len(prepared.parts))}
            yield prepared
        for shard in sorted(foreign):
            self.note(
                f"{shard.name} belongs to no line of this manifest: move it away, or `train` will use it"
            )

    def _record(self, number: int) -> Path:
        return self.folder / LINES / f"{number:05d}.json"

    def _so_far(self, number: int, key: str) -> Prepared:
        """What an earlier run made of a line, without missing or damaged shards."""
        record, prepared = self._record(number), Prepared(key)
        if record.exists():
            try:
                prepared = read_record(record)
            except Damaged:
                self.note(f"{LINES}/{record.name} was damaged: its line was encoded again")
                prepared = Prepared("")
        if prepared.key != key:
            for shard in shards_in(self.folder, number):
                shard.unlink()
            return Prepared(key)
        parts = (self._checked(number, index, part) for index, part in enumerate(prepared.parts))
        return replace(prepared, parts=tuple(parts))

    def _checked(self, number: int, index: int, part: Part | None) -> Part | None:
        """The part if its shard is unchanged since it was written, else None."""
        if part is None or part.digest is None:
            return part
        shard = shard_path(self.folder, number, index)
        if shard.is_file() and shard_digest(shard) == part.digest:
            return part
        self.note(f"{shard.name} was {'damaged' if shard.exists() else 'missing'}: it was encoded again")
        return None

    def _encode(self, number: int, text: str, *, folder: Path, prepared: Prepared) -> Iterator[Prepared]:
        """Encode the missing shards of a line, one by one."""
        try:
            entry = read_entry(number, text, folder)
            footage = Footage(entry, self.cutting, models=self.models, encoder=self.encoder)
        except MultiTalkError as error:
            yield replace(prepared, refusal=Refusal(number, None, str(error)))
            return
        count = -(-footage.clips // SHARD_CLIPS)
        parts = list(prepared.parts[:count]) if prepared.clips else []
        parts += [None] * (count - len(parts))
        for index, part in enumerate(parts):
            if part is None:
                parts[index] = self._encode_part(number, index, footage)
                yield Prepared(prepared.key, tuple(parts))

    def _encode_part(self, number: int, index: int, footage: Footage) -> Part:
        clips, refused = [], []
        for clip in range(index * SHARD_CLIPS, min((index + 1) * SHARD_CLIPS, footage.clips)):
            try:
                encoded = footage.clip(clip)
                check_storable(encoded)
                clips.append(encoded)
            except MultiTalkError as error:
                refused.append(Refusal(number, clip + 1, str(error)))
            self.on_clip(number, clip + 1, footage.clips)
        shard = write_shard(self.folder, number, clips, part=index) if clips else None
        return Part(len(clips), None if shard is None else shard_digest(shard), tuple(refused))


@contextmanager
def preparing(folder: Path, settings: dict[str, Json], note: Note) -> Iterator[None]:
    """Lock a folder against other runs, and check that its settings are the same.

    Raises
    ------
    MultiTalkError
        When another run uses the folder, it has other settings or belongs to another program, or it cannot be
        written.
    """
    try:
        (folder / LINES).mkdir(parents=True, exist_ok=True)
        with locked(folder / ".lock"):
            _check_settings(folder / SETTINGS, settings, note)
            yield
    except Locked as taken:
        raise MultiTalkError(f"Another run is preparing {folder}: wait until it ends.") from taken
    except OSError as error:
        raise MultiTalkError(
            f"The clips cannot be written to {folder} ({error.strerror}): free some space or choose another "
            "folder; existing shards stay."
        ) from error


def _check_settings(path: Path, settings: dict[str, Json], note: Note) -> None:
    wanted = json.loads(json.dumps(settings))
    if not path.exists():
        write_whole(path, wanted)
    try:
        found = read_own(path)
    except Damaged as error:
        if not shards_in(path.parent):
            raise MultiTalkError(f"{path} belongs to another program: choose another folder.") from error
        note(f"{path.name} was damaged: clips with other settings were encoded again")
        write_whole(path, wanted)
        return
    for name, value in wanted.items():
        if found.get(name) != value:
            raise MultiTalkError(
                f"{path.parent} was prepared with other settings (see {name} in {path.name}): use the "
                "same ones, or another folder."
            )
