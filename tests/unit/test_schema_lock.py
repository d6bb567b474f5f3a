"""The nodes' source against the schema lock, for machines without ComfyUI."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

PACK = Path(__file__).parents[2]
LOCK = json.loads((PACK / "tests" / "schema_lock.json").read_text())
CHANGED = "an id that saved workflows rely on differs from tests/schema_lock.json"


def trees() -> Iterator[ast.Module]:
    return (ast.parse(path.read_text()) for path in sorted((PACK / "nodes").glob("*.py")))


def calls(name: str) -> Iterator[ast.Call]:
    """All calls of an attribute of this name, such as io.Int.Input(...)."""
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
                yield node


def input_ids(inputs: list[dict]) -> set[str]:
    """Of all inputs, within modes and growing lists too."""
    ids = {entry["id"] for entry in inputs}
    for entry in inputs:
        ids |= input_ids(entry.get("template", []))
        for option in entry.get("options", []):
            ids |= input_ids(option["inputs"]) if isinstance(option, dict) else set()
    return ids


def node_classes() -> dict[str, ast.ClassDef]:
    """By node id; the id is a literal within the class, as scanners of packs expect it."""
    found = {}
    for tree in trees():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and any(
                ast.unparse(base) == "io.ComfyNode" for base in node.bases
            ):
                ids = [
                    keyword.value.value
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call)
                    for keyword in call.keywords
                    if keyword.arg == "node_id"
                ]
                assert len(ids) == 1 and ids[0].startswith("MultiTalk"), ast.unparse(node)[:200]
                found[ids[0]] = node
    return found


def test_node_ids_are_those_of_the_lock():
    assert set(node_classes()) == set(LOCK), CHANGED


def test_input_ids_are_those_of_the_lock():
    written = set()
    for call in calls("Input"):
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Constant):
            written.add(first.value)
    locked = set().union(*(input_ids(contract["inputs"]) for contract in LOCK.values()))
    assert locked - written <= _ids_through_functions(), CHANGED
    assert written <= locked, CHANGED


def _ids_through_functions() -> set[str]:
    """Strings handed to helper functions that make inputs."""
    return {
        argument.value
        for tree in trees()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


@pytest.mark.parametrize("node_id", sorted(LOCK))
def test_execute_takes_the_inputs_by_their_ids(node_id):
    classes = node_classes()
    execute = next(
        item for item in classes[node_id].body if isinstance(item, ast.FunctionDef) and item.name == "execute"
    )
    arguments = {argument.arg for argument in [*execute.args.args, *execute.args.kwonlyargs]} - {"cls"}
    if execute.args.kwarg is not None:
        arguments |= shared_inputs()
    assert arguments == {entry["id"] for entry in LOCK[node_id]["inputs"]}, CHANGED


def shared_inputs() -> set[str]:
    """Those that the sampler nodes hand on together: the fields that a Shoot is made with."""
    (shoot,) = (
        node
        for tree in trees()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == "Shoot"
    )
    return {
        field.target.id
        for field in shoot.body
        if isinstance(field, ast.AnnAssign) and "init=False" not in ast.unparse(field)
    }


@pytest.mark.parametrize("node_id", sorted(LOCK))
def test_help_page_explains_every_input(node_id):
    page = (PACK / "web" / "docs" / f"{node_id}.md").read_text()
    missing = [entry["id"] for entry in LOCK[node_id]["inputs"] if f"`{entry['id']}`" not in page]
    assert not missing, f"web/docs/{node_id}.md says nothing of {missing}"
