"""The films of a store: a folder each, with a manifest, a lock, and one segment a clip.

Which film was used last is told by a counter, not by the clock, which may jump.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from ..errors import MultiTalkError
from ..files import whole_file
from .keys import Json, chain
from .lock import Held, held
from .segment import BrokenSegment, Segment, read_segment, write_segment

MANIFEST, LOCK = "film.json", "lock"
FOLDER_DIGITS = 16  # of the first clip's key: films of another beginning lie in other folders
LIMIT_BYTES = 50 * 10**9


@dataclass(frozen=True)
class KeptFilm:
    """A film in the store.

    Attributes
    ----------
    folder : Path
    title : str
    clips, of : int
        Clips whose segments lie there, and clips of the plan.
    size : int
        Bytes.
    used : int
        Greater for films used later.
    description : plain values
        What shapes the whole film.
    links : list of plain values
        What shapes each clip besides.
    output : plain value
        Which file the film was written to, as its maker notes it.
    """

    folder: Path
    title: str
    clips: int
    of: int
    size: int
    used: int
    description: Json
    links: list[Json]
    output: Json = None


@dataclass
class FilmSegments:
    """The segments of one film, in the order of its clips.

    Attributes
    ----------
    folder : Path
    keys : list of str
        One a clip.
    notes : list of str
        What a user should know: why clips are made again.
    """

    folder: Path
    keys: list[str]
    notes: list[str] = field(default_factory=list)
    _whole: bool = True

    def path(self, clip: int) -> Path:
        """Where a clip's segment lies; takes of the same clip lie side by side."""
        return self.folder / f"clip-{clip + 1:04}-{self.keys[clip][:FOLDER_DIGITS]}.safetensors"

    @property
    def there(self) -> int:
        """Clips from the first on whose segments lie there."""
        return next((clip for clip in range(len(self.keys)) if not self.path(clip).exists()), len(self.keys))

    def read(self, clip: int) -> Segment | None:
        """The segment of a clip, or None when it has to be made.

        After the first that is made, those that follow are too: on a GPU a clip made again differs a little.
        """
        if not self._whole:
            return None
        try:
            return read_segment(self.path(clip), self.keys[clip])
        except BrokenSegment as broken:
            self._whole = False
            following = any(self.path(later).exists() for later in range(clip + 1, len(self.keys)))
            if self.path(clip).exists() or following:
                rest = " and those that follow it are" if clip + 1 < len(self.keys) else " is"
                self.notes.append(f"clip {clip + 1}{rest} made again: its segment is {broken}")
            return None

    def write(self, clip: int, segment: Segment) -> Segment:
        """Keep a clip, and return it as it will be read.

        Raises
        ------
        MultiTalkError
            When the disk does not take it.
        """
        try:
            return write_segment(self.path(clip), self.keys[clip], segment)
        except OSError as error:
            raise MultiTalkError(
                f"Clip {clip + 1} cannot be kept in {self.folder} ({error.strerror}): free some space or "
                f"choose another store. {clip} clips are kept, and the same film goes on after them."
            ) from error


@contextmanager
def open_film(
    root: Path,
    title: str,
    description: Json,
    links: Sequence[Json],
    limit: int = LIMIT_BYTES,
    output: Json = None,
) -> Iterator[FilmSegments]:
    """A film's segments, for this process alone.

    Parameters
    ----------
    root : Path
        Folder of all films.
    title : str
        What a user calls the film.
    description, links : plain values
        See `chain`.
    limit : int
        Bytes: films used least recently are cleared, before and after, until all fit. This one stays.
    output : plain value
        Which file the film is written to; see `note_output`.

    Raises
    ------
    MultiTalkError
        When the folder takes no files, or another process makes the same film.
    """
    description, links = json.loads(json.dumps([description, list(links)]))  # as the manifest gives them back
    keys = chain(description, links)
    folder = root / keys[0][:FOLDER_DIGITS]
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(held(folder / LOCK))
            films = kept_films(root)
            used = 1 + max((film.used for film in films), default=0)
            manifest = {"title": title, "used": used, "description": description, "links": links}
            manifest["output"] = output
            with whole_file(folder / MANIFEST) as part:
                part.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            for left_over in folder.glob("*.part"):
                left_over.unlink()
        except Held as taken:
            raise MultiTalkError(
                f"Process {taken.holder} is making the same film: wait until it ends, or stop it."
            ) from taken
        except OSError as error:
            raise MultiTalkError(
                f"The store {root} takes no files ({error.strerror}): free some space, choose a folder that "
                "you may write to, or make the film without a store."
            ) from error
        clear_films(root, limit, keep=folder)
        yield FilmSegments(folder, keys, _changes(films, folder, title, description, links))
        clear_films(root, limit, keep=folder)


def note_output(folder: Path, output: Json) -> None:
    """Note in a film's manifest which file it was written to.

    Raises
    ------
    OSError
        When the disk does not take the manifest.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    with whole_file(folder / MANIFEST) as part:
        part.write_text(json.dumps(manifest | {"output": output}, indent=1), encoding="utf-8")


def kept_films(root: Path) -> list[KeptFilm]:
    """All films of a store, the last used first."""
    films = [_kept(lock.parent) for lock in root.glob(f"*/{LOCK}")]
    return sorted(films, key=lambda film: film.used, reverse=True)


def clear_films(root: Path, limit: int = 0, keep: Path | None = None) -> list[KeptFilm]:
    """Remove the least recently used films until no more than `limit` bytes are kept.

    Films that are being made, and the one in the folder `keep`, stay.

    Returns
    -------
    list of KeptFilm
        What was removed.
    """
    films = kept_films(root)
    size = sum(film.size for film in films)
    removed = []
    for film in reversed(films):
        if size <= limit:
            break
        if film.folder != keep and clear_film(film):
            size -= film.size
            removed.append(film)
    return removed


def clear_film(film: KeptFilm) -> bool:
    """Remove a film unless it is being made; whether it was removed."""
    try:
        with held(film.folder / LOCK):
            shutil.rmtree(film.folder)
    except (Held, FileNotFoundError):  # being made, or another clear-out was quicker
        return False
    return True


def _kept(folder: Path) -> KeptFilm:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        values = (manifest["title"], manifest["used"], manifest["description"], manifest["links"])
        output = manifest.get("output")
    except (OSError, ValueError, TypeError, LookupError):
        values, output = ("(unknown)", 0, None, []), None
    title, used, description, links = values
    sizes = {}
    for file in folder.glob("*"):
        with suppress(FileNotFoundError):  # another run renames and removes its files
            sizes[file.name] = file.stat().st_size
    clips = len({name.split("-")[1] for name in sizes if fnmatch(name, "clip-*.safetensors")})
    size = sum(sizes.values())
    return KeptFilm(folder, title, clips, len(links), size, used, description, links, output)


def _changes(
    films: list[KeptFilm], folder: Path, title: str, description: Json, links: list[Json]
) -> list[str]:
    """What differs from the film's last run, if that shapes clips."""
    known = [film for film in films if film.description is not None]
    before = next((film for film in known if film.folder == folder), None)
    before = before or next((film for film in known if film.title == title), None)
    if before is None:
        return []
    if names := _differing(before.description, description):
        return [f"every clip differs from the last {title}: {names} changed"]
    for index, (old, new) in enumerate(zip(before.links, links, strict=False)):
        if names := _differing(old, new):
            return [f"clips from {index + 1} on differ from the last {title}: {names} changed"]
    return []


def _differing(old: Json, new: Json) -> str:
    """Names of the entries that differ, in words."""
    return ", ".join(name for name in {**old, **new} if old.get(name) != new.get(name))
