"""A graph that runs: nodes, their values and links, whatever form it was stored in."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """An output of a node."""

    node: str
    slot: int


@dataclass(frozen=True)
class SourceNode:
    """A node as it would run.

    Attributes
    ----------
    id : str
        Within a subgraph it has the ids of the nodes around it in front, as in "188:129".
    kind : str
        ComfyUI's id of its class.
    inputs : dict
        Values and Links by input id.
    title : str
    """

    id: str
    kind: str
    inputs: dict[str, object]
    title: str = ""

    def linked(self) -> dict[str, Link]:
        """The inputs that are linked."""
        return {name: value for name, value in self.inputs.items() if isinstance(value, Link)}

    def __str__(self) -> str:
        return f"{self.kind} (node {self.id})"


@dataclass(frozen=True)
class SourceGraph:
    """All nodes that run, by id."""

    nodes: dict[str, SourceNode]

    def of_kind(self, *kinds: str) -> list[SourceNode]:
        """All nodes of some kinds."""
        return [node for node in self.nodes.values() if node.kind in kinds]

    def behind(self, link: object) -> SourceNode | None:
        """The node of a link; None for anything else, and for a node that does not run."""
        return self.nodes.get(link.node) if isinstance(link, Link) else None

    def consumers(self, node_id: str) -> Iterator[SourceNode]:
        """The nodes that take any of a node's outputs."""
        for node in self.nodes.values():
            if any(link.node == node_id for link in node.linked().values()):
                yield node

    def upstream(self, node: SourceNode, but: tuple[str, ...] = ()) -> Iterator[SourceNode]:
        """A node and all that it depends on, the nearest first, not through the inputs named `but`."""
        waiting, seen = [node], {node.id}
        while waiting:
            current = waiting.pop(0)
            yield current
            for name, link in current.linked().items():
                found = self.behind(link)
                if found is not None and name not in but and found.id not in seen:
                    seen.add(found.id)
                    waiting.append(found)

    def downstream(self, node: SourceNode) -> Iterator[SourceNode]:
        """All nodes that depend on a node, the nearest first."""
        waiting, seen = [node], {node.id}
        while waiting:
            for found in self.consumers(waiting.pop(0).id):
                if found.id not in seen:
                    seen.add(found.id)
                    waiting.append(found)
                    yield found
