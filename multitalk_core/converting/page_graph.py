"""Reading the form of ComfyUI's page: stand-ins are resolved, and what is switched off is left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .group_node import group_definitions
from .node_list import NodeList
from .source_graph import Link, SourceGraph, SourceNode
from .widget_orders import widget_order
from .widget_values import named_values

MUTED, BYPASSED = 2, 4
REROUTES = ("Reroute", "Reroute (rgthree)", "ReroutePrimitive|pysssss")
SETTERS, GETTERS = ("SetNode", "easy setNode"), ("GetNode", "easy getNode")
PRIMITIVE = "PrimitiveNode"
NOTES = ("Note", "MarkdownNote", "Label (rgthree)", "Note Plus (mtb)")
SUBGRAPH_INPUTS, SUBGRAPH_OUTPUTS = -10, -20  # ids of a subgraph's two ends


def read_page(content: dict[str, Any], nodes: NodeList) -> SourceGraph:
    """A graph in the page's form, of any version."""
    inner = content.get("definitions") or {}
    definitions = {entry["id"]: entry for entry in inner.get("subgraphs") or []}
    definitions |= group_definitions(content, nodes)
    top = PageGraph(content, definitions, nodes)
    return SourceGraph({node.id: node for node in top.running()})


@dataclass(frozen=True)
class PageLink:
    """A link of the page."""

    origin: int | str
    slot: int
    target: int | str
    target_slot: int


def _page_link(stored: list | dict) -> tuple[int, PageLink]:
    if isinstance(stored, dict):
        ends = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        number, *described = (stored[name] for name in ends)
    else:
        number, *described = stored[:5]
    return number, PageLink(*described)


class PageGraph:
    """The graph, or a subgraph at one place where it is used.

    Parameters
    ----------
    content : dict
        With `nodes` and `links`.
    definitions : dict
        Of subgraphs and group nodes, by the kind of the nodes that stand for them.
    nodes : NodeList
    around : PageGraph, optional
        Where the subgraph is used.
    place : dict, optional
        The node that stands for it there.
    """

    def __init__(
        self,
        content: dict[str, Any],
        definitions: dict[str, dict],
        nodes: NodeList,
        *,
        around: "PageGraph | None" = None,
        place: dict[str, Any] | None = None,
    ) -> None:
        self.content = content
        self.definitions = definitions
        self.known = nodes
        self.around = around
        self.place = place
        self.nodes = {node["id"]: node for node in content["nodes"]}
        self.links = dict(_page_link(link) for link in content.get("links") or [])
        self.prefix: str = f"{around.prefix}{place['id']}:" if around and place else ""

    @cached_property
    def inner(self) -> dict[Any, "PageGraph"]:
        """The subgraphs in it, by the node that stands for them."""
        return {
            number: PageGraph(
                self.definitions[node["type"]], self.definitions, self.known, around=self, place=node
            )
            for number, node in self.nodes.items()
            if node["type"] in self.definitions
        }

    def running(self) -> Iterator[SourceNode]:
        """All nodes that run, those within subgraphs too."""
        for number, node in self.nodes.items():
            if node.get("mode", 0) in (MUTED, BYPASSED):
                continue
            if number in self.inner:
                yield from self.inner[number].running()
            elif node["type"] not in (*REROUTES, *SETTERS, *GETTERS, *NOTES, PRIMITIVE):
                title = str(node.get("title") or "")
                yield SourceNode(f"{self.prefix}{number}", node["type"], self._inputs(node), title)

    def _inputs(self, node: dict[str, Any]) -> dict[str, object]:
        given = self._values(node)
        for slot, entry in enumerate(node.get("inputs") or []):
            resolved = self._resolved(entry.get("link"))
            if resolved is None:
                resolved = self._broadcast(node, slot)
            if resolved is not None:
                given[entry["name"]] = resolved
            elif entry.get("link") is not None and not entry.get("widget"):
                given.pop(entry["name"], None)
        return given

    def _values(self, node: dict[str, Any]) -> dict[str, object]:
        given = named_values(node, widget_order(node["type"], self.known))
        return given | {
            name: value for (inner, name), value in self._set_outside.items() if inner == node["id"]
        }

    @cached_property
    def _set_outside(self) -> dict[tuple[int, str], object]:
        """Values of widgets within that are set on the node that stands for this subgraph."""
        if self.place is None:
            return {}
        pairs = self.content.get("values") or [
            [int(inner), name]
            for inner, name in (self.place.get("properties") or {}).get("proxyWidgets") or []
            if str(inner).isdigit()
        ]
        values = named_values(self.place | {"inputs": []}, [f"{inner} {name}" for inner, name in pairs])
        return {
            (inner, name): values[f"{inner} {name}"] for inner, name in pairs if f"{inner} {name}" in values
        }

    def _broadcast(self, node: dict[str, Any], slot: int) -> object:
        """What an Anything Everywhere node sends to an input, as it wrote it down in the graph."""
        for link in (self.content.get("extra") or {}).get("ue_links") or []:
            if str(link["downstream"]) == str(node["id"]) and link["downstream_slot"] == slot:
                origin = link["upstream"]
                origin = int(origin) if str(origin).lstrip("-").isdigit() else origin
                return self._output(origin, link["upstream_slot"])
        return None

    def _resolved(self, number: int | None) -> object:
        """The Link or value at the beginning of a link; None where nothing is."""
        if number is None or number not in self.links:
            return None
        link = self.links[number]
        return self._output(link.origin, link.slot)

    def _output(self, number: int | str, slot: int) -> object:
        if number == SUBGRAPH_INPUTS:
            return self._outer(slot)
        node = self.nodes.get(number)
        if node is None or node.get("mode", 0) == MUTED:
            return None
        kind = node["type"]
        if node.get("mode", 0) == BYPASSED:
            return self._bypassed(node, slot)
        if number in self.inner:
            return self.inner[number].handed_out(slot)
        if kind == PRIMITIVE:
            return (node.get("widgets_values") or [None])[0]
        if kind in REROUTES or kind in SETTERS:
            return self._input(node, 0)
        if kind in GETTERS:
            return self._got(node)
        return Link(f"{self.prefix}{number}", slot) if isinstance(slot, int) else None

    def _input(self, node: dict[str, Any], slot: int) -> object:
        entries = node.get("inputs") or []
        return self._resolved(entries[slot].get("link")) if slot < len(entries) else None

    def _bypassed(self, node: dict[str, Any], slot: int) -> object:
        """What a bypassed node hands through: an input of the output's type, in its own place if it can."""
        outputs, inputs = node.get("outputs") or [], node.get("inputs") or []
        kind = outputs[slot]["type"] if slot < len(outputs) else "*"
        places = [slot, *range(len(inputs))] if slot < len(inputs) else range(len(inputs))
        for place in places:
            if inputs[place]["type"] in (kind, "*") and inputs[place].get("link") is not None:
                return self._input(node, place)
        return None

    def _got(self, getter: dict[str, Any]) -> object:
        (name, *_) = getter.get("widgets_values") or [None]
        for node in self.nodes.values():
            if node["type"] in SETTERS and (node.get("widgets_values") or [None])[0] == name:
                return None if node.get("mode", 0) == MUTED else self._input(node, 0)
        return self.around._got(getter) if self.around else None

    def _outer(self, slot: int) -> object:
        """What the node that stands for this subgraph is given."""
        name = self.content["inputs"][slot]["name"]
        if self.around is None or self.place is None:
            raise ValueError("only a subgraph is given anything")
        entries = self.place.get("inputs") or []
        if self.content.get("positional"):
            sockets = [entry for entry in entries if not entry.get("widget")]
            return self.around._resolved(sockets[slot].get("link")) if slot < len(sockets) else None
        for entry in entries:
            if entry["name"] == name and entry.get("link") is not None:
                return self.around._resolved(entry["link"])
        return self._promoted(self.place).get(name)

    def _promoted(self, place: dict[str, Any]) -> dict[str, object]:
        """Values on the node that stands for this subgraph, of the inputs that have a widget within."""
        names = [entry["name"] for slot, entry in enumerate(self.content["inputs"]) if self._has_widget(slot)]
        return named_values(place | {"inputs": []}, names)

    def _has_widget(self, slot: int) -> bool:
        for link in self.links.values():
            if (link.origin, link.slot) == (SUBGRAPH_INPUTS, slot):
                entries = self.nodes[link.target].get("inputs") or []
                return link.target_slot < len(entries) and bool(entries[link.target_slot].get("widget"))
        return False

    def handed_out(self, slot: int) -> object:
        """What comes out of the subgraph."""
        for link in self.links.values():
            if (link.target, link.target_slot) == (SUBGRAPH_OUTPUTS, slot):
                return self._output(link.origin, link.slot)
        return None
