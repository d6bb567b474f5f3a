"""Checks on output files: never over an input, and over an existing file only on request."""

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path

from ..errors import MultiTalkError
from .given import model_files
from .whole import is_taken, numbered

ROOM_FOR_DRAWINGS = 100_000  # bytes
BYTES_PER_PIXEL = 0.02  # of a film: a fifth of the usual size at this quality
SOUND_BYTES_PER_SECOND = 12_000


def check_folder(folder: Path, needed: int = 0) -> None:
    """Check that new files can be written to a folder.

    Parameters
    ----------
    folder : Path
    needed : int
        Free space in bytes.

    Raises
    ------
    MultiTalkError
        When the folder does not exist, cannot be written to, or has less free space than needed.
    """
    if not folder.is_dir():
        raise MultiTalkError(f"The folder {folder} does not exist: create it first.")
    try:
        tempfile.TemporaryFile(dir=folder).close()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise MultiTalkError(
            f"The folder {folder} cannot be written to ({error.strerror}): free some space, or choose a "
            "folder that you may write to."
        ) from error
    if free < needed:
        raise MultiTalkError(
            f"The folder {folder} has {free / 1e6:,.1f} MB free, and at least {needed / 1e6:,.1f} MB are "
            "needed: free some space, or choose another folder."
        )


def film_bytes(frames: int, height: int, width: int, *, fps: float) -> int:
    """Least disk space of a film and its drawings; while it is finished the film takes it twice."""
    film = BYTES_PER_PIXEL * frames * height * width + SOUND_BYTES_PER_SECOND * frames / fps
    return round(2 * film) + ROOM_FOR_DRAWINGS


def check_inputs_stay(outputs: Iterable[Path], inputs: Iterable[Path], option: str) -> None:
    """Refuse an output that is one of the inputs, under whatever path or link.

    Parameters
    ----------
    outputs : iterable of Path
    inputs : iterable of Path
        Files, and folders of models.
    option : str
        The option that names the outputs.

    Raises
    ------
    MultiTalkError
    """
    written = {_identity(path): path for path in outputs if path.exists()}
    for path in _files(inputs) if written else ():
        if (output := written.get(_identity(path))) is not None:
            raise MultiTalkError(f"{output} is one of the inputs ({path}): name another {option}.")


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from model_files(path) if path.is_dir() else [path]


def _identity(path: Path) -> tuple[int, int] | Path:
    """The same for all names of a file."""
    try:
        status = path.stat()
    except OSError:  # a broken link
        return path
    return status.st_dev, status.st_ino


def check_replaced(paths: Iterable[Path], overwrite: bool, *, option: str = "--output") -> bool:
    """Refuse to replace files, unless the user asked for it or allows it on the terminal.

    Parameters
    ----------
    paths : iterable of Path
    overwrite : bool
    option : str
        The option that names the files.

    Returns
    -------
    bool
        Whether any of the files exists.

    Raises
    ------
    MultiTalkError
        It names the first of the files.
    """
    taken = [path for path in paths if is_taken(path)]
    if taken and not overwrite and not _allowed(taken[0]):
        raise MultiTalkError(
            f"{taken[0]} exists: name another {option}, or let it be replaced with --overwrite."
        )
    return bool(taken)


def _allowed(path: Path) -> bool:
    """Whether a user at the terminal allows a file to be replaced."""
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{path} exists: replace it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def free_name(path: Path) -> Path:
    """The name itself, or with the first number that makes it free."""
    names = chain([path], (numbered(path, number) for number in count(2)))
    return next(name for name in names if not is_taken(name))
