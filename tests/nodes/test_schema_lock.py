"""The nodes' contracts against the schema lock, for machines without ComfyUI."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

PACK = Path(__file__).parents[2]
LOCK = json.loads((PACK / "tests" / "schema_lock.json").read_text())
CHANGED = "what saved workflows rely on differs from tests/schema_lock.json"


def trees() -> Iterator[ast.Module]:
    return (ast.parse(path.read_text()) for path in sorted((PACK / "nodes").rglob("*.py")))


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


@pytest.fixture(scope="module")
def declared() -> dict[str, dict]:
    """What the nodes' schemas declare, by node id; None in place of lists that ComfyUI knows."""
    command = [sys.executable, PACK / "tests" / "helpers" / "recorded_schemas.py"]
    return json.loads(subprocess.check_output(command))


def test_nodes_are_those_of_the_lock(declared):
    assert set(declared) == set(node_classes()) == set(LOCK), CHANGED


@pytest.mark.parametrize("node_id", sorted(LOCK))
def test_inputs_and_outputs_are_those_of_the_lock(declared, node_id):
    assert declared[node_id]["outputs"] == LOCK[node_id]["outputs"], CHANGED
    locked = _without_lists(LOCK[node_id]["inputs"], declared[node_id]["inputs"])
    assert declared[node_id]["inputs"] == locked, CHANGED


def _without_lists(locked: list[dict], declared: list[dict]) -> list[dict]:
    """The lock's inputs with None in place of what is None in the declared ones."""
    pairs = zip_longest(locked, declared[: len(locked)], fillvalue={})
    return [_without_list(entry, own) for entry, own in pairs]


def _without_list(locked: dict, declared: dict) -> dict:
    modes = locked.get("options", [])
    if any(isinstance(mode, dict) for mode in modes):
        own = {mode["key"]: mode["inputs"] for mode in declared.get("options", [])}
        return locked | {
            "options": [
                {"key": mode["key"], "inputs": _without_lists(mode["inputs"], own.get(mode["key"], []))}
                for mode in modes
            ]
        }
    return locked | {"options": None} if "options" in declared and declared["options"] is None else locked


@pytest.mark.parametrize("node_id", sorted(LOCK))
def test_execute_takes_the_inputs_by_their_ids(node_id):
    classes = node_classes()
    execute = next(
        item for item in classes[node_id].body if isinstance(item, ast.FunctionDef) and item.name == "execute"
    )
    arguments = {argument.arg for argument in [*execute.args.args, *execute.args.kwonlyargs]} - {"cls"}
    if execute.args.kwarg is not None:
        arguments |= keyword_inputs(execute)
    assert arguments == {entry["id"] for entry in LOCK[node_id]["inputs"]}, CHANGED


def keyword_inputs(execute: ast.FunctionDef) -> set[str]:
    """Fields of the TypedDict in `**inputs: Unpack[...]`, or of the class that is made of all `**inputs`."""
    keywords = execute.args.kwarg
    if isinstance(keywords.annotation, ast.Subscript):
        return fields_of(ast.unparse(keywords.annotation.slice))
    (made,) = (
        ast.unparse(call.func)
        for call in ast.walk(execute)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg is None and ast.unparse(keyword.value) == keywords.arg
    )
    return fields_of(made)


def fields_of(name: str) -> set[str]:
    """Fields of a class, those of the classes of which it is made too."""
    waiting, found = [name], set()
    classes = {item.name: item for tree in trees() for item in tree.body if isinstance(item, ast.ClassDef)}
    while waiting:
        group = classes.get(waiting.pop())
        if group is not None:
            waiting += [ast.unparse(base) for base in group.bases]
            found |= {field.target.id for field in group.body if isinstance(field, ast.AnnAssign)}
    return found


@pytest.mark.parametrize("node_id", sorted(LOCK))
def test_help_page_explains_every_input(node_id):
    page = (PACK / "web" / "docs" / f"{node_id}.md").read_text()
    missing = [entry["id"] for entry in LOCK[node_id]["inputs"] if f"`{entry['id']}`" not in page]
    assert not missing, f"web/docs/{node_id}.md says nothing of {missing}"


@pytest.mark.parametrize("node_id", sorted(LOCK))
def test_help_page_has_no_table_that_the_panel_cuts(node_id):
    page = (PACK / "web" / "docs" / f"{node_id}.md").read_text()
    assert [line for line in page.splitlines() if line.lstrip().startswith("|")] == []
