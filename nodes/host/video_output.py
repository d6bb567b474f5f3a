"""A long film's video in ComfyUI's temporary folder: written clip by clip, whole even where the film ends
early, and missed when it is gone."""

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import folder_paths
from comfy.model_management import InterruptProcessingException
from comfy_api.latest import InputImpl
from comfy_execution.graph import DynamicPrompt
from torch import Tensor

from ...multitalk_core.audio.waveform import Waveform
from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.film.early_end import until_ended
from ...multitalk_core.film.film import FinishedClip
from ...multitalk_core.media.video_writer import VideoWriter

_handed_out: dict[str, set[Path]] = {}  # by node
_losses: Counter[str] = Counter()


def new_path() -> Path:
    """Where the next film goes. ComfyUI empties this folder when it starts."""
    folder, name, number, _, _ = folder_paths.get_save_image_path(
        "multitalk/film", folder_paths.get_temp_directory()
    )
    return Path(folder) / f"{name}_{number:05}_.mp4"


def write_film(
    film: Generator[FinishedClip],
    path: Path,
    size: tuple[int, int],
    fps: float,
    sound: Waveform,
    images: Tensor | None,
    tell: Callable[[str], None],
    goes_on: bool,
) -> None:
    """Write a film while it is made; no more than two clips of its frames are in memory.

    Whatever ends the film early is raised as it came; the whole clips before are a video then.

    Parameters
    ----------
    film : generator of FinishedClip
    path : Path
    size : (int, int)
        Height and width in pixels.
    fps : float
    sound : Waveform
        Cut, or followed by silence, to the film's length.
    images : Tensor [frames, height, width, 3], optional
        Filled with the frames.
    tell : callable
        Given a sentence that says where the video of a film lies that ended early.
    goes_on : bool
        Whether such a film can go on from there.

    Raises
    ------
    MultiTalkError
        When the file cannot be written, and nothing else has ended the film.
    """
    height, width = size
    ended: list[BaseException] = []
    try:
        with closing(film), VideoWriter(path, width, height, fps=fps, sound=sound) as writer:
            for finished in until_ended(film, ended, InterruptProcessingException):
                if images is not None:
                    images[writer.frames : writer.frames + len(finished.frames)] = finished.frames
                writer.append(finished.frames)
        onward = f"; the same graph goes on after clip {finished.clip.index + 1}" if goes_on else ""
        told = f"the video so far, {writer.frames} frames, is {path}{onward}"
    except MultiTalkError as failure:  # of the file: told only, where something else has ended the film
        if not ended:
            raise
        told = str(failure)
    if ended:
        tell(told)
        raise ended.pop()  # kept nowhere else, as it holds frames


def hand_out(node_id: str, path: Path) -> InputImpl.VideoFromFile:
    """The film as a node's VIDEO."""
    _handed_out.setdefault(node_id, set()).add(path)
    return InputImpl.VideoFromFile(str(path))


def losses(node_id: str) -> int:
    """How often files that a node handed out were found gone.

    As part of its fingerprint: ComfyUI then takes no VIDEO from its cache whose file was cleared.
    """
    films = _handed_out.get(node_id, set())
    if gone := {path for path in films if not path.exists()}:
        films -= gone
        _losses[node_id] += 1
    return _losses[node_id]


def is_wired(graph: DynamicPrompt, node_id: str, output: int) -> bool:
    """Whether anything in the graph takes this output of a node."""
    return any(
        value == [node_id, output]
        for taker in graph.all_node_ids()
        for value in graph.get_node(taker)["inputs"].values()
    )
