"""Recognise files that should be safetensors and are not, by their first bytes."""

import os
import re
import zipfile
from codecs import getincrementaldecoder
from pathlib import Path

from ..errors import MultiTalkError, quoted

START_BYTES = 64
PICKLE_SUFFIXES = {".pt", ".pth", ".bin", ".ckpt", ".pkl"}
SUFFIXES = {".safetensors", ".sft", ".gguf", ".onnx", ".h5", ".npz", *PICKLE_SUFFIXES}
PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
FORMATS = (
    (re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]"), "an ONNX file"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive"),
    (re.compile(rb"....TFL3", re.DOTALL), "a TensorFlow Lite file"),
    (re.compile(rb"%PDF"), "a PDF"),
    (re.compile(rb"\x89HDF"), "an HDF5 file"),
    (re.compile(rb"\x93NUMPY"), "a NumPy file"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd|BZh|\xfd7zXZ"), "a packed archive"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|RIFF....WEBP", re.DOTALL), "a picture"),
    (re.compile(rb"....ftyp|\x1aE\xdf\xa3", re.DOTALL), "a video"),
)


def is_checkpoint(path: Path) -> bool:
    """Whether a path is to be read as a checkpoint: by its name, or by what the file begins with."""
    if (
        os.path.isdir(path)
        or path.suffix.lower() in SUFFIXES
        or path.name.endswith(".safetensors.index.json")
    ):
        return True
    if not os.path.isfile(path) or not os.access(path, os.R_OK):
        return False
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    return (start[8:9] == b"{" and not _is_text(start)) or start.startswith((b"GGUF", *PICKLES))


def refuse_other_formats(file: Path, start: bytes) -> None:
    """Raise a MultiTalkError that says what a file is, if its first bytes show it.

    Parameters
    ----------
    file : Path
    start : bytes
        The first 64 bytes of the file, or all of a shorter one.
    """
    if file.suffix.lower() in PICKLE_SUFFIXES:
        raise pickle_error(file)
    if start.startswith(b"version https://git-lfs"):
        raise MultiTalkError(
            f"{file} is only a Git LFS pointer, the weights themselves were not downloaded: "
            "run `git lfs pull` in its folder, or download the file from its web page."
        )
    if start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise MultiTalkError(f"{file} is a web page and not weights: use the page's download button.")
    if _is_text(start):
        raise MultiTalkError(
            f"{file} is text and not weights, it begins with “{quoted(start.decode(errors='replace'))}”: "
            "that is what a server answered, so log in to its page and download the file there."
        )
    if len(start) == START_BYTES and not any(start):
        raise MultiTalkError(
            f"{file} begins with zeros, the download is incomplete: resume it or download the file again."
        )
    # A safetensors header begins at byte 8 with a brace; the length before it may look like anything.
    if start[8:9] == b"{":
        return
    if start.startswith(PICKLES) or _holds_pickle(file):
        raise pickle_error(file)
    for beginning, kind in FORMATS:
        if beginning.match(start):
            raise MultiTalkError(f"{file} is {kind}, which is not read: use the .safetensors version.")


def _holds_pickle(file: Path) -> bool:
    """Whether a file is a ZIP archive with a pickle in it, as torch.save writes them."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        return False


def _is_text(start: bytes) -> bool:
    """Whether bytes are text; as safetensors, they would start with an impossible header length."""
    try:
        text = getincrementaldecoder("utf-8-sig")().decode(start)  # a character may be cut at the end
    except UnicodeDecodeError:
        return False
    return len(start) >= 8 and all(letter.isprintable() or letter.isspace() for letter in text)


def pickle_error(file: Path) -> MultiTalkError:
    """The error for a file that can run code."""
    return MultiTalkError(
        f"{file} is a pickle, which can run code when it is opened: use the .safetensors version, or convert "
        f"it once with: safetensors.torch.save_file(torch.load('{file.name}', weights_only=True), "
        f"'{file.stem}.safetensors')"
    )
