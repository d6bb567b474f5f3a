"""Sound and video files in ComfyUI's input folder, as the page offers and names them."""

import os
from pathlib import Path

import folder_paths

from ...multitalk_core.errors import MultiTalkError, quoted
from ...multitalk_core.files.given import check_file

KINDS = ["audio", "video"]


def list_sounds() -> list[str]:
    """The input folder's sound and video files, sorted."""
    folder = folder_paths.get_input_directory()
    os.makedirs(folder, exist_ok=True)
    return sorted(folder_paths.filter_files_content_types(os.listdir(folder), KINDS))


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
