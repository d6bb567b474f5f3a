"""Where the nodes store the clips of films, and what identifies a film's models: the graph above its node.

Models have no identity that outlives a restart; the graph that loads them and the files it names do.
"""

from collections.abc import Iterator
from pathlib import Path

import folder_paths
from comfy_execution.graph import DynamicPrompt
from comfy_execution.graph_utils import is_link

from ...multitalk_core.film.store import Json, digest
from .sampler_inputs import ModelInputs, SamplerInputs, denoise_settings_of, sampling_settings_of

Link = list  # [id of a node, index of its output]


def store_folder() -> Path:
    """Of all films: in ComfyUI's user folder, beside workflows and settings."""
    return Path(folder_paths.get_user_directory()) / "multitalk" / "films"


def film_identity(
    graph: DynamicPrompt, node_id: str, inputs: SamplerInputs, *, dubbed: bool
) -> dict[str, Json]:
    """Identify a node's models, prompts and files, for its `FilmSpec`.

    Of the voices only the encoder counts here; the film's links cover what is spoken, clip by clip.

    Parameters
    ----------
    graph : DynamicPrompt
    node_id : str
    inputs : SamplerInputs
    dubbed : bool
        Whether the picture is a video.
    """
    video = {"video": "picture", "region": "region"} if dubbed else {}
    mouths = {"region": "mouths"} if dubbed and denoise_settings_of(inputs).mouths_only else {}
    linked = {**{name: name for name in ModelInputs.__annotations__}, **video}
    sampling = sampling_settings_of(inputs)
    return {
        "sampler": sampling.sampler_name,
        "scheduler": sampling.scheduler,
        "audio encoder": described_input(graph, node_id, "audio", "audio_encoder"),
        **{
            name.replace("_", " "): described_input(graph, node_id, input_id)
            for name, input_id in linked.items()
        },
        **mouths,
    }


def film_title(graph: DynamicPrompt, node_id: str) -> str:
    """What a user calls the film of a node."""
    return f"{graph.get_node(node_id)['class_type']} {node_id}"


def described_input(graph: DynamicPrompt, node_id: str, *path: str) -> Json:
    """A digest of what is above an input; further names of a path are inputs of the linked nodes.

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
        inputs: dict[str, Json] = {
            name: _digest_link(graph, value, seen) if is_link(value) else [value, *_file_states(value)]
            for name, value in node["inputs"].items()
        }
        seen[node_id] = digest([node["class_type"], inputs])
    return digest([seen[node_id], output])


def _file_states(value: object) -> Iterator[Json]:
    """Size and time of change of every file of ComfyUI's that a text names, or of a model's folder."""
    if not isinstance(value, str) or not value or "\n" in value:
        return
    kinds = folder_paths.folder_names_and_paths
    folders = [folder for kind in kinds for folder in folder_paths.get_folder_paths(kind)]
    name, base = folder_paths.annotated_filepath(value)
    places = [Path(base or folder_paths.get_input_directory(), name)]
    places += [Path(folder, value) for folder in folders]
    for place in sorted(set(places)):
        try:
            for file in _files_at(place):
                state = file.stat()
                yield [file.name, state.st_size, state.st_mtime_ns]
        except OSError:  # a prompt may be too long for a name
            continue


def _files_at(place: Path) -> list[Path]:
    """The file itself, all files of a model's folder, or none."""
    if (place / "config.json").is_file():
        return sorted(place.iterdir())
    return [place] if place.is_file() else []
