"""Files that are whole or not there, whenever the machine stops; and the names that files can have."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

LONGEST_NAME = 180  # bytes; systems take 255, and what is written beside a file has a longer name
FORBIDDEN = '<>:"|?*'  # by Windows
RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"
}


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


def name_trouble(name: str, windows: bool = os.name == "nt") -> str | None:
    """What keeps a name, without its folder, from being a new file's; completes "the name ...".

    Parameters
    ----------
    name : str
    windows : bool
        By its rules, which are stricter.

    Returns
    -------
    str or None
        None for a name that will do.
    """
    if not name or name == "..":
        return "stands for a folder"
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} bytes"
    if not windows:
        return None
    if name[-1] in ". ":
        return "ends in a dot or a blank, which Windows drops"
    if any(character in FORBIDDEN or character < " " for character in name):
        return f"has one of {FORBIDDEN} or a control character, which Windows forbids"
    if name.split(".")[0].rstrip().upper() in RESERVED:
        return "is reserved for a device on Windows"
    return None


def numbered(path: Path, number: int) -> Path:
    """The same file with a number: film-2.mp4."""
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def there(path: Path) -> bool:
    """Whether anything has this name, a broken link too.

    Raises
    ------
    OSError
        When the system does not let us look.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
