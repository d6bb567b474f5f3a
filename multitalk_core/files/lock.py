"""A file lock for one process at a time; the system releases it when its holder dies."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .plain import open_plain


class Locked(Exception):
    """Another process has the lock; `holder` is its process id, or "?" if unknown."""

    def __init__(self, holder: str):
        super().__init__(holder)
        self.holder = holder


@contextmanager
def locked(path: Path, signed: bool = True) -> Iterator[None]:
    """Lock a file inside the context.

    Parameters
    ----------
    path : Path
    signed : bool
        Write the holder's process id into the file.

    Raises
    ------
    Locked
        Immediately, when another process has the lock.
    OSError
        When the file cannot be created, or is not a regular file.
    """
    descriptor, taken = _opened(path)
    try:
        if not taken:
            os.lseek(descriptor, 0, os.SEEK_SET)
            raise Locked(os.read(descriptor, 32).decode("ascii", "replace").strip() if signed else "?")
        if signed:
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)  # releases the lock


def _opened(path: Path) -> tuple[int, bool]:
    """Open the file and try to lock it: its descriptor, and whether that worked."""
    while True:
        descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
        taken = _take(descriptor)
        with suppress(FileNotFoundError):
            if not taken or os.path.samestat(os.fstat(descriptor), path.lstat()):
                return descriptor, taken
        os.close(descriptor)  # the holder before removed or renamed the file meanwhile


def _take(descriptor: int) -> bool:
    """Lock a file if it is free, and return whether it was."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # beyond the process id, which others read
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
