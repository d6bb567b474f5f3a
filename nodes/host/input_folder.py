"""Files of ComfyUI's input folder, by the names that a text gives them."""

from pathlib import Path, PurePosixPath

import folder_paths

from ...multitalk_core.errors import MultiTalkError, quoted
from ...multitalk_core.files.given import check_file


def input_file(name: str, kind: str) -> Path:
    """The file of a name: in its folder within ComfyUI's input folder, else at the top of that.

    Parameters
    ----------
    name : str
        With / or \\. Of "examples/multi/1.wav", also 1.wav is looked for.
    kind : str
        What the error message calls the file.

    Raises
    ------
    MultiTalkError
        When the input folder has no such file, or the name leads out of it.
    """
    folder = Path(folder_paths.get_input_directory())
    path = PurePosixPath(name.replace("\\", "/"))
    places = [folder / path.relative_to(path.anchor), folder / path.name]
    found = next((place for place in places if _is_inside(place, folder)), None)
    if found is None:
        raise MultiTalkError(
            f"There is no {kind} {quoted(name)} in ComfyUI's input folder: copy it there, into the same "
            "folders or without them."
        )
    check_file(found, kind)
    return found


def _is_inside(place: Path, folder: Path) -> bool:
    """Whether something is there, and nothing on the way leads out of the folder."""
    try:
        return place.exists() and place.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):  # a name that no file can have
        return False
