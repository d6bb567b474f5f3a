"""A manifest turned into shards of encoded clips; a run stopped anywhere goes on after its last shard."""

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
from .shards import check_finite, shard_digest, shard_path, shards_in, unfinished_shards, write_shard

SHARD_CLIPS = 8
SETTINGS, LINES = "settings.json", "lines"

# line of the manifest, clips of it looked at, clips it has
Progress = Callable[[int, int, int], None]
Tell = Callable[[str], None]  # takes a sentence about the folder


@dataclass(frozen=True)
class Preparation:
    """Encodes the lines of a manifest into a folder.

    Attributes
    ----------
    folder : Path
        Under `preparing`.
    models : Models
        Without need of a transformer.
    encoder : AudioEncoder
    cutting : Cutting
    on_clip : Progress
    tell : Tell
        What is damaged in the folder and made again, and what does not belong there.
    """

    folder: Path
    models: Models
    encoder: AudioEncoder
    cutting: Cutting
    on_clip: Progress
    tell: Tell

    def run(self, manifest: Path) -> Iterator[Prepared]:
        """What became of every line, now or in an earlier run.

        A line without clips is tried again; one that has changed is made anew, and so is what is damaged.
        """
        for stale in unfinished_shards(self.folder):
            stale.unlink()
        settings = read_own(self.folder / SETTINGS)
        foreign = set(shards_in(self.folder))
        for number, text in read_lines(manifest):
            prepared = self._so_far(number, digest([text, settings]))
            if not prepared.whole:
                for further in self._encode(number, text, manifest.parent, prepared):
                    write_record(self._record(number), further)
                    prepared = further
            foreign -= {shard_path(self.folder, number, part) for part in range(len(prepared.parts))}
            yield prepared
        for shard in sorted(foreign):
            self.tell(f"{shard.name} is of no line of this manifest: move it away, or it is trained on")

    def _record(self, number: int) -> Path:
        return self.folder / LINES / f"{number:05d}.json"

    def _so_far(self, number: int, key: str) -> Prepared:
        """What an earlier run made of a line, as far as it is still there and whole."""
        record, prepared = self._record(number), Prepared(key)
        if record.exists():
            try:
                prepared = read_record(record)
            except Damaged:
                self.tell(f"{LINES}/{record.name} was damaged: its line was made again")
                prepared = Prepared("")
        if prepared.key != key:
            for shard in shards_in(self.folder, number):
                shard.unlink()
            return Prepared(key)
        parts = (self._checked(number, index, part) for index, part in enumerate(prepared.parts))
        return replace(prepared, parts=tuple(parts))

    def _checked(self, number: int, index: int, part: Part | None) -> Part | None:
        """A part whose shard is as it was written, else None."""
        if part is None or part.digest is None:
            return part
        shard = shard_path(self.folder, number, index)
        if shard.is_file() and shard_digest(shard) == part.digest:
            return part
        self.tell(f"{shard.name} was {'damaged' if shard.exists() else 'gone'}: it was made again")
        return None

    def _encode(self, number: int, text: str, folder: Path, prepared: Prepared) -> Iterator[Prepared]:
        """Make what a line lacks, shard by shard."""
        try:
            footage = Footage(read_entry(number, text, folder), self.cutting, self.models, self.encoder)
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
                check_finite(encoded)
                clips.append(encoded)
            except MultiTalkError as error:
                refused.append(Refusal(number, clip + 1, str(error)))
            self.on_clip(number, clip + 1, footage.clips)
        shard = write_shard(self.folder, number, clips, index) if clips else None
        return Part(len(clips), None if shard is None else shard_digest(shard), tuple(refused))


@contextmanager
def preparing(folder: Path, settings: dict[str, Json], tell: Tell) -> Iterator[None]:
    """Keep other runs out of a folder, and other settings.

    Raises
    ------
    MultiTalkError
        When another run is at it, it was begun with other settings or by another program, or the disk does
        not take it.
    """
    try:
        (folder / LINES).mkdir(parents=True, exist_ok=True)
        with locked(folder / ".lock"):
            _check_settings(folder / SETTINGS, settings, tell)
            yield
    except Locked as taken:
        raise MultiTalkError(f"Another run is preparing {folder}: wait until it ends.") from taken
    except OSError as error:
        raise MultiTalkError(
            f"The clips cannot be written to {folder} ({error.strerror}): free some space or choose another "
            "folder; the shards that are there stay."
        ) from error


def _check_settings(path: Path, settings: dict[str, Json], tell: Tell) -> None:
    wanted = json.loads(json.dumps(settings))
    if not path.exists():
        write_whole(path, wanted)
    try:
        found = read_own(path)
    except Damaged as error:
        if not shards_in(path.parent):
            raise MultiTalkError(f"{path} is of another program: choose another folder.") from error
        tell(f"{path.name} was damaged: clips of other settings were made again")
        write_whole(path, wanted)
        return
    for name, value in wanted.items():
        if found.get(name) != value:
            raise MultiTalkError(
                f"{path.parent} was prepared with other settings (see {name} in {path.name} there): use the "
                "same ones, or another folder."
            )
