"""What saved workflows rely on, as the running ComfyUI reports it."""

import json

from schema_lock import LOCK, STRINGS, contracts, strings


def test_nodes_are_as_locked(server):
    live = json.loads(json.dumps(contracts(server.object_info)))
    locked = json.loads(LOCK.read_text())
    assert live == locked, (
        "a node differs from tests/schema_lock.json; if workflows saved before still open and run, "
        "write it again with: python tests/comfyui/schema_lock.py"
    )


def test_english_strings_are_the_nodes_own(server):
    assert strings(server.object_info) == json.loads(STRINGS.read_text()), (
        "a node's words differ from locales/en/nodeDefs.json; write it again with: "
        "python tests/comfyui/schema_lock.py"
    )


def test_strings_hold_no_signs_of_the_translation_language(server):
    assert not set(_texts(strings(server.object_info))) & set("|@{}")


def _texts(strings: dict | str) -> str:
    return strings if isinstance(strings, str) else "".join(map(_texts, strings.values()))


def inputs_of(inputs: dict):
    """All inputs with their options, within modes and growing lists too."""
    for group in ("required", "optional"):
        for name, (_, *options) in inputs.get(group, {}).items():
            described = options[0] if options else {}
            yield name, described
            for mode in described.get("options", []):
                if isinstance(mode, dict):
                    yield from inputs_of(mode["inputs"])
            if "template" in described:
                yield from inputs_of(described["template"]["input"])


def test_every_node_explains_itself(server):
    for name, node in server.object_info.items():
        if name.startswith("MultiTalk"):
            assert node["category"].split("/")[0] == "MultiTalk", name
            assert node["description"] and node["search_aliases"], name
            for input_id, described in inputs_of(node["input"]):
                assert described.get("tooltip"), f"{name}.{input_id} has no tooltip"
