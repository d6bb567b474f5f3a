"""What a graph is: nodes by name, in groups and columns."""

from dataclasses import dataclass, field
from pathlib import Path

from .files import FILES, LICENCES

NOTES = Path(__file__).parent / "notes"


@dataclass(frozen=True)
class Node:
    """A node of a graph.

    Attributes
    ----------
    kind : str
        ComfyUI's id of the node.
    inputs : dict
        By input id; a tuple (node, output) is a link, anything else a widget's value.
    title : str, optional
        Instead of the node's own.
    height : int
        Pixels that the node is taller than its widgets need, for what it shows.
    """

    kind: str
    inputs: dict = field(default_factory=dict)
    title: str | None = None
    height: int = 0


@dataclass(frozen=True)
class Group:
    """A titled frame around nodes, one below the other."""

    title: str
    nodes: dict[str, Node]
    width: int = 340


@dataclass(frozen=True)
class Workflow:
    """A graph and its layout; its note is notes/<name>.md, followed by the model files."""

    name: str
    columns: list[list[Group]]

    @property
    def nodes(self) -> dict[str, Node]:
        """All nodes by name, column by column."""
        groups = (group for column in self.columns for group in column)
        return {name: node for group in groups for name, node in group.nodes.items()}

    def files(self) -> list[str]:
        """The models' files that it names, in order."""
        values = (value for node in self.nodes.values() for value in node.inputs.values())
        return list(dict.fromkeys(value for value in values if isinstance(value, str) and value in FILES))

    def note(self) -> str:
        """Markdown for the first column."""
        text = (NOTES / f"{self.name}.md").read_text()
        files = self.files()
        return f"{text}\n{file_note(files)}" if files else text


def file_note(names: list[str]) -> str:
    """Markdown: which file goes where."""
    lines = ["## Files", "", "| in `ComfyUI/models/` | file |", "| --- | --- |"]
    for name in names:
        file = FILES[name]
        instead = f"<br>or {file.instead}" if file.instead else ""
        lines.append(f"| `{file.folder}/` | [{name}]({file.address}){instead} |")
    return "\n".join([*lines, "", LICENCES])
