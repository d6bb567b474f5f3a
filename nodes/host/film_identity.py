"""Where the nodes keep the clips of films, and what tells one film from another: the graph above a node.

Models have no identity that outlives a restart; the graph that loads them and the files it names do.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import folder_paths
from comfy.model_management import throw_exception_if_processing_interrupted
from comfy_execution.graph import DynamicPrompt
from comfy_execution.graph_utils import is_link

from ...multitalk_core.film.clips import ClipPlan
from ...multitalk_core.film.store import FilmClips, Json, check_store, digest, open_film, stored_clip_bytes

Link = list  # [id of a node, index of its output]


@dataclass(frozen=True)
class FilmOfNode:
    """A film by what shapes it, as `open_film` takes it.

    Attributes
    ----------
    title : str
    description : plain values
    text_encoder : plain values
        Shapes the clips that have a prompt of their own.
    limit : int
        Bytes that all kept films may take.
    """

    title: str
    description: Json
    text_encoder: Json
    limit: int

    @classmethod
    def of(
        cls,
        graph: DynamicPrompt,
        node_id: str,
        without: tuple[str, ...],
        defaults: Mapping[str, Json],
        limit: int,
    ) -> "FilmOfNode":
        """The film of a node.

        Of its voices only the encoder counts here: what is heard is told clip by clip.

        Parameters
        ----------
        graph : DynamicPrompt
        node_id : str
        without : tuple of str
            Inputs that shape no frame, or single clips only.
        defaults : mapping of str to plain values
            Of optional inputs: a graph that leaves them out means the same.
        limit : int
            Bytes that all kept films may take.
        """
        given = described(graph, node_id, (*without, "audio"))
        description = {
            name: value for name, value in given.items() if name not in defaults or value != defaults[name]
        }
        description["audio encoder"] = described_input(graph, node_id, "audio", "audio_encoder")
        text_encoder = described_input(graph, node_id, "text_encoder")
        title = f"{graph.get_node(node_id)['class_type']} {node_id}"
        return cls(title, description, text_encoder, limit)

    def check(self, plan: ClipPlan, size: tuple[int, int]) -> None:
        """Raise a MultiTalkError unless the store takes a clip of this height and width."""
        check_store(
            store_folder(),
            stored_clip_bytes(plan.clips[0].frames, plan.overlap, height=size[0], width=size[1]),
        )

    @contextmanager
    def segments(self, links: Iterable[dict[str, Json]], computed: dict[str, Json]) -> Iterator[FilmClips]:
        """Its clips in the store.

        Parameters
        ----------
        links : iterable of plain values by name
            What shapes each clip besides.
        computed : plain values by name
            How this ComfyUI computes.
        """
        description = {**computed, **self.description}
        links = map(self._link, links)
        with open_film(store_folder(), self.title, description, links, self.limit) as segments:
            yield segments

    def _link(self, link: dict[str, Json]) -> dict[str, Json]:
        """With the text encoder where it shapes the clip; a plan of many clips can be interrupted."""
        throw_exception_if_processing_interrupted()
        return link if link["prompt of its own"] is None else {**link, "text encoder": self.text_encoder}


def store_folder() -> Path:
    """Of all films: in ComfyUI's user folder, beside workflows and settings."""
    return Path(folder_paths.get_user_directory()) / "multitalk" / "films"


def described(graph: DynamicPrompt, node_id: str, without: tuple[str, ...] = ()) -> dict[str, Json]:
    """A node's inputs by name: values as they are, and for links a digest of everything above them.

    Parameters
    ----------
    graph : DynamicPrompt
    node_id : str
    without : tuple of str
        Inputs to leave out.
    """
    seen: dict[str, str] = {}
    inputs = graph.get_node(node_id)["inputs"]
    return {
        name: _digest_link(graph, value, seen) if is_link(value) else value
        for name, value in inputs.items()
        if name not in without
    }


def described_input(graph: DynamicPrompt, node_id: str, *path: str) -> Json:
    """A digest of what is above an input; a path goes on through the linked nodes' own inputs.

    Where a node on the path has no such link, all that is above it counts.
    """
    value = graph.get_node(node_id)["inputs"].get(path[0])
    if not is_link(value):
        return value
    below = graph.get_node(value[0])["inputs"]
    if len(path) > 1 and is_link(below.get(path[1])):
        return described_input(graph, value[0], *path[1:])
    return _digest_link(graph, value, {})


def _digest_link(graph: DynamicPrompt, link: Link, seen: dict[str, str]) -> str:
    node_id, output = link
    if node_id not in seen:
        node = graph.get_node(node_id)
        inputs = {
            name: _digest_link(graph, value, seen) if is_link(value) else [value, *_file_states(value)]
            for name, value in node["inputs"].items()
        }
        seen[node_id] = digest([node["class_type"], inputs])
    return digest([seen[node_id], output])


def _file_states(value: object) -> Iterator[Json]:
    """Size and time of change of every file, or folder of a model, that a text names among ComfyUI's."""
    if not isinstance(value, str) or not value or "\n" in value:
        return
    kinds = folder_paths.folder_names_and_paths
    folders = [folder for kind in kinds for folder in folder_paths.get_folder_paths(kind)]
    name, base = folder_paths.annotated_filepath(value)
    places = [Path(base or folder_paths.get_input_directory(), name)]
    places += [Path(folder, value) for folder in folders]
    for place in sorted(set(places)):
        try:
            if (place / "config.json").is_file():
                files = sorted(place.iterdir())
            else:
                files = [place] if place.is_file() else []
            for file in files:
                state = file.stat()
                yield [file.name, state.st_size, state.st_mtime_ns]
        except OSError:  # a prompt may be too long for a name
            continue
