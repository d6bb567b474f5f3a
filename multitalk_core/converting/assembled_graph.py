"""Our graph while it is put together: nodes in groups, in the API's form."""

from collections.abc import Mapping
from dataclasses import dataclass

from .node_list import NodeList, is_link, is_widget

GROUPS = ("Models", "Picture and persons", "Voices", "Prompts", "Video", "Result")

Output = list  # [number of a node as text, slot], as the API has it


@dataclass(frozen=True)
class AssembledNode:
    """A node of ours, or one that was kept.

    Attributes
    ----------
    kind : str
    inputs : dict
        Values and Outputs by input id.
    group : str
        One of GROUPS.
    title : str
    """

    kind: str
    inputs: dict[str, object]
    group: str
    title: str = ""


class AssembledGraph:
    """A graph that grows.

    Parameters
    ----------
    known : NodeList
        Gives the values that a node has by default.
    """

    def __init__(self, known: NodeList):
        self.known = known
        self.nodes: dict[str, AssembledNode] = {}

    def add(
        self, kind: str, given: Mapping[str, object], *, group: str, title: str = "", output: int = 0
    ) -> Output:
        """Add a node, and return one of its outputs; what is None is left out or as by default."""
        given = {name: value for name, value in given.items() if self._is_input(value)}
        node = AssembledNode(kind, self._complete(kind, given), group, title)
        for number, other in self.nodes.items():
            if other == node:
                return [number, output]
        number = str(len(self.nodes) + 1)
        self.nodes[number] = node
        return [number, output]

    def _is_input(self, value: object) -> bool:
        """Whether a value is one, or an output of a node that is here."""
        if isinstance(value, list):
            return is_link(value, self.nodes)
        return value is not None

    def _complete(self, kind: str, given: dict[str, object]) -> dict[str, object]:
        """The given inputs in the node's order, and the defaults of the others."""
        if kind not in self.known:
            return given
        complete: dict[str, object] = {}
        while True:
            missing = {
                name: _default(entry)
                for name, entry in self.known.inputs(kind, complete | given).items()
                if is_widget(entry) and name not in given and name not in complete
            }
            missing = {name: value for name, value in missing.items() if value is not None}
            if not missing:
                break
            complete |= missing
        known = self.known.inputs(kind, complete | given)
        return {name: (complete | given)[name] for name in known if name in complete or name in given}

    def api(self) -> dict[str, dict]:
        """In the API's form."""
        return {
            number: {
                "class_type": node.kind,
                "inputs": node.inputs,
                "_meta": {"title": node.title or node.kind},
            }
            for number, node in self.nodes.items()
        }


def _default(entry: dict) -> object:
    """The value that the page gives a widget."""
    if "default" in entry:
        return entry["default"]
    options = entry.get("options") or []
    if options:
        return options[0]["key"] if isinstance(options[0], dict) else options[0]
    return {"BOOLEAN": False, "STRING": "", "INT": entry.get("min", 0), "FLOAT": entry.get("min", 0.0)}.get(
        entry["type"]
    )
