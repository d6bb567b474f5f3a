"""Where a linked input comes from in a graph."""

from comfy_execution.graph import DynamicPrompt
from comfy_execution.graph_utils import is_link

from .uploaded_file import has_sound


def is_linked(graph: DynamicPrompt, node_id: str, name: str) -> bool:
    """Whether a node's input comes from another node."""
    return is_link(graph.get_node(node_id)["inputs"].get(name))


def media_file(graph: DynamicPrompt, node_id: str, name: str) -> str | None:
    """The sound or video file behind a node's input, by the name that its loader has; None if there is none.

    Parameters
    ----------
    graph : DynamicPrompt
    node_id : str
    name : str
        The input's id.
    """
    waiting, seen = [graph.get_node(node_id)["inputs"].get(name)], set()
    while waiting:
        link = waiting.pop()
        if not is_link(link) or link[0] in seen:
            continue
        seen.add(link[0])
        inputs = graph.get_node(link[0])["inputs"]
        for value in inputs.values():
            if isinstance(value, str) and has_sound(value):
                return value
        waiting += inputs.values()
    return None
