"""The films of a store: one folder per film, with a manifest, a lock, and one file per clip.

Only files that the store wrote are removed, one by one. A counter says which film was used last, because a
clock may jump.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import MultiTalkError, quoted
from ...files.lock import Locked, locked
from ...files.plain import is_plain
from ...guards.memory import GIGABYTE
from .stored_film import FOLDER, LOCK, MANIFEST, PassedOver, StoredFilm, is_leftover, own_files, read_film


@dataclass(frozen=True)
class Survey:
    """The contents of a store.

    Attributes
    ----------
    films : list of StoredFilm
        The last used first.
    ignored : list of str
        A sentence for everything that the store did not write.
    leftovers : list of Path
        Folders without a film, left by killed runs.
    """

    films: list[StoredFilm] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Cleared:
    """The films that were removed from a store.

    Attributes
    ----------
    films : list of StoredFilm
    stay : list of str
        A sentence for each film that could not be removed.
    """

    films: list[StoredFilm] = field(default_factory=list)
    stay: list[str] = field(default_factory=list)


def survey(root: Path) -> Survey:
    """Find all films of a store, and everything that is passed over.

    Raises
    ------
    MultiTalkError
        When the store is not a folder, or cannot be read.
    """
    films: list[StoredFilm] = []
    ignored: list[str] = []
    leftovers: list[Path] = []
    for path in _entries(root):
        try:
            film = read_film(path)
        except PassedOver as reason:
            if is_leftover(path):
                leftovers.append(path)
            else:
                ignored.append(f"{quoted(path.name)} is passed over: {reason}.")
            continue
        films.append(film)
        ignored += [f"{path.name}/{name} is passed over: it {what}." for name, what in film.foreign.items()]
    films.sort(key=lambda film: film.last_used, reverse=True)
    return Survey(films, ignored, leftovers)


def stored_films(root: Path) -> list[StoredFilm]:
    """All films of a store, the last used first; see `survey`."""
    return survey(root).films


def clear_films(root: Path) -> Cleared:
    """Remove all films that are not being made, and the remains of killed runs."""
    found = survey(root)
    for folder in found.leftovers:
        with suppress(Locked, PassedOver, OSError):  # a film that has just begun
            _remove(folder, used=None)
    return make_room(found.films, 0)


def make_room(films: Sequence[StoredFilm], limit: int) -> Cleared:
    """Remove films, the last one first, until the others take at most `limit` bytes.

    Films that are being made stay, and count.
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
    """Remove the files of a film that the store wrote, and its folder if it is empty then.

    Raises
    ------
    MultiTalkError
        When the film is being made, was made again meanwhile, or cannot be removed.
    """
    try:
        _remove(film.folder, film.last_used)
    except FileNotFoundError:  # removed by another run
        return
    except Locked as taken:
        raise _stays(film, f"process {taken.holder} is making it") from taken
    except PassedOver as reason:
        raise _stays(film, str(reason)) from reason
    except OSError as error:
        raise _stays(film, f"it cannot be removed ({error.strerror})") from error


def _remove(folder: Path, used: int | None) -> None:
    """Remove the store's files from a folder whose manifest, if any, has this use."""
    lock = folder / LOCK
    with locked(lock):
        sizes, _ = own_files(folder)
        if os.path.lexists(folder / MANIFEST) and read_film(folder).last_used != used:
            raise PassedOver("it was made again meanwhile")
        # The manifest last, so that an interrupted removal can be repeated.
        for name in sorted(sizes.keys() - {LOCK}, key=lambda name: name == MANIFEST):
            (folder / name).unlink(missing_ok=True)
        if os.name != "nt":  # before unlocking: another run may take it right after
            lock.unlink()
    if os.name == "nt":  # Windows removes no open file
        lock.unlink(missing_ok=True)
    with suppress(OSError):  # other files stay
        folder.rmdir()


def _stays(film: StoredFilm, reason: str) -> MultiTalkError:
    return MultiTalkError(f'The film "{quoted(film.title)}" in {film.folder.name} stays: {reason}.')


def check_store(root: Path, clip_bytes: int = 0) -> None:
    """Check that a store can be written to and has room for a clip.

    Raises
    ------
    MultiTalkError
        When the store cannot be written to or has too little room.
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
    """The error for a store that cannot be written to."""
    reason = "it is not a folder" if os.path.exists(root) and not os.path.isdir(root) else error.strerror
    return MultiTalkError(
        f"The store {root} cannot be written to ({reason}): free some space, choose a folder that you may "
        "write to, or make the film without a store."
    )


def _entries(root: Path) -> Iterator[Path]:
    """Entries that could be films; regular files with other names, such as a file browser's, are not."""
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
