"""Checks on files that users name, before they are opened, so that nothing waits for a pipe."""

import codecs
import json
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES
from pathlib import Path
from typing import Any

from ..errors import MultiTalkError, quoted

MODEL_PARTS = ("transformer", "vae", "text_encoder", "tokenizer", "image_encoder")  # of a diffusers model
MODEL_SUFFIXES = (".json", ".safetensors", ".model", ".txt")
LONGEST_JSON = 50_000_000  # bytes: the index of a checkpoint, the configuration of a model


def check_file(path: Path, kind: str, advice: str = "export or copy it again") -> int:
    """Check that a path is a readable file: not a folder, a pipe, a device, or an empty file.

    Parameters
    ----------
    path : Path
    kind : str
        What the error message calls it, such as "picture".
    advice : str
        What to do about an empty file.

    Returns
    -------
    int
        Its size in bytes.

    Raises
    ------
    MultiTalkError
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MultiTalkError(f"There is no {kind} at {path}: check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a null character
        raise unreadable(path, kind, error) from error
    if stat.S_ISDIR(found.st_mode):
        raise MultiTalkError(f"{path} is a folder and no {kind}: name a file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise MultiTalkError(f"{path} is a pipe or a device and not a {kind}: save it as a file first.")
    if not found.st_size:
        raise MultiTalkError(f"The {kind} {path} is an empty file: {advice}.")
    if not os.access(path, os.R_OK):
        raise unreadable(path, kind, PermissionError(EACCES, os.strerror(EACCES)))
    return found.st_size


def check_folder(folder: Path, kind: str) -> None:
    """Refuse a folder that contains pipes or devices, before a library reads everything in it.

    Raises
    ------
    MultiTalkError
    """
    for path in _model_entries(folder):
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise MultiTalkError(f"{path} is a pipe or a device in the {kind}: move it out of the folder.")


def model_files(folder: Path) -> list[Path]:
    """The files in a folder that belong to its model, sorted."""
    return sorted(path for path in _model_entries(folder) if path.suffix in MODEL_SUFFIXES and path.is_file())


def _model_entries(folder: Path) -> Iterator[Path]:
    """The entries of a model's folder and of its parts' folders; not deeper, since it may be any folder."""
    for place in (folder, *(folder / part for part in MODEL_PARTS)):
        yield from place.glob("*")


def read_bytes(path: Path, kind: str, most: int) -> bytes:
    """Read a file of at most `most` bytes.

    Parameters
    ----------
    path : Path
    kind : str
        What the error message calls it.
    most : int
        Largest size in bytes.

    Raises
    ------
    MultiTalkError
        When there is no such file, or it is too long.
    """
    check_file(path, kind)
    try:
        with path.open("rb") as opened:
            content = opened.read(most + 1)
    except OSError as error:
        raise unreadable(path, kind, error) from error
    if len(content) > most:
        raise MultiTalkError(f"The {kind} {path} is longer than {most / 1e6:g} MB: shorten or split it.")
    return content


def read_text(path: Path, kind: str, most: int) -> str:
    """Read a text file in UTF-8 or UTF-16.

    Parameters
    ----------
    path : Path
    kind : str
        What the error message calls it.
    most : int
        Largest size in bytes.

    Raises
    ------
    MultiTalkError
        When there is no such file, or it is too long or in another encoding.
    """
    content = read_bytes(path, kind, most)
    try:
        return content.decode(encoding_of(content))
    except UnicodeDecodeError as error:
        excel = " (“CSV UTF-8” in Excel)" if path.suffix.lower() == ".csv" else ""
        raise MultiTalkError(
            f"The {kind} {path} is not UTF-8 text: open it in the program that made it and save it as "
            f"UTF-8{excel}."
        ) from error


def encoding_of(start: bytes) -> str:
    """The encoding of a text that begins so: UTF-16 by its mark or by the zeros of its letters, or UTF-8."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = start[0:40:2].count(0), start[1:40:2].count(0)
    if even + odd >= 15 and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return "utf-8-sig"


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as `object_pairs_hook`; by itself, JSON takes the last of several values, without a word.

    Raises
    ------
    MultiTalkError
        When a name stands there twice.
    """
    content = dict(pairs)
    if len(content) != len(pairs):
        counted = Counter(name for name, _ in pairs)
        (name, _), *_ = counted.most_common(1)
        raise MultiTalkError(f'it has "{quoted(name)}" twice: write it once.')
    return content


def read_json(path: Path, kind: str, advice: str = "download it again") -> dict[str, Any]:
    """Read the object in a JSON file.

    Parameters
    ----------
    path : Path
    kind : str
        What the error message calls it.
    advice : str
        What to do about a damaged file.

    Raises
    ------
    MultiTalkError
        When there is no such file, or it contains anything else.
    """
    text = read_text(path, kind, LONGEST_JSON)
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise MultiTalkError(f"The {kind} {path} cannot be read as JSON: {advice}.") from error


@contextmanager
def loading(path: Path | str, kind: str, advice: str = "download it again") -> Iterator[None]:
    """Turn any exception of a library that loads files inside the context into a MultiTalkError.

    Parameters
    ----------
    path : Path or str
    kind : str
        What the error message calls it.
    advice : str
        What to do about damaged files.

    Raises
    ------
    MultiTalkError
    """
    try:
        yield
    except (MultiTalkError, MemoryError):
        raise
    except Exception as error:
        if "memory" in str(error):  # torch says so when there is too little of it
            raise
        reason = quoted(str(error).strip().partition("\n")[0] or type(error).__name__)
        raise MultiTalkError(f"The {kind} {path} cannot be loaded ({reason}): {advice}.") from error


def unreadable(path: Path, kind: str, error: Exception) -> MultiTalkError:
    """The error for a file that the system does not let us read."""
    reason = getattr(error, "strerror", None) or error
    return MultiTalkError(f"The {kind} {path} cannot be read ({reason}): check its path and permissions.")
