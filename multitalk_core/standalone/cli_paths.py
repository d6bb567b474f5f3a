"""Arguments that are paths: inputs that are there, and names that new files can have."""

import os
import stat
from argparse import ArgumentTypeError
from pathlib import Path

from ..errors import quoted
from ..files import name_trouble


def input_file(text: str) -> Path:
    """A file that is there and may be read."""
    mode = _mode(text)
    if mode is None:
        raise ArgumentTypeError(f"there is no file at {quoted(text)}: check the path")
    if stat.S_ISDIR(mode):
        raise ArgumentTypeError(f"{quoted(text)} is a folder: name a file")
    return input_path(text)


def input_folder_or_file(text: str) -> Path:
    """A folder or a file that is there and may be read."""
    if _mode(text) is None:
        raise ArgumentTypeError(f"there is nothing at {quoted(text)}: check the path")
    return input_path(text)


def input_path(text: str) -> Path:
    """What may be missing; never a pipe or a device, which could be waited for without end."""
    mode = _mode(text)
    if mode is not None and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ArgumentTypeError(f"{quoted(text)} is a pipe or a device: name a file")
    if mode is not None and not os.access(text, os.R_OK):
        raise ArgumentTypeError(f"{quoted(text)} may not be read: change its permissions")
    return Path(text)


def output_file(text: str) -> Path:
    """A file in a folder that is there; the file may be there too."""
    path = Path(text)
    if not text:
        raise ArgumentTypeError("the name is empty: name a file")
    if trouble := name_trouble(path.name):
        raise ArgumentTypeError(f"the name {quoted(path.name or text)} {trouble}: choose another")
    mode = _mode(text)
    if mode is not None and stat.S_ISDIR(mode):
        raise ArgumentTypeError(
            f"{quoted(text)} is a folder: name a file in it, such as {quoted(path / 'film.mp4')}"
        )
    if mode is not None and not stat.S_ISREG(mode):
        raise ArgumentTypeError(f"{quoted(text)} is a pipe or a device: name a file")
    return path


def folder_path(text: str) -> Path:
    """A folder, or a new one."""
    path = Path(text)
    if not text:
        raise ArgumentTypeError("the name is empty: name a folder")
    if path.name not in ("", "..") and (trouble := name_trouble(path.name)):
        raise ArgumentTypeError(f"the name {quoted(path.name)} {trouble}: choose another")
    mode = _mode(text)
    if mode is not None and not stat.S_ISDIR(mode):
        raise ArgumentTypeError(f"{quoted(text)} is no folder: choose another")
    return path


def _mode(text: str) -> int | None:
    """What is at a path, as `os.stat` tells; None for nothing."""
    if not text:
        raise ArgumentTypeError("the name is empty")
    try:
        return os.stat(text).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can have this name"
        raise ArgumentTypeError(f"{quoted(text)} cannot be used ({reason})") from error
