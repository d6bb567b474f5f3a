"""The films of a store: a folder each, with a manifest, a lock, and one segment a clip.

Only what the store wrote is ever removed, file by file. Which film was used last is told by a counter, not by
the clock, which may jump.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import MultiTalkError, quoted
from ...files.lock import Held, held
from ...files.plain import is_plain
from ...guards.memory import GIGABYTE
from .stored_film import FOLDER, LOCK, MANIFEST, PassedOver, StoredFilm, is_leftover, own_files, read_film


@dataclass(frozen=True)
class Survey:
    """What lies in a store.

    Attributes
    ----------
    films : list of StoredFilm
        The last used first.
    passed : list of str
        A sentence for each thing that is none of the store's.
    leftovers : list of Path
        Folders in which a killed run left nothing of a film.
    """

    films: list[StoredFilm] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Cleared:
    """What was removed from a store.

    Attributes
    ----------
    films : list of StoredFilm
    stay : list of str
        A sentence for each film that could not be removed.
    """

    films: list[StoredFilm] = field(default_factory=list)
    stay: list[str] = field(default_factory=list)


def survey(root: Path) -> Survey:
    """All films of a store, and all that is passed over.

    Raises
    ------
    MultiTalkError
        When the store is no folder, or cannot be read.
    """
    films, passed, leftovers = [], [], []
    for path in _entries(root):
        try:
            film = read_film(path)
        except PassedOver as reason:
            if is_leftover(path):
                leftovers.append(path)
            else:
                passed.append(f"{quoted(path.name)} is passed over: {reason}.")
            continue
        films.append(film)
        passed += [f"{path.name}/{name} is passed over: it {what}." for name, what in film.strange.items()]
    films.sort(key=lambda film: film.used, reverse=True)
    return Survey(films, passed, leftovers)


def stored_films(root: Path) -> list[StoredFilm]:
    """All films of a store, the last used first; see `survey`."""
    return survey(root).films


def clear_films(root: Path) -> Cleared:
    """Remove all films but those that are being made, and what killed runs left."""
    found = survey(root)
    for folder in found.leftovers:
        with suppress(Held, PassedOver, OSError):  # a film that begins just now
            _remove(folder, used=None)
    return make_room(found.films, 0)


def make_room(films: Sequence[StoredFilm], limit: int) -> Cleared:
    """Remove films, the last one first, until the others take no more than `limit` bytes.

    Films that are being made stay, and their bytes count.
    """
    size = sum(film.size for film in films)
    cleared = Cleared()
    for film in reversed(films):
        if size <= limit:
            break
        try:
            clear_film(film)
        except MultiTalkError as error:
            cleared.stay.append(str(error))
        else:
            size -= film.size
            cleared.films.append(film)
    return cleared


def clear_film(film: StoredFilm) -> None:
    """Remove the files of a film that the store wrote, and its folder if nothing else lies there.

    Raises
    ------
    MultiTalkError
        When it is being made or was since, or the disk does not let go of it.
    """
    try:
        _remove(film.folder, film.used)
    except FileNotFoundError:  # another clear-out was quicker
        return
    except Held as taken:
        raise _stays(film, f"process {taken.holder} is making it") from taken
    except PassedOver as reason:
        raise _stays(film, str(reason)) from reason
    except OSError as error:
        raise _stays(film, f"it cannot be removed ({error.strerror})") from error


def _remove(folder: Path, used: int | None) -> None:
    """Remove what the store wrote into a folder whose manifest, if there is one, tells this use."""
    lock = folder / LOCK
    with held(lock):
        sizes, _ = own_files(folder)
        if os.path.lexists(folder / MANIFEST) and read_film(folder).used != used:
            raise PassedOver("it was made again meanwhile")
        # The manifest last: until then the film can be cleared again.
        for name in sorted(sizes.keys() - {LOCK}, key=lambda name: name == MANIFEST):
            (folder / name).unlink(missing_ok=True)
        if os.name != "nt":  # while it is held: another run may take it as soon as it is not
            lock.unlink()
    if os.name == "nt":  # which removes no open file
        lock.unlink(missing_ok=True)
    with suppress(OSError):  # what somebody else put there stays
        folder.rmdir()


def _stays(film: StoredFilm, reason: str) -> MultiTalkError:
    return MultiTalkError(f'The film "{quoted(film.title)}" in {film.folder.name} stays: {reason}.')


def check_store(root: Path, clip_bytes: int = 0) -> None:
    """Check that a store can be written to, and that a clip of so many bytes finds room.

    Raises
    ------
    MultiTalkError
        When it does not.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root) as probe:
            probe.write(b"?")
        free = shutil.disk_usage(root).free
    except OSError as error:
        raise not_writable(root, error) from error
    if free < clip_bytes:
        raise MultiTalkError(
            f"The store {root} has {free / GIGABYTE:.3f} GB left, and a clip takes about "
            f"{clip_bytes / GIGABYTE:.3f} GB: free some space, choose another store, or make the film "
            "without one."
        )


def not_writable(root: Path, error: OSError) -> MultiTalkError:
    """The sentence about a store that nothing can be written to."""
    reason = "it is no folder" if os.path.exists(root) and not os.path.isdir(root) else error.strerror
    return MultiTalkError(
        f"The store {root} cannot be written to ({reason}): free some space, choose a folder that you may "
        "write to, or make the film without a store."
    )


def _entries(root: Path) -> Iterator[Path]:
    """What could be films; plain files of other names, such as a file browser's, could not."""
    try:
        paths = sorted(root.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise MultiTalkError(
            f"The store {root} cannot be read ({error.strerror}): choose a folder of your own."
        ) from error
    for path in paths:
        if FOLDER.fullmatch(path.name) or not is_plain(path):
            yield path
