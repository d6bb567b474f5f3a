"""Arguments that are paths: existing inputs, and names for new files."""

import os
import stat
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ...errors import MultiTalkError, quoted
from ...files.given import check_file
from ...files.whole import name_trouble

Result = TypeVar("Result")


def with_reason(call: Callable[..., Result], *values: object) -> Result:
    """Call a check or parser of the core and report its error as one of the argument."""
    try:
        return call(*values)
    except MultiTalkError as error:
        raise ArgumentTypeError(str(error)) from error


def input_file(text: str) -> Path:
    """An existing, readable file."""
    path = input_path(text)
    with_reason(check_file, path, "file")
    return path


def input_folder_or_file(text: str) -> Path:
    """A folder, or an existing, readable file."""
    path = input_path(text)
    if not os.path.isdir(path):
        with_reason(check_file, path, "file or folder")
    return path


def input_folder(text: str) -> Path:
    """An existing folder."""
    path = input_path(text)
    if not os.path.isdir(path):
        raise ArgumentTypeError(f"{quoted(text)} is no folder: check the path")
    return path


def input_path(text: str) -> Path:
    """A path that is checked when it is read."""
    if not text:
        raise ArgumentTypeError("the name is empty: check the path")
    return Path(text)


def output_file(text: str) -> Path:
    """A file in an existing folder; the file itself may exist too."""
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
    """An existing or a new folder."""
    path = Path(text)
    if not text:
        raise ArgumentTypeError("the name is empty: name a folder")
    if path.name not in ("", "..") and (trouble := name_trouble(path.name)):
        raise ArgumentTypeError(f"the name {quoted(path.name)} {trouble}: choose another")
    mode = _mode(text)
    if mode is not None and not stat.S_ISDIR(mode):
        raise ArgumentTypeError(f"{quoted(text)} is not a folder: choose another")
    return path


def _mode(text: str) -> int | None:
    """The mode of what is at a path; None if nothing is."""
    try:
        return os.stat(text).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can have this name"
        raise ArgumentTypeError(f"{quoted(text)} cannot be used ({reason})") from error
