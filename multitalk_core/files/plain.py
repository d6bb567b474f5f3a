"""Regular files: a link, a pipe or a device in place of one is never opened."""

import errno
import os
import stat
import tempfile
from pathlib import Path

# In case the file is replaced in between: a pipe does not block then, and a link is not followed.
CAREFULLY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def is_plain(path: Path) -> bool:
    """Whether a path is a regular file and not a link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def is_own(status: os.stat_result, folder: Path) -> bool:
    """Whether a file in a folder belongs to this process's user; on Windows always true.

    Some network shares assign all files to one user; there, the owner of a new file counts as this user.
    """
    if os.name == "nt" or status.st_uid == os.geteuid():
        return True
    try:
        with tempfile.TemporaryFile(dir=folder) as new:
            return status.st_uid == os.fstat(new.fileno()).st_uid
    except OSError:
        return False


def open_plain(path: Path, flags: int) -> int:
    """Open a regular file and return its descriptor.

    Raises
    ------
    OSError
        When it cannot be opened, or is not a regular file.
    """
    if os.path.lexists(path) and not is_plain(path):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return os.open(path, flags | CAREFULLY, 0o644)
