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
    """A titled frame around nodes, one below the other; its note is the section of its title."""

    title: str
    nodes: dict[str, Node] = field(default_factory=dict)
    width: int = 330


@dataclass(frozen=True)
class Workflow:
    """A graph and its layout; notes/<name>.md has a section for each group that has a note.

    Attributes
    ----------
    name : str
    columns : list of list of Group
    app_inputs : tuple of (node, input id)
        What App Mode shows to fill in.
    app_outputs : tuple of node
        Whose results App Mode shows.
    """

    name: str
    columns: list[list[Group]]
    app_inputs: tuple[tuple[str, str], ...] = ()
    app_outputs: tuple[str, ...] = ()

    @property
    def groups(self) -> list[Group]:
        """Column by column."""
        return [group for column in self.columns for group in column]

    @property
    def nodes(self) -> dict[str, Node]:
        """All nodes by name, group by group."""
        return {name: node for group in self.groups for name, node in group.nodes.items()}

    def notes(self) -> dict[str, str]:
        """Markdown by the title of its group; the file list follows in the group of the models."""
        text = (NOTES / f"{self.name}.md").read_text()
        sections = (section.split("\n", 1) for section in text.removeprefix("# ").split("\n# "))
        notes = {title.strip(): words.strip() for title, words in sections}
        for group in self.groups:
            if files := named_files(group):
                notes[group.title] = "\n\n".join(filter(None, [notes.get(group.title), file_note(files)]))
        unknown = notes.keys() - {group.title for group in self.groups}
        assert not unknown, f"{self.name}: notes of groups that it does not have: {unknown}"
        return notes


def named_files(group: Group) -> list[str]:
    """The models' files that a group's nodes name, in order."""
    values = (value for node in group.nodes.values() for value in node.inputs.values())
    return list(dict.fromkeys(value for value in values if isinstance(value, str) and value in FILES))


def file_note(names: list[str]) -> str:
    """Markdown: which file goes where."""
    lines = ["Files, each in its folder of **ComfyUI/models**:", ""]
    for name in names:
        file = FILES[name]
        instead = f" (or {file.instead})" if file.instead else ""
        lines.append(f"- **{file.folder}**: [{name}]({file.address}){instead}")
    return "\n".join([*lines, "", LICENCES])
