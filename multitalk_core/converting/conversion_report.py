"""What a conversion carried over, and what it could not."""

from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import LONGEST_MESSAGE, printable, quoted
from .source_graph import Link, SourceNode


@dataclass(frozen=True)
class Remark:
    """One sentence about one place in the source graph.

    Attributes
    ----------
    node : str
        Its id.
    kind : str
    input : str
        Empty for the whole node.
    value : object
    why : str
    """

    node: str
    kind: str
    input: str
    value: object
    why: str

    def __str__(self) -> str:
        place = f"{quoted(self.kind)} (node {quoted(self.node)})"
        if self.input:
            place += f": {quoted(self.input)}"
            place += "" if self.value is None else f" = {quoted(self.value)}"
        return printable(f"{place}: {self.why}", LONGEST_MESSAGE)


@dataclass
class ConversionReport:
    """Remarks by kind, each once.

    Attributes
    ----------
    carried : list of (source, ours, value)
    lost : list of Remark
        Settings without counterpart.
    changed : list of Remark
        Settings whose counterpart is not quite the same.
    unknown : list of Remark
        Nodes that nothing is known about.
    """

    carried: list[tuple[str, str, object]] = field(default_factory=list)
    lost: list[Remark] = field(default_factory=list)
    changed: list[Remark] = field(default_factory=list)
    unknown: list[Remark] = field(default_factory=list)

    def carry(self, node: SourceNode, name: str, *, to: str, value: object) -> None:
        """A setting has its counterpart."""
        entry = (f"{node.kind}.{name}", to, value)
        if entry not in self.carried:
            self.carried.append(entry)

    def lose(self, node: SourceNode, name: str, why: str) -> None:
        """A setting has no counterpart."""
        self.lost += [remark for remark in [_remark(node, name, why)] if remark not in self.lost]

    def change(self, node: SourceNode, name: str, why: str) -> None:
        """A setting has another form here."""
        self.changed += [remark for remark in [_remark(node, name, why)] if remark not in self.changed]

    def miss(self, node: SourceNode, why: str = "an unknown node; what it does is left out") -> None:
        """A node is unknown."""
        self.unknown += [remark for remark in [_remark(node, "", why)] if remark not in self.unknown]

    def described(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "carried": [dict(zip(("from", "to", "value"), entry, strict=True)) for entry in self.carried],
            **{
                name: [asdict(remark) for remark in getattr(self, name)]
                for name in ("lost", "changed", "unknown")
            },
        }

    def lines(self) -> list[str]:
        """For people: what they should look at."""
        titles = {
            "unknown": "Unknown nodes:",
            "lost": "Without counterpart:",
            "changed": "Carried over in another form:",
        }
        lines = []
        for name, title in titles.items():
            remarks = getattr(self, name)
            lines += [title, *(f"  {remark}" for remark in remarks)] if remarks else []
        return lines


def _remark(node: SourceNode, name: str, why: str) -> Remark:
    value = node.inputs.get(name)
    return Remark(node.id, node.kind, name, None if isinstance(value, Link | dict) else value, why)
