"""Which nodes a ComfyUI has, and whether a graph fits them."""

import json
import urllib.request
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import MultiTalkError, quoted

SHIPPED = Path(__file__).parent / "node_list.json"
AUTOGROW, DYNAMIC_COMBO, MATCHED = "COMFY_AUTOGROW_V3", "COMFY_DYNAMICCOMBO_V3", "COMFY_MATCHTYPE_V3"
WIDGET_KINDS = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR", DYNAMIC_COMBO)
STORED = ("default", "min", "max", "control_after_generate")
UPLOADS = ("image_upload", "audio_upload", "video_upload")
FILE_ENDINGS = (".safetensors", ".ckpt", ".pt", ".pth", ".gguf", ".sft", ".bin")
SECONDS = 30


class NodeList:
    """The nodes of a ComfyUI.

    Parameters
    ----------
    nodes : dict
        By kind: `inputs`, a list in order, and `outputs`.
    server : str, optional
        Where it was read; None for the list that ships.
    """

    def __init__(self, nodes: dict[str, dict], server: str | None = None):
        self.nodes = nodes
        self.server = server

    @classmethod
    @cache
    def shipped(cls) -> "NodeList":
        """The list that ships: this pack's nodes and those of ComfyUI that a converted graph can have."""
        return cls(json.loads(SHIPPED.read_text()))

    @classmethod
    def of_server(cls, address: str) -> "NodeList":
        """Read a running ComfyUI's list.

        Raises
        ------
        MultiTalkError
            When nothing answers as ComfyUI does.
        """
        url = address if "://" in address else f"http://{address}"
        try:
            with urllib.request.urlopen(f"{url.rstrip('/')}/object_info", timeout=SECONDS) as answer:
                info = json.load(answer)
            return cls({kind: described(node) for kind, node in info.items()}, url)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise MultiTalkError(
                f"No ComfyUI answers at {quoted(address)}: start it, or give the address that its page has, "
                "such as http://127.0.0.1:8188."
            ) from error

    def __contains__(self, kind: str) -> bool:
        return kind in self.nodes

    def inputs(self, kind: str, given: dict[str, object]) -> dict[str, dict]:
        """The inputs that a node has with these values, in order: those of the chosen modes too."""
        return dict(_drawn_out(self.nodes[kind]["inputs"], given, ""))

    def widgets(self, kind: str) -> tuple[str, ...]:
        """The ids of a node's widgets, in order, as far as they do not depend on a mode."""
        if kind not in self.nodes:
            return ()
        return tuple(entry["id"] for entry in self.nodes[kind]["inputs"] if is_widget(entry))

    def outputs(self, kind: str) -> list[dict]:
        """Names and types of a node's outputs."""
        return self.nodes[kind]["outputs"]

    def faults(self, graph: dict[str, dict]) -> Iterator[str]:
        """What does not fit, a sentence each, of a graph in API form."""
        for number, node in graph.items():
            kind = node["class_type"]
            if kind not in self.nodes:
                where = f"the ComfyUI at {self.server}" if self.server else "the list of known nodes"
                yield f"node {number} is {quoted(kind)}, which is not in {where}"
                continue
            for fault in self._input_faults(graph, node):
                yield f"node {number} ({kind}): {fault}"

    def match_files(self, graph: dict[str, dict]) -> None:
        """Name files as this ComfyUI does: with its separators, and in the folder where it has them."""
        for node in graph.values():
            if node["class_type"] not in self.nodes:
                continue
            for name, entry in self.inputs(node["class_type"], node["inputs"]).items():
                value, options = node["inputs"].get(name), entry.get("options") or []
                if entry["type"] == "COMBO" and isinstance(value, str) and value not in options:
                    node["inputs"][name] = _same_file(value, options)

    def _input_faults(self, graph: dict[str, dict], node: dict) -> Iterator[str]:
        given = node["inputs"]
        for name, entry in self.inputs(node["class_type"], given).items():
            if name not in given:
                if not entry["optional"] and "names" not in entry:
                    yield f"{name} has nothing connected"
            elif is_link(given[name], graph):
                origin, slot = given[name]
                kind = (
                    self.outputs(graph[origin]["class_type"])[slot]["type"]
                    if graph[origin]["class_type"] in self
                    else "*"
                )
                if not _fits(kind, entry["type"]):
                    yield f"{name} takes {entry['type']}, not {kind}"
            elif fault := _value_fault(given[name], entry):
                yield f"{name} is {quoted(given[name])}, {fault}"


def is_link(value: object, numbers: Container[str]) -> bool:
    """Whether a value of a graph in API form is an output of one of these nodes."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and value[0] in numbers
    )


def is_widget(entry: dict) -> bool:
    """Whether an input is set on the node."""
    return entry["type"] in WIDGET_KINDS and not entry.get("socket")


def _drawn_out(inputs: list[dict], given: dict[str, object], prefix: str) -> Iterator[tuple[str, dict]]:
    for entry in inputs:
        name = prefix + entry["id"]
        if "names" in entry:
            for slot in entry["names"]:
                yield f"{name}.{slot}", entry["template"][0] | {"optional": True}
            continue
        yield name, entry
        for option in entry.get("options") or []:
            if isinstance(option, dict) and option["key"] == given.get(name):
                yield from _drawn_out(option["inputs"], given, f"{name}.")


def _same_file(name: str, options: list[str]) -> str:
    """The option that is this file, by its path or by its name alone where that is clear."""
    plain = name.replace("\\", "/")
    paths = [option for option in options if str(option).replace("\\", "/") == plain]
    names = [
        option
        for option in options
        if str(option).replace("\\", "/").rpartition("/")[2] == plain.rpartition("/")[2]
    ]
    return (paths or (names if len(names) == 1 else []) or [name])[0]


def _fits(given: str, taken: str) -> bool:
    return (
        "*" in (given, taken)
        or MATCHED in (given, taken)
        or bool(set(given.split(",")) & set(taken.split(",")))
    )


def _value_fault(value: object, entry: dict) -> str:
    options = entry.get("options")
    if options is not None:
        known = [option["key"] if isinstance(option, dict) else option for option in options]
        few = ", ".join(map(str, known[:8])) or "nothing"
        return "" if value in known else f"but it can be {few}"
    if entry["type"] == "STRING" and not isinstance(value, str):
        return "which is no text"
    if entry["type"] not in ("INT", "FLOAT"):
        return ""
    if not isinstance(value, int | float):
        return "which is no number"
    if not entry.get("min", value) <= value <= entry.get("max", value):
        return f"but it lies between {entry.get('min')} and {entry.get('max')}"
    return ""


def described(node: dict[str, Any], with_files: bool = True) -> dict[str, list]:
    """A node of `/object_info` as this list has it.

    Parameters
    ----------
    node : dict
    with_files : bool
        Whether choices of files belong to it, which differ from server to server.
    """
    names = node.get("output_name") or node["output"]
    return {
        "inputs": _described_inputs(node["input"], with_files),
        "outputs": [
            {"name": name, "type": kind if isinstance(kind, str) else "COMBO"}
            for name, kind in zip(names, node["output"], strict=True)
        ],
    }


def _described_inputs(inputs: dict[str, dict], with_files: bool) -> list[dict]:
    return [
        _described_input(name, group == "optional", *description, with_files=with_files)
        for group in ("required", "optional")
        for name, description in inputs.get(group, {}).items()
    ]


def _described_input(  # noqa: PLR0917
    name: str, optional: bool, kind: str | list, options: dict | None = None, *, with_files: bool
) -> dict:
    options = options or {}
    choices = kind if isinstance(kind, list) else options.get("options")
    kind = "COMBO" if isinstance(kind, list) else kind
    entry: dict[str, Any] = {"id": name, "type": kind, "optional": optional}
    if kind == AUTOGROW:
        template = options["template"]
        numbered = [f"{template.get('prefix')}{number}" for number in range(template.get("max", 0))]
        entry |= {
            "names": template.get("names", numbered),
            "template": _described_inputs(template["input"], with_files),
        }
    elif kind == DYNAMIC_COMBO:
        entry["options"] = [
            {"key": option["key"], "inputs": _described_inputs(option["inputs"], with_files)}
            for option in options["options"]
        ]
    elif kind == "COMBO" and choices is not None and (with_files or not _are_files(choices, options)):
        entry["options"] = choices
    if upload := next((name for name in UPLOADS if options.get(name)), None):
        entry["upload"] = upload
    if options.get("forceInput"):
        entry["socket"] = True
    return entry | {key: options[key] for key in STORED if options.get(key) is not None}


def _are_files(choices: list, options: dict) -> bool:
    return (
        not choices
        or any(options.get(name) for name in UPLOADS)
        or any(str(choice).endswith(FILE_ENDINGS) for choice in choices)
    )
