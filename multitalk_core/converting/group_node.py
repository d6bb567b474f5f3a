"""Group nodes, the page's older kind of subgraph: rewritten as subgraphs, so that the rest knows one kind."""

from typing import Any

from .node_list import NodeList
from .widget_orders import widget_order

KINDS = ("workflow>{}", "workflow/{}")  # of the nodes that stand for a group
INPUTS, OUTPUTS = -10, -20


def group_definitions(content: dict[str, Any], known: NodeList) -> dict[str, dict]:
    """The group nodes' definitions in the form of subgraphs, by the kind of the nodes that stand for them."""
    groups = (content.get("extra") or {}).get("groupNodes") or {}
    return {kind.format(name): _as_subgraph(group, known) for name, group in groups.items() for kind in KINDS}


def _as_subgraph(group: dict[str, Any], known: NodeList) -> dict[str, Any]:
    nodes = [node | {"id": number, "mode": node.get("mode", 0)} for number, node in enumerate(group["nodes"])]
    inner = [(link[0], link[1], link[2], link[3]) for link in group["links"] if link[0] is not None]
    taken = {(target, slot) for _, _, target, slot in inner}
    external = {(place[0], place[1]) for place in group.get("external") or []}
    used = {(origin, slot) for origin, slot, _, _ in inner} - external
    inputs: list[dict[str, str]] = []
    outputs: list[dict[str, str]] = []
    ends = []
    for node in nodes:
        for slot, entry in enumerate(node.get("inputs") or []):
            if (node["id"], slot) not in taken and not entry.get("widget"):
                ends.append((INPUTS, len(inputs), node["id"], slot))
                inputs.append({"name": f"{node['id']}:{entry['name']}"})
        for slot, _ in enumerate(node.get("outputs") or []):
            if (node["id"], slot) not in used:
                ends.append((node["id"], slot, OUTPUTS, len(outputs)))
                outputs.append({"name": str(slot)})
    links = [[number, *ends] for number, ends in enumerate([*inner, *ends], start=1)]
    _connect(nodes, links)
    values = [
        [node["id"], name]
        for node in nodes
        for name in widget_order(node["type"], known)[: len(node.get("widgets_values") or [])]
    ]
    return {
        "nodes": nodes,
        "links": links,
        "inputs": inputs,
        "outputs": outputs,
        "positional": True,
        "values": values,
    }


def _connect(nodes: list[dict[str, Any]], links: list[list]) -> None:
    """Note each link at the input where it ends, as subgraphs have it."""
    for node in nodes:
        node["inputs"] = [dict(entry) for entry in node.get("inputs") or []]
    for number, _, _, target, slot in links:
        if target != OUTPUTS:
            nodes[target]["inputs"][slot]["link"] = number
