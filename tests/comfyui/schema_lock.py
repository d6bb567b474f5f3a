"""The nodes as saved workflows know them: `python tests/comfyui/schema_lock.py` writes the lock anew."""

import json
import tempfile
from pathlib import Path

from comfy_server import ComfyServer

LOCK = Path(__file__).parents[1] / "schema_lock.json"
OURS = "MultiTalk"
KEPT = ("default", "min", "max", "step", "multiline", "control_after_generate")
AUTOGROW, DYNAMIC_COMBO = "COMFY_AUTOGROW_V3", "COMFY_DYNAMICCOMBO_V3"


def contracts(object_info: dict) -> dict[str, dict]:
    """Of each node of ours what a workflow depends on: ids, order, types, defaults, ranges and choices."""
    return {
        name: {
            "inputs": _inputs(node["input"]),
            "outputs": [
                {"name": output, "type": kind}
                for output, kind in zip(node["output_name"], node["output"], strict=True)
            ],
        }
        for name, node in sorted(object_info.items())
        if name.startswith(OURS)
    }


def _inputs(inputs: dict) -> list[dict]:
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
        entry |= {"names": template["names"], "template": _inputs(template["input"])}
    elif kind == DYNAMIC_COMBO:
        entry["options"] = [
            {"key": option["key"], "inputs": _inputs(option["inputs"])} for option in options["options"]
        ]
    elif kind == "COMBO" and not any(_is_file(choice) for choice in options["options"]):
        entry["options"] = options["options"]
    return entry | {key: options[key] for key in KEPT if key in options and not _is_file(options[key])}


def _is_file(choice: object) -> bool:
    """Lists of the models at hand are no part of the contract."""
    return isinstance(choice, str) and choice.endswith(".safetensors")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, ComfyServer(Path(folder)) as server:
        LOCK.write_text(json.dumps(contracts(server.object_info), indent=1, ensure_ascii=False) + "\n")
        print(f"{LOCK} written, {len(contracts(server.object_info))} nodes.")
