"""Files that are either complete or absent, even after a crash; and valid file names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

LONGEST_NAME = 180  # bytes; systems allow 255, and temporary files beside a file have longer names
FORBIDDEN = '<>:"|?*'  # on Windows
RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"
}


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Write a file beside `path` that replaces `path` at the end of the context.

    After an exception it is removed, and an earlier file at `path` is unchanged. After a kill it stays
    under a hidden name that ends in .part.

    Yields
    ------
    Path
        The file to write.

    Raises
    ------
    OSError
        When the file cannot be written.
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
            with suppress(OSError):  # some drives cannot
                os.fsync(folder)
        finally:
            os.close(folder)


def name_trouble(name: str, windows: bool = os.name == "nt") -> str | None:
    """Explain why a new file cannot have a name; the text completes "the name ...".

    Parameters
    ----------
    name : str
        Without its folder.
    windows : bool
        Apply the rules of Windows, which are stricter.

    Returns
    -------
    str or None
        None for a valid name.
    """
    if not name or name == "..":
        return "stands for a folder"
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} bytes"
    if "\0" in name:
        return "contains a null character"
    if not windows:
        return None
    if name[-1] in ". ":
        return "ends in a dot or a blank, which Windows removes"
    if any(character in FORBIDDEN or character < " " for character in name):
        return f"contains one of {FORBIDDEN} or a control character, which Windows forbids"
    if name.split(".")[0].rstrip().upper() in RESERVED:
        return "is reserved for a device on Windows"
    return None


def numbered(path: Path, number: int) -> Path:
    """Insert a number before the ending: film-2.mp4."""
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def is_taken(path: Path) -> bool:
    """Whether anything has this name, even a broken link.

    Raises
    ------
    OSError
        When the folder cannot be searched.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
