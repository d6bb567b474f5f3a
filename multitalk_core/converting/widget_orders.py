"""The order in which the page stores the widgets of a kind of node."""

from . import helper_nodes, infinitetalk_nodes, wan_video_wrapper
from .node_list import NodeList
from .node_meaning import NodeMeaning

KNOWN: dict[str, NodeMeaning] = (
    helper_nodes.MEANINGS | wan_video_wrapper.MEANINGS | infinitetalk_nodes.MEANINGS
)


def widget_order(kind: str, nodes: NodeList) -> tuple[str, ...]:
    """The ids of a node's widgets as far as they are known: from the tables, else from the node list."""
    return KNOWN[kind].widgets if kind in KNOWN else nodes.widgets(kind)
