"""Sound and video files in ComfyUI's input folder, as the page offers and names them."""

import os
from pathlib import Path

import folder_paths

from ...multitalk_core.errors import MultiTalkError, quoted
from ...multitalk_core.files.given import check_file

# Listed here, because the machine's table of types, which ComfyUI asks, often lacks Matroska and others.
SOUNDS = "aac ac3 aif aiff amr ape au caf dts eac3 flac m4a mka mp2 mp3 oga ogg opus spx w64 wav weba wma wv"
VIDEOS = "3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv"
SUFFIXES = {f".{suffix}" for suffix in f"{SOUNDS} {VIDEOS}".split()}


def has_sound(name: str) -> bool:
    """Whether a file's name is that of a sound or a video."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def list_sounds() -> list[str]:
    """The input folder's sound and video files, sorted."""
    folder = folder_paths.get_input_directory()
    os.makedirs(folder, exist_ok=True)
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if has_sound(entry.name) and entry.is_file())


def uploaded_file(name: str, value: object) -> Path:
    """The file of an input's value, such as "talk.wav" or "take/talk.wav [output]".

    Parameters
    ----------
    name : str
        The input's id.
    value : object

    Raises
    ------
    MultiTalkError
        When there is no such file in ComfyUI's folders. It begins with the id.
    """
    if not isinstance(value, str) or not _exists(value):
        raise MultiTalkError(
            f"{name}: there is no file {quoted(value)} in ComfyUI's input folder; upload it first."
        )
    path = Path(folder_paths.get_annotated_filepath(value))
    try:
        check_file(path, "file")
    except MultiTalkError as error:
        raise MultiTalkError(f"{name}: {error}") from error
    return path


def _exists(value: str) -> bool:
    try:
        return folder_paths.exists_annotated_filepath(value)
    except (OSError, ValueError):  # a name that no file can have
        return False
