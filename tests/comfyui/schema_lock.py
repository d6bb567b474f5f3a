"""The nodes as saved workflows and as translators know them.

`python tests/comfyui/schema_lock.py` writes tests/schema_lock.json and locales/en/nodeDefs.json again.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from comfy_server import ComfyServer

LOCK = Path(__file__).parents[1] / "schema_lock.json"
STRINGS = Path(__file__).parents[2] / "locales" / "en" / "nodeDefs.json"
OURS = "MultiTalk"
KEPT = ("default", "min", "max", "step", "multiline", "control_after_generate")
AUTOGROW, DYNAMIC_COMBO = "COMFY_AUTOGROW_V3", "COMFY_DYNAMICCOMBO_V3"


def contracts(object_info: dict) -> dict[str, dict]:
    """Of each node of ours what a workflow depends on: ids, order, types, defaults, ranges and choices."""
    return {
        name: {
            "inputs": inputs_of(node["input"]),
            "outputs": [
                {"name": output, "type": kind}
                for output, kind in zip(node["output_name"], node["output"], strict=True)
            ],
        }
        for name, node in sorted(object_info.items())
        if name.startswith(OURS)
    }


def inputs_of(inputs: dict) -> list[dict]:
    """The inputs of a node, ours or another, as the lock describes them."""
    return [
        _input(name, group == "optional", *description)
        for group in ("required", "optional")
        for name, description in inputs.get(group, {}).items()
    ]


def _input(name: str, optional: bool, kind: str | list, options: dict | None = None) -> dict:
    options = options or {}
    entry = {"id": name, "type": kind, "optional": optional}
    if kind == AUTOGROW:
        template = options["template"]
        numbered = [f"{template.get('prefix')}{number}" for number in range(template.get("max", 0))]
        entry |= {"names": template.get("names", numbered), "template": inputs_of(template["input"])}
    elif kind == DYNAMIC_COMBO:
        entry["options"] = [
            {"key": option["key"], "inputs": inputs_of(option["inputs"])} for option in options["options"]
        ]
    elif kind == "COMBO":
        entry["options"] = [choice for choice in options["options"] if not _is_file(choice)]
    return entry | {key: options[key] for key in KEPT if key in options and not _is_file(options[key])}


def _is_file(choice: object) -> bool:
    """Models, voices and keys at hand are no part of the contract."""
    return isinstance(choice, str) and bool(re.fullmatch(r".+\.[a-z]\w*", choice))


def strings(object_info: dict) -> dict[str, dict]:
    """What the page shows of each node of ours, in the form that its translations have."""
    return {
        name: {
            "display_name": node["display_name"],
            "description": node["description"],
            "inputs": dict(_input_strings(node["input"], "")),
            "outputs": {
                str(slot): {"name": output, "tooltip": tooltip} if tooltip else {"name": output}
                for slot, (output, tooltip) in enumerate(
                    zip(node["output_name"], node["output_tooltips"], strict=True)
                )
            },
        }
        for name, node in sorted(object_info.items())
        if name.startswith(OURS)
    }


def _input_strings(inputs: dict, prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Inputs within modes and growing lists have their parents' ids in front; dots are underscores here."""
    for group in ("required", "optional"):
        for name, (_, *described) in inputs.get(group, {}).items():
            options = described[0] if described else {}
            yield (
                prefix + name,
                {"name": options.get("display_name") or name, "tooltip": options.get("tooltip", "")},
            )
            for mode in options.get("options", []):
                if isinstance(mode, dict):
                    yield from _input_strings(mode["inputs"], f"{prefix}{name}_")


def _write(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    print(f"{path} written.")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, ComfyServer(Path(folder)) as server:
        _write(LOCK, contracts(server.object_info))
        _write(STRINGS, strings(server.object_info))
