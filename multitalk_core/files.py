"""Files that are whole or not there, whenever the machine stops."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside `path` to write a file to, which becomes `path` on leaving.

    After an exception it is gone, and whatever lay at `path` before is untouched. After a kill it stays,
    hidden, under a name that ends in .part.

    Raises
    ------
    OSError
        When the disk does not take the file.
    """
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    try:
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_DIRECTORY)
        try:
            with suppress(OSError):  # the new name too, where the drive can
                os.fsync(folder)
        finally:
            os.close(folder)
