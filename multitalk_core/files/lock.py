"""One process at a time, by a lock that the system lets go when its holder dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .plain import open_plain


class Held(Exception):
    """Another process has the lock; `holder` is its number, or "?"."""

    def __init__(self, holder: str):
        super().__init__(holder)
        self.holder = holder


@contextmanager
def held(path: Path, signed: bool = True) -> Iterator[None]:
    """Hold the lock of a file while inside.

    Parameters
    ----------
    path : Path
    signed : bool
        Let the file's content name the holder.

    Raises
    ------
    Held
        At once, when somebody else holds it.
    OSError
        When the file cannot be made, or is no plain file.
    """
    descriptor, taken = _opened(path)
    try:
        if not taken:
            os.lseek(descriptor, 0, os.SEEK_SET)
            raise Held(os.read(descriptor, 32).decode("ascii", "replace").strip() if signed else "?")
        if signed:
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)  # which lets the lock go


def _opened(path: Path) -> tuple[int, bool]:
    """A descriptor of the file, and whether the lock was free and is now taken."""
    while True:
        descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
        taken = _take(descriptor)
        with suppress(FileNotFoundError):
            if not taken or os.path.samestat(os.fstat(descriptor), path.lstat()):
                return descriptor, taken
        os.close(descriptor)  # its holder removed or renamed the file before the lock was taken


def _take(descriptor: int) -> bool:
    """Whether the lock was free. The lock is the system's own: no dead holder can leave it behind."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # beyond the number, which others may then read
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
