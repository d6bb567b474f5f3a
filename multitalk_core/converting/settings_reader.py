"""Reading a source graph from its sampler upwards by the tables of its nodes."""

import math
from dataclasses import dataclass, field

from ..errors import MultiTalkError, quoted
from . import wan_video_wrapper
from .conversion_report import ConversionReport
from .helper_nodes import CONSTANTS, FIRST_OF, FORMULAS, SWITCHES
from .linked_values import chosen, value_of
from .node_list import NodeList
from .node_meaning import READ_ON, Lost
from .source_graph import Link, SourceGraph, SourceNode
from .widget_orders import KNOWN

SCHEDULES = {"CreateCFGScheduleFloatList": "cfg_scale_start", "CreateScheduleFloatList": "start_value"}
LORA_SELECTS = ("WanVideoLoraSelect", "WanVideoLoraSelectByName", "WanVideoLoraSelectMulti")
HELPERS = {*CONSTANTS, *FORMULAS}
NO_LORA = ("none", "None", "", None)


@dataclass
class Findings:
    """What one sampler's part of a graph says.

    Attributes
    ----------
    settings : dict
        By our names, as the tables give them.
    sockets : dict of str to Link
        What is linked, by its part: picture, voice_1 and so on.
    loras : list of (file, strength)
    nodes : dict of str to SourceNode
        The node that each setting was read from.
    seen : set of str
        Ids of all nodes that were read.
    """

    settings: dict[str, object] = field(default_factory=dict)
    sockets: dict[str, object] = field(default_factory=dict)
    loras: list[tuple[str, float]] = field(default_factory=list)
    nodes: dict[str, SourceNode] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def number(self, setting: str, usual: float) -> float:
        """A setting that is a number.

        Raises
        ------
        MultiTalkError
            When it is anything else.
        """
        value = self.settings.get(setting, usual)
        if not isinstance(value, int | float) or not math.isfinite(value):
            node = self.nodes[setting]
            raise MultiTalkError(f"{node}: {self.place(setting)} is {quoted(value)}, and not a number.")
        return float(value)

    def whole(self, setting: str, usual: int) -> int:
        """A setting that is a whole number; a fraction of it is dropped."""
        return int(self.number(setting, usual))

    def place(self, setting: str) -> str:
        """The input that a setting was read from."""
        carried = KNOWN[self.nodes[setting].kind].carried
        return next((name for name, ours in carried.items() if ours == setting), setting)


class SettingsReader:
    """Fills Findings.

    Parameters
    ----------
    graph : SourceGraph
    known : NodeList
    report : ConversionReport
    """

    def __init__(self, graph: SourceGraph, known: NodeList, report: ConversionReport):
        self.graph = graph
        self.known = known
        self.report = report
        self.found = Findings()

    def read(self, node: SourceNode) -> Findings:
        """Read a node and what it depends on."""
        if node.id in self.found.seen:
            return self.found
        self.found.seen.add(node.id)
        if node.kind not in KNOWN:
            return self._read_through(node)
        meaning = KNOWN[node.kind]
        for name, value in node.inputs.items():
            if name in meaning.sockets:
                self._socket(node, name, meaning.sockets[name])
            elif name in meaning.carried:
                self._carry(node, name, meaning.carried[name])
            elif name in meaning.lost:
                self._lose(node, name, meaning.lost[name])
            elif isinstance(value, Link):
                self.report.lose(node, name, "this input is not known")
        if node.kind in LORA_SELECTS:
            self._loras(node)
        return self.found

    def _lose(self, node: SourceNode, name: str, lost: Lost) -> None:
        value = node.inputs[name]
        origin = self.graph.behind(value)
        if origin is not None and origin.kind == wan_video_wrapper.SCHEDULER:
            self.read(origin)  # what it hands on is among its own settings
        elif lost.why and value_of(self.graph, value) not in lost.neutral:
            self.report.lose(node, name, lost.why)

    def _read_through(self, node: SourceNode) -> Findings:
        """An unknown node: what lies behind it still counts."""
        if node.kind not in HELPERS:
            self.report.miss(node)
        for link in node.linked().values():
            self._follow(link)
        return self.found

    def _follow(self, link: object) -> None:
        node = self.graph.behind(link)
        if node is not None and (node.kind in SWITCHES or node.kind in FIRST_OF):
            self._follow(chosen(self.graph, node))
        elif node is not None and node.kind in wan_video_wrapper.SAMPLERS:
            self.report.lose(node, "", "a film is sampled in one pass; this one is left out")
        elif node is not None:
            self.read(node)

    def _socket(self, node: SourceNode, name: str, part: str) -> None:
        link = node.inputs[name]
        if part == READ_ON:
            self._follow(link)
        elif isinstance(link, Link):
            self.found.sockets.setdefault(part, link)
            self.report.carry(node, name, to=part, value=None)

    def _carry(self, node: SourceNode, name: str, setting: str) -> None:
        value = value_of(self.graph, node.inputs[name])
        origin = self.graph.behind(node.inputs[name])
        if origin is not None and origin.kind in SCHEDULES:
            value = value_of(self.graph, origin.inputs.get(SCHEDULES[origin.kind]))
            self.report.change(
                node, name, f"a value for each step has no counterpart; all steps have {value}"
            )
        elif isinstance(value, list):
            value = value[0] if value else None
            self.report.change(
                node, name, f"a value for each step has no counterpart; all steps have {value}"
            )
        elif value is None and origin is not None and origin.kind in wan_video_wrapper.MEANINGS:
            self.read(origin)
            return
        if not isinstance(value, str | int | float):
            self.report.lose(node, name, "it is known only when the graph runs; it stays as by default")
            return
        value = round(value, 6) if isinstance(value, float) else value  # 11.000000000000002 on a slider is 11
        self.found.settings[setting] = value
        self.found.nodes[setting] = node
        self.report.carry(node, name, to=setting, value=value)

    def _loras(self, node: SourceNode) -> None:
        """The LoRAs of a node, which come after those of the node before."""
        pairs = [("lora", "strength"), ("lora_name", "strength")]
        pairs += [(f"lora_{number}", f"strength_{number}") for number in range(5)]
        for file, strength in pairs:
            name = value_of(self.graph, node.inputs.get(file))
            if name in NO_LORA:
                continue
            if strength in node.inputs:
                self._carry(node, strength, "strength")
            self.found.loras.append((str(name), self.found.number("strength", 1.0)))
            self.found.settings.pop("strength", None)
            self.report.carry(node, file, to="lora.lora_name", value=name)
