"""The workflows that ship, against the schema lock: for machines without ComfyUI."""

import json
from pathlib import Path

import pytest

from workflow_inputs import known_inputs

PACK = Path(__file__).parents[2]
LOCK = json.loads((PACK / "tests" / "schema_lock.json").read_text())
PAGES = sorted((PACK / "workflows").glob("*.json"))
GRAPHS = sorted((PACK / "workflows" / "api").glob("*.json"))


def test_there_is_a_graph_for_every_workflow():
    assert PAGES and [path.name for path in PAGES] == [path.name for path in GRAPHS]


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_graph_gives_our_nodes_what_they_take(path):
    graph = json.loads(path.read_text())
    ours = {number: node for number, node in graph.items() if node["class_type"].startswith("MultiTalk")}
    assert ours
    for number, node in ours.items():
        where = f"{path.name}, node {number} ({node['class_type']})"
        known = known_inputs(LOCK[node["class_type"]]["inputs"], node["inputs"])
        assert set(node["inputs"]) <= set(known), where
        missing = {name for name, entry in known.items() if not entry["optional"]} - set(node["inputs"])
        assert not missing, f"{where} lacks {missing}"
        for name, value in node["inputs"].items():
            _check_value(f"{where}, {name}", value, known[name], graph)


def _check_value(where: str, value: object, entry: dict, graph: dict) -> None:
    if isinstance(value, list):
        source, slot = graph[value[0]]["class_type"], value[1]
        if source in LOCK:
            assert LOCK[source]["outputs"][slot]["type"] in entry["type"].split(","), where
        return
    if "min" in entry:
        assert entry["min"] <= value <= entry["max"], where
    choices = [option["key"] if isinstance(option, dict) else option for option in entry.get("options", [])]
    assert not choices or value in choices, where


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_has_our_nodes_as_they_are(path):
    page = json.loads(path.read_text())
    nodes = {node["id"]: node for node in page["nodes"]}
    for node in nodes.values():
        if node["type"].startswith("MultiTalk"):
            outputs = [(output["name"], output["type"]) for output in node["outputs"]]
            locked = [(output["name"], output["type"]) for output in LOCK[node["type"]]["outputs"]]
            assert outputs == locked, f"{path.name}, node {node['id']} ({node['type']})"
    for link, source, slot, target, place, kind in page["links"]:
        assert link in nodes[source]["outputs"][slot]["links"], f"{path.name}, link {link}"
        assert nodes[target]["inputs"][place]["link"] == link, f"{path.name}, link {link}"
        assert kind in ("*", nodes[source]["outputs"][slot]["type"]), f"{path.name}, link {link}"
