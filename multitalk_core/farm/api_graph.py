"""A graph in ComfyUI's API form: nodes by id, each with a kind and inputs."""

from pathlib import Path
from typing import Any

from ..errors import MultiTalkError
from ..files.given import read_json

ApiGraph = dict[str, dict[str, Any]]
EXPORT = "in ComfyUI, choose Workflow → Export (API)"


def read_api_graph(path: Path) -> ApiGraph:
    """Read a graph.

    Raises
    ------
    MultiTalkError
        When the file is no graph in API form.
    """
    return checked_graph(read_json(path, "graph", f"{EXPORT}, and save it again"), f"the graph {path}")


def checked_graph(content: object, name: str) -> ApiGraph:
    """Check that a JSON value is a graph in API form.

    Parameters
    ----------
    content : JSON value
        A graph, or a queued request with the graph as its `prompt`.
    name : str
        What the error message calls it.

    Raises
    ------
    MultiTalkError
    """
    if isinstance(content, dict) and isinstance(content.get("prompt"), dict):
        content = content["prompt"]
    if isinstance(content, dict) and isinstance(content.get("nodes"), list):
        raise MultiTalkError(f"{name} is saved for ComfyUI's page and not for its API: {EXPORT}.")
    if not isinstance(content, dict) or not content or not all(map(_is_node, content.values())):
        raise MultiTalkError(f"{name} is not a graph of ComfyUI: {EXPORT}.")
    return content


def _is_node(node: object) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )


def node_title(graph: ApiGraph, number: str) -> str:
    """What the page calls a node: its title, else its kind."""
    node = graph[number]
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    return str(title or node["class_type"])


def is_link(value: object) -> bool:
    """Whether an input's value is another node's output: [id, index]."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
    )
