"""Plain files: a link, a pipe or a device may lie in place of one, and is never opened."""

import errno
import os
import stat
import tempfile
from pathlib import Path

# Should it be exchanged meanwhile: a pipe does not block then, and a link is not followed.
CAREFULLY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def is_plain(path: Path) -> bool:
    """Whether a file lies there, and not behind a link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def is_own(status: os.stat_result, folder: Path) -> bool:
    """Whether this process's user made what lies in a folder; Windows itself keeps users apart.

    Some network shares give all files to one user, so whoever gets a new one there is this user too.
    """
    if os.name == "nt" or status.st_uid == os.geteuid():
        return True
    try:
        with tempfile.TemporaryFile(dir=folder) as new:
            return status.st_uid == os.fstat(new.fileno()).st_uid
    except OSError:
        return False


def open_plain(path: Path, flags: int) -> int:
    """The descriptor of a plain file.

    Raises
    ------
    OSError
        When it cannot be opened, or is none.
    """
    if os.path.lexists(path) and not is_plain(path):
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    return os.open(path, flags | CAREFULLY, 0o644)
