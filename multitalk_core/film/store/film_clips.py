"""The stored clips of one film, which one process at a time reads and writes."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import MultiTalkError, quoted
from ...files.digests import Json, chain
from ...files.lock import Locked, locked
from ...guards.memory import GIGABYTE
from ...limits import USUAL_STORE_GIGABYTES
from .stored_clip import BrokenClip, StoredClip, read_clip, write_clip
from .stored_film import (
    FOLDER_DIGITS,
    LOCK,
    MANIFEST,
    PassedOver,
    StoredFilm,
    clip_name,
    own_files,
    read_film,
    write_manifest,
)
from .stored_films import make_room, not_writable, stored_films

LIMIT_BYTES = round(USUAL_STORE_GIGABYTES * GIGABYTE)

Note = Callable[[str], None]  # takes a sentence for the user


def ignore(sentence: str) -> None:
    """Drop a sentence: nobody reads it."""


@dataclass
class FilmClips:
    """The stored clips of one film, in the film's order.

    Attributes
    ----------
    folder : Path
    keys : list of str
        One a clip.
    note : callable
        Gets what a user should know: why clips are regenerated, and what was cleared for this film.
    limit : int
        Bytes that this film and the store's others may take.
    """

    folder: Path
    keys: list[str]
    note: Note = ignore
    limit: int = LIMIT_BYTES
    _whole: bool = True
    _staying: set[str] = field(default_factory=set)  # sentences about films that cannot be cleared

    def path(self, clip: int) -> Path:
        """The file of a clip; retakes of the same clip lie side by side."""
        return self.folder / clip_name(clip, self.keys[clip])

    @property
    def clips_on_disk(self) -> int:
        """How many clips, from the first on, have their file."""
        names = set(os.listdir(self.folder))
        keys = enumerate(self.keys)
        return next((clip for clip, key in keys if clip_name(clip, key) not in names), len(self.keys))

    def read(self, clip: int) -> StoredClip | None:
        """The stored clip, or None when it has to be generated.

        After the first that is generated all others are too: on a GPU a regenerated clip differs a little.
        """
        if not self._whole:
            return None
        try:
            return read_clip(self.path(clip), self.keys[clip])
        except BrokenClip as broken:
            self._whole = False
            names = set(os.listdir(self.folder))
            # This one or any that follows it.
            if any(clip_name(at, self.keys[at]) in names for at in range(clip, len(self.keys))):
                rest = " and those that follow it are" if clip + 1 < len(self.keys) else " is"
                self.note(f"clip {clip + 1}{rest} generated again: the stored clip is {broken}")
            return None

    def read_retake(self, clip: int, key: str) -> StoredClip | None:
        """A stored clip in which a person was retaken, or None when that has to be done."""
        path = self.folder / clip_name(clip, key)
        try:
            return read_clip(path, key)
        except BrokenClip as broken:
            if os.path.lexists(path):
                self.note(f"the retake in clip {clip + 1} is generated again: the stored clip is {broken}")
            return None

    def write(self, clip: int, made: StoredClip, key: str | None = None) -> StoredClip:
        """Store a clip, and return it as it will be read.

        Parameters
        ----------
        clip : int
        made : StoredClip
        key : str, optional
            Of a clip in which a person was retaken; it lies beside the film's own.

        Raises
        ------
        MultiTalkError
            When the disk does not take it.
        """
        try:
            key = key or self.keys[clip]
            stored = write_clip(self.folder / clip_name(clip, key), key, made)
        except OSError as error:
            raise MultiTalkError(
                f"Clip {clip + 1} cannot be stored in {self.folder} ({error.strerror}): free some space or "
                f"choose another store. {clip} clips are stored, and the same film resumes after them."
            ) from error
        self.make_room()
        return stored

    def make_room(self) -> None:
        """Clear the films used least recently until all fit, and note which; this one stays."""
        # Read again each time: other processes make and clear films meanwhile.
        films = stored_films(self.folder.parent)
        size = sum(film.size for film in films if film.folder == self.folder)
        cleared = make_room([film for film in films if film.folder != self.folder], self.limit - size)
        for film in cleared.films:
            self.note(
                f'the film "{quoted(film.title)}" was cleared, {film.clips} clips of '
                f"{film.size / GIGABYTE:.3f} GB: the store may take {self.limit / GIGABYTE:g} GB"
            )
        for sentence in cleared.stay:
            if sentence not in self._staying:
                self.note(sentence)
        self._staying.update(cleared.stay)


@contextmanager
def open_film(
    root: Path,
    title: str,
    description: dict[str, Json],
    *,
    links: Iterable[dict[str, Json]],
    limit: int = LIMIT_BYTES,
    output: Json = None,
    note: Note = ignore,
) -> Iterator[FilmClips]:
    """Open a film's stored clips, for this process alone.

    Parameters
    ----------
    root : Path
        Folder of all films.
    title : str
        What a user calls the film.
    description, links : dict of plain values, and one a clip
        See `chain`.
    limit : int
        Bytes: films used least recently are cleared, before and while this one grows, until all fit. This one
        stays.
    output : plain value
        Which file the film is written to; see `note_output`.
    note : callable
        Gets what a user should know, sentence by sentence.

    Raises
    ------
    MultiTalkError
        When the folder cannot be written to or is not the store's, or another process makes the same film.
    """
    # As the manifest gives them back.
    description, links = _plain(description), list(map(_plain, links))
    keys = chain(description, links)
    folder = root / keys[0][:FOLDER_DIGITS]
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            before = _film_before(folder)
            stack.enter_context(locked(folder / LOCK))
            films = stored_films(root)
            before = before or next((film for film in films if film.title == title), None)
            used = 1 + max((film.last_used for film in films), default=0)
            write_manifest(
                folder, title=title, used=used, description=description, links=links, output=output
            )
            sizes, _ = own_files(folder)
            for name in sizes:
                if name.endswith(".part"):  # left by a kill
                    (folder / name).unlink()
        except Locked as taken:
            raise MultiTalkError(
                f"Process {taken.holder} is making the same film: wait until it ends, or stop it."
            ) from taken
        except OSError as error:
            raise not_writable(root, error) from error
        for sentence in _changes(before, title, description=description, links=links):
            note(sentence)
        clips = FilmClips(folder, keys, note, limit)
        clips.make_room()
        yield clips


def _plain(entry: dict[str, Json]) -> dict[str, Json]:
    return dict(json.loads(json.dumps(entry)))


def _film_before(folder: Path) -> StoredFilm | None:
    """The film as its last run left it.

    Raises
    ------
    MultiTalkError
        Where something lies in its place that the store did not write.
    """
    try:
        _, foreign = own_files(folder)
        for name, reason in foreign.items():
            raise PassedOver(f"{name} in it {reason}")
        return read_film(folder) if os.path.lexists(folder / MANIFEST) else None
    except PassedOver as reason:
        raise MultiTalkError(
            f"The folder {folder} is this film's, but {reason}: move away what the store did not write, or "
            "choose another store."
        ) from reason


def _changes(
    before: StoredFilm | None, title: str, *, description: dict[str, Json], links: list[dict[str, Json]]
) -> list[str]:
    """What differs from the film's last run, if that shapes clips."""
    if before is None:
        return []
    if names := _differing(before.description, description):
        return [f"every clip differs from the last {quoted(title)}: {names} changed"]
    for index, (old, new) in enumerate(zip(before.links, links, strict=False)):
        if names := _differing(old, new):
            return [f"clips from {index + 1} on differ from the last {quoted(title)}: {names} changed"]
    return []


def _differing(old: dict[str, Json], new: dict[str, Json]) -> str:
    """Names of the entries that differ, in words."""
    return ", ".join(quoted(name) for name in {**old, **new} if old.get(name) != new.get(name))
