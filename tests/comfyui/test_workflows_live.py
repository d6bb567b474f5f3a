"""The graphs that ship, against the running ComfyUI: its nodes, and what they take."""

import json
from pathlib import Path

import pytest
from schema_lock import inputs_of

from helpers.workflow_inputs import known_inputs

GRAPHS = sorted((Path(__file__).parents[2] / "workflows" / "api").glob("*.json"))


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_graph_fits_the_nodes_of_this_comfyui(server, path):
    graph = json.loads(path.read_text())
    for number, node in graph.items():
        where = f"{path.name}, node {number} ({node['class_type']})"
        assert node["class_type"] in server.object_info, where
        known = known_inputs(inputs_of(server.object_info[node["class_type"]]["input"]), node["inputs"])
        # A widget such as an upload button may come along without being an input.
        given = {name: value for name, value in node["inputs"].items() if name in known}
        missing = {name for name, entry in known.items() if not entry["optional"]} - set(given)
        assert not missing, f"{where} lacks {missing}"
        for name, value in given.items():
            if isinstance(value, list):
                source = server.object_info[graph[value[0]]["class_type"]]
                kind, taken = source["output"][value[1]], known[name]["type"]
                assert "*" in (kind, taken) or isinstance(kind, list) or _shares(kind, taken), (
                    f"{where}, {name}"
                )


def _shares(given: str, taken: str) -> bool:
    return "COMFY_MATCHTYPE" in given + taken or bool(set(given.split(",")) & set(taken.split(",")))
