"""Reading a graph file, in the form of ComfyUI's page or of its API."""

import json
import math
from pathlib import Path
from typing import Any

from ..errors import MultiTalkError
from ..files.given import read_text
from .node_list import NodeList
from .page_graph import read_page
from .source_graph import Link, SourceGraph, SourceNode

LONGEST = 50_000_000  # bytes
WRAPPED = ("prompt", "workflow")  # as in a queued request, or in the metadata of a saved picture


def read_graph(path: Path, nodes: NodeList) -> SourceGraph:
    """Read a graph.

    Parameters
    ----------
    path : Path
    nodes : NodeList
        Knows the widgets of ComfyUI's own nodes.

    Raises
    ------
    MultiTalkError
        When the file is no graph of ComfyUI.
    """
    content = _json(path)
    for name in WRAPPED:
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    try:
        if isinstance(content, dict) and isinstance(content.get("nodes"), list):
            return read_page(content, nodes)
        if _is_api(content):
            return read_api(content)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise MultiTalkError(
            f"The graph {path} is damaged: save it again in ComfyUI (Workflow → Export)."
        ) from error
    raise MultiTalkError(
        f"{path} is not a graph of ComfyUI: export one from the page (Workflow → Export, or Export (API))."
    )


def _json(path: Path) -> Any:
    text = read_text(path, "graph", LONGEST)
    try:
        return json.loads(text, parse_constant=lambda word: None, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise MultiTalkError(
            f"The graph {path} cannot be read as JSON: export it from ComfyUI's page again."
        ) from error


def _finite(digits: str) -> float | None:
    """A number; what is too large for one is missing, like NaN, which Python writes into metadata."""
    number = float(digits)
    return number if math.isfinite(number) else None


def _is_api(content: object) -> bool:
    return (
        isinstance(content, dict)
        and bool(content)
        and all(
            isinstance(node, dict) and isinstance(node.get("class_type"), str) for node in content.values()
        )
    )


def read_api(content: dict[str, Any]) -> SourceGraph:
    """A graph in API form."""

    def given(value: object) -> object:
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], int):
            return Link(str(value[0]), value[1]) if str(value[0]) in content else value
        return value

    return SourceGraph(
        {
            str(number): SourceNode(
                str(number),
                node["class_type"],
                {name: given(value) for name, value in node.get("inputs", {}).items()},
                str(node.get("_meta", {}).get("title", "")),
            )
            for number, node in content.items()
        }
    )
