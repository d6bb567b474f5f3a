"""A MultiTalk input file as a job: the text of the graph's node MultiTalk Input JSON."""

from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import MultiTalkError, quoted
from ..film.multitalk_input import parse_inputs
from .api_graph import ApiGraph

KIND = "MultiTalkInputJson"
VOICES = 2  # the node's sockets


def input_overrides(graph: ApiGraph, text: str, *, film: object, inputs: Path | None) -> dict[str, Any]:
    """The overrides that give a graph this input.

    Parameters
    ----------
    graph : ApiGraph
    text : str
        As `generate --input` takes it.
    film : int
        Which of the input's films, from 1.
    inputs : Path or None
        ComfyUI's input folder, where its files have to be; None does not look.

    Raises
    ------
    MultiTalkError
        When the graph has no such node or several, or the input cannot be used.
    """
    nodes = [number for number, node in graph.items() if node["class_type"] == KIND]
    if len(nodes) != 1:
        raise MultiTalkError(
            f"its graph has {len(nodes)} nodes MultiTalk Input JSON, and an input goes to one: use a graph "
            "with one."
        )
    films = parse_inputs(text, "its input")
    if not isinstance(film, int) or isinstance(film, bool) or not 1 <= film <= len(films):
        raise MultiTalkError(f"its film is {quoted(film)}: give a whole number from 1 to {len(films)}.")
    chosen = films[film - 1]
    if chosen.source is None or not any(chosen.voices):
        raise MultiTalkError("its input has no cond_image or no cond_audio: give a picture and a voice.")
    if len(chosen.voices) > VOICES:
        raise MultiTalkError(
            f"its input has {len(chosen.voices)} voices, and the node MultiTalk Input JSON takes {VOICES}: "
            "use Load Audio nodes and overrides."
        )
    if inputs is not None:
        for name in (chosen.source, *filter(None, chosen.voices)):
            _check_present(name, inputs)
    return {f"{nodes[0]}.text": text, f"{nodes[0]}.film": film}


def _check_present(name: str, folder: Path) -> None:
    """Look for a file where the node does: in its folder within the input folder, or at the top of it."""
    path = PurePosixPath(name.replace("\\", "/"))
    if not any(place.is_file() for place in (folder / path.relative_to(path.anchor), folder / path.name)):
        raise MultiTalkError(
            f"there is no file {quoted(name)} in the input folder {folder}: copy it there, or name another "
            "folder with --input-folder."
        )
