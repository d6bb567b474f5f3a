"""A long film's video in ComfyUI's temporary folder, and whether it is still there."""

from collections import Counter, defaultdict
from pathlib import Path

import folder_paths
from comfy_api.latest import InputImpl
from comfy_execution.graph import DynamicPrompt


def new_path() -> Path:
    """Where the next film goes. ComfyUI empties this folder when it starts."""
    folder, name, number, _, _ = folder_paths.get_save_image_path(
        "multitalk/film", folder_paths.get_temp_directory()
    )
    return Path(folder) / f"{name}_{number:05}_.mp4"


class HandedOutVideos:
    """The video files that nodes of one kind have handed out.

    ComfyUI's cache hands them out again as long as the process lives, and a deleted file leaves no trace, so
    this has to live as long.
    """

    def __init__(self) -> None:
        self._present: dict[str, set[Path]] = defaultdict(set)  # by node
        self._deleted: Counter[str] = Counter()

    def hand_out(self, node_id: str, path: Path) -> InputImpl.VideoFromFile:
        """A file as a node's VIDEO."""
        self._present[node_id].add(path)
        return InputImpl.VideoFromFile(str(path))

    def deleted(self, node_id: str) -> int:
        """How many times this node's output files have been found deleted.

        As part of its fingerprint: ComfyUI then takes no VIDEO from its cache whose file was cleared.
        """
        if gone := {path for path in self._present[node_id] if not path.exists()}:
            self._present[node_id] -= gone
            self._deleted[node_id] += 1
        return self._deleted[node_id]


def is_wired(graph: DynamicPrompt, node_id: str, output: int) -> bool:
    """Whether anything in the graph takes this output of a node."""
    return any(
        value == [node_id, output]
        for taker in graph.all_node_ids()
        for value in graph.get_node(taker)["inputs"].values()
    )
