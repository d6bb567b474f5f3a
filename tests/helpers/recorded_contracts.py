"""What users' graphs, scripts and files rely on from version 0.2.0 on, and whether all of it is still there.

`PYTHONPATH=.:tests python tests/helpers/recorded_contracts.py` records in contracts.json what was appended.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from safetensors import safe_open

from helpers.tiny_adapter import SHAPE
from helpers.tiny_film import TinyFilm
from multitalk_core.checkpoint.adapter_sizes import expected_sizes
from multitalk_core.cli.main import make_parser

TESTS = Path(__file__).parents[1]
RECORD = TESTS / "contracts.json"


def contracts(folder: Path) -> dict:
    """All contracts of this version; a film is stored in `folder`.

    The order of what is in a list is part of the contract, the order of what has a name is not.
    """
    return {
        "nodes": nodes(json.loads((TESTS / "schema_lock.json").read_text())),
        "commands": commands(make_parser()),
        "store": stored_film(folder),
        "adapter": named(expected_sizes(SHAPE)),
    }


def named(names: object) -> dict[str, dict]:
    """Names without an order."""
    return {str(name): {} for name in names}


def nodes(lock: dict) -> dict:
    """Of each node: inputs with their types and defaults, and outputs, in order."""
    return {
        node: {"inputs": [node_input(entry) for entry in schema["inputs"]], "outputs": schema["outputs"]}
        for node, schema in lock.items()
    }


def node_input(entry: dict) -> dict:
    """An input; those of its modes within it."""
    described = {"id": entry["id"], "type": entry["type"], "required": not entry["optional"]}
    described |= {key: entry[key] for key in ("default", "control_after_generate") if key in entry}
    modes = {}
    for mode in entry.get("options", []):
        key, inner = (mode["key"], mode["inputs"]) if isinstance(mode, dict) else (mode, [])
        modes[key] = {"inputs": [node_input(each) for each in inner]}
    return described | {"options": modes}


def commands(parser: argparse.ArgumentParser) -> dict:
    """Of each command: what it takes by position, its options with their defaults, and its own commands."""
    positions, options, inner = [], {}, {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            inner = {name: commands(command) for name, command in action.choices.items()}
        elif action.option_strings:
            options |= dict.fromkeys(action.option_strings, argument(action))
        else:
            positions.append(argument(action))
    return {"positions": positions, "options": options, "commands": inner}


def argument(action: argparse.Action) -> dict:
    """What a position or an option takes."""
    return {
        "required": action.required,
        "default": str(action.default),
        "takes": str(action.nargs),
        "choices": named(action.choices or ()),
    }


def stored_film(folder: Path) -> dict:
    """Names in the files of a stored film: its manifest and its clips."""
    TinyFilm(1).make(folder)
    (manifest,) = folder.rglob("film.json")
    written = json.loads(manifest.read_text())
    (clip,) = manifest.parent.glob("*.safetensors")
    with safe_open(clip, "pt") as file:
        tensors, metadata = named(file.keys()), file.metadata()
    return {
        "film.json": named(written) | {"format": written["format"]},
        "description": named(written["description"]),
        "link": named(written["links"][0]),
        "clip": {"tensors": tensors, "metadata": named(sorted(metadata)) | {"format": metadata["format"]}},
    }


def broken(recorded: object, now: object, where: str = "") -> Iterator[str]:
    """Where something recorded is missing, changed or moved, or something new is required."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        yield from (f"{where}/{name} is missing" for name in recorded.keys() - now.keys())
        for name in recorded.keys() & now.keys():
            yield from broken(recorded[name], now[name], f"{where}/{name}")
        new = {name: now[name] for name in now.keys() - recorded.keys()}
        yield from (f"{where}/{name} is new and required" for name, value in new.items() if needed(value))
    elif isinstance(recorded, list) and isinstance(now, list):
        if len(now) < len(recorded):
            yield f"{where} has {len(now)} entries and not {len(recorded)}"
        for place, (old, new) in enumerate(zip(recorded, now, strict=False)):
            yield from broken(old, new, f"{where}/{old.get('id', place)}")
        yield from (f"{where}: a new entry is required" for new in now[len(recorded) :] if needed(new))
    elif recorded != now:
        yield f"{where} is {now!r} and not {recorded!r}"


def needed(value: object) -> bool:
    """Whether graphs or lines of before would lack it."""
    return isinstance(value, dict) and value.get("required") is True


def main() -> None:
    """Record what was appended."""
    with tempfile.TemporaryDirectory() as folder:
        now = contracts(Path(folder))
    if RECORD.exists() and (faults := sorted(broken(json.loads(RECORD.read_text()), now))):
        sys.exit("\n".join(faults))
    RECORD.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
