"""Our graph in the form of ComfyUI's page: a column of nodes for each group, with their widgets and links."""

from .assembled_graph import GROUPS, AssembledGraph, AssembledNode
from .node_list import is_widget

WIDTH, WIDE = 340, 480  # pixels
TITLE, GAP, PADDING, HEADING, COLUMN_GAP = 30, 30, 20, 50, 50
ROW, TEXT_ROWS = 24, 90
LONG_TEXT = 60  # letters
SHOWN = {
    "MultiTalkPersonLocalizer": 230,
    "MultiTalkAudioEncoder": 190,
    "LoadImage": 240,
    "SaveVideo": 300,
    "LoadVideo": 240,
}
AFTER_UPLOAD = {"image_upload": ("image",), "video_upload": ("image",), "audio_upload": (None, "")}
UNGIVEN = {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}


def page_form(ours: AssembledGraph) -> dict[str, object]:
    """The graph as the page opens it."""
    links = _links(ours)
    nodes: list[dict[str, object]] = []
    groups: list[dict[str, object]] = []
    left = 0
    for title in GROUPS:
        column = {number: node for number, node in ours.nodes.items() if node.group == title}
        if not column:
            continue
        width = WIDE if title == "Result" else WIDTH
        top = HEADING
        for number, node in column.items():
            top += TITLE
            entry = _page_node(ours, number, node=node, links=links)
            height = _height(entry, node)
            nodes.append(entry | {"pos": [left + PADDING, top], "size": [width, height], "order": len(nodes)})
            top += height + GAP
        bounding = [left, 0, width + 2 * PADDING, top - GAP + PADDING]
        groups.append(
            {"id": len(groups) + 1, "title": title, "bounding": bounding, "color": "#3f789e", "flags": {}}
        )
        left += width + 2 * PADDING + COLUMN_GAP
    return {
        "last_node_id": len(nodes),
        "last_link_id": len(links),
        "nodes": nodes,
        "links": [[number, *ends] for ends, number in links.items()],
        "groups": groups,
        "config": {},
        "extra": {"ds": {"scale": 0.5, "offset": [60, 120]}},
        "version": 0.4,
    }


Ends = tuple[int, int, int, int, str]


def _links(ours: AssembledGraph) -> dict[Ends, int]:
    """Numbers of all links, by where they begin and end."""
    links: dict[Ends, int] = {}
    for number, node in ours.nodes.items():
        for slot, (name, _) in enumerate(_shown_inputs(ours, node)):
            value = node.inputs.get(name)
            if isinstance(value, list):
                links[_ends(ours, value, (int(number), slot))] = len(links) + 1
    return links


def _ends(ours: AssembledGraph, output: list, target: tuple[int, int]) -> Ends:
    origin, place = output
    kind = ours.known.outputs(ours.nodes[origin].kind)[place]["type"]
    return int(origin), place, *target, kind


def _shown_inputs(ours: AssembledGraph, node: AssembledNode) -> list[tuple[str, dict]]:
    """Sockets, then widgets; of a growing list those that are linked."""
    known = ours.known.inputs(node.kind, node.inputs)
    shown = {
        name: entry
        for name, entry in known.items()
        if is_widget(entry) or not _grows(ours, node, name) or name in node.inputs
    }
    sockets = [pair for pair in shown.items() if not is_widget(pair[1])]
    return [*sockets, *(pair for pair in shown.items() if is_widget(pair[1]))]


def _grows(ours: AssembledGraph, node: AssembledNode, name: str) -> bool:
    """Whether an input is one of a growing list."""
    return any(
        name.startswith(f"{entry['id']}.") or f".{entry['id']}." in name
        for entry in _lists(ours.known.nodes[node.kind]["inputs"])
    )


def _lists(inputs: list[dict]) -> list[dict]:
    found = []
    for entry in inputs:
        if "names" in entry:
            found.append(entry)
        for option in entry.get("options") or []:
            found += _lists(option["inputs"]) if isinstance(option, dict) else []
    return found


def _page_node(
    ours: AssembledGraph, number: str, *, node: AssembledNode, links: dict[Ends, int]
) -> dict[str, object]:
    inputs = []
    for slot, (name, entry) in enumerate(_shown_inputs(ours, node)):
        value = node.inputs.get(name)
        link = links[_ends(ours, value, (int(number), slot))] if isinstance(value, list) else None
        described = {"name": name, "type": entry["type"], "link": link}
        if is_widget(entry):
            described["widget"] = {"name": name}
        elif entry["optional"]:
            described["shape"] = 7
        inputs.append(described)
    outputs = [
        {
            "name": output["name"],
            "type": output["type"],
            "links": [link for ends, link in links.items() if ends[:2] == (int(number), slot)] or None,
        }
        for slot, output in enumerate(ours.known.outputs(node.kind))
    ]
    title = {"title": node.title} if node.title else {}
    return {
        "id": int(number),
        "type": node.kind,
        "flags": {},
        "mode": 0,
        "inputs": inputs,
        "outputs": outputs,
        **title,
        "properties": {"Node name for S&R": node.kind},
        "widgets_values": _widget_values(ours, node),
    }


def _widget_values(ours: AssembledGraph, node: AssembledNode) -> list[object]:
    values: list[object] = []
    for name, entry in ours.known.inputs(node.kind, node.inputs).items():
        if not is_widget(entry):
            continue
        value = node.inputs.get(name)
        linked = value is None or isinstance(value, list)
        values.append(entry.get("default", UNGIVEN.get(entry["type"])) if linked else value)
        if entry.get("control_after_generate"):
            values.append("fixed")
        values += AFTER_UPLOAD.get(entry.get("upload", ""), ())
    return values


def _height(entry: dict, node: AssembledNode) -> int:
    texts = sum(isinstance(value, str) and len(value) > LONG_TEXT for value in node.inputs.values())
    rows = max(len(entry["inputs"]), len(entry["outputs"]))
    return ROW * rows + 10 + TEXT_ROWS * texts + SHOWN.get(node.kind, 0)
