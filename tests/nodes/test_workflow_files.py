"""The workflows that ship, against the schema lock: for machines without ComfyUI."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from helpers.workflow_inputs import known_inputs
from multitalk_core.demo.files import EMBEDDED

PACK = Path(__file__).parents[2]
LOCK = json.loads((PACK / "tests" / "schema_lock.json").read_text())
PAGES = sorted((PACK / "workflows").glob("*.json"))
GRAPHS = sorted((PACK / "workflows" / "api").glob("*.json"))
EXAMPLES = PACK / "workflows" / "inputs"
FILE = re.compile(r"[\w.-]+\.(safetensors|png|jpg|webp|wav|mp3|flac|mp4)")
TITLE = 30  # pixels above a node
NOTE = "MarkdownNote"
WIDGETS = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3")


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


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_widgets_lie_in_the_order_of_the_schema(path):
    for node in json.loads(path.read_text())["nodes"]:
        named = node.get("widgets_values_named", {})
        if node["type"].startswith("MultiTalk"):
            expected = []
            for name, entry in known_inputs(LOCK[node["type"]]["inputs"], named).items():
                expected += [name] if entry["type"] in WIDGETS else []
                # The page calls the widget that follows a seed by its first value.
                expected += [entry["control_after_generate"]] if entry.get("control_after_generate") else []
            assert list(named) == expected, f"{path.name}, node {node['id']} ({node['type']})"
            assert node.get("widgets_values", []) == list(named.values())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_and_graph_are_the_same(path):
    page = json.loads(path.read_text())
    graph = json.loads((path.parent / "api" / path.name).read_text())
    links = {link: [str(source), slot] for link, source, slot, *_ in page["links"]}
    nodes = {str(node["id"]): node for node in page["nodes"] if node["type"] != NOTE}
    assert {number: node["type"] for number, node in nodes.items()} == {
        number: node["class_type"] for number, node in graph.items()
    }
    for number, node in nodes.items():
        linked = {slot["name"]: links[slot["link"]] for slot in node["inputs"] if slot["link"] is not None}
        written = node.get("widgets_values_named", {}) | linked
        for name, value in graph[number]["inputs"].items():
            # What a page alone has, the preview of a video, is empty.
            value = value.get("__value__") if isinstance(value, dict) else value  # a list that is no link
            assert written.get(name, "") == value, f"{path.name}, node {number} ({node['type']}), {name}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_has_a_note_on_every_model_file(path):
    nodes = json.loads(path.read_text())["nodes"]
    note = "\n".join(node["widgets_values"][0] for node in nodes if node["type"] == NOTE)
    files = [model for node in nodes for model in node["properties"].get("models", [])]
    assert path.stem == "demo" or len(files) >= 5
    for file in files:
        assert f"[{file['name']}]({file['url']})" in note
        assert f"**{file['directory']}**" in note


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_file_that_a_page_names_ships_or_is_a_model_of_its_notes(path):
    nodes = json.loads(path.read_text())["nodes"]
    models = {model["name"] for node in nodes for model in node["properties"].get("models", [])}
    shipped = {file.name for folder in (EXAMPLES, EMBEDDED) for file in folder.rglob("*.*")}
    values = [value for node in nodes for value in node.get("widgets_values", [])]
    named = {value for value in values if isinstance(value, str) and FILE.fullmatch(value)}
    assert named and named <= models | shipped, named - models - shipped


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_has_a_moving_thumbnail(path):
    with Image.open(path.with_suffix(".jpg")) as thumbnail:
        assert thumbnail.is_animated and thumbnail.n_frames > 10 and max(thumbnail.size) <= 400
    assert path.with_suffix(".jpg").stat().st_size < 300_000


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_can_be_read_when_it_is_opened(path):
    """At 0.6 of its size in a window of 1600 by 1000; ComfyUI draws no text below 0.5."""
    page = json.loads(path.read_text())
    frames = [group["bounding"] for group in page["groups"]]
    width, height = (
        max(frame[side] + frame[2 + side] for frame in frames) - min(frame[side] for frame in frames)
        for side in (0, 1)
    )
    assert width <= 2200 and 0.6 * height <= 1000, (width, height)
    for node in page["nodes"]:
        within = [
            frame
            for frame in frames
            if all(
                frame[side] <= node["pos"][side]
                and node["pos"][side] + node["size"][side] <= frame[side] + frame[2 + side]
                for side in (0, 1)
            )
        ]
        assert len(within) == 1, f"node {node['id']} ({node['type']}) lies in {len(within)} groups"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_node_lies_on_another(path):
    nodes = json.loads(path.read_text())["nodes"]
    for one, other in combinations(nodes, 2):
        apart = [
            one["pos"][side] + one["size"][side] <= other["pos"][side] - (TITLE if side else 0)
            or other["pos"][side] + other["size"][side] <= one["pos"][side] - (TITLE if side else 0)
            for side in (0, 1)
        ]
        assert any(apart), f"nodes {one['id']} ({one['type']}) and {other['id']} ({other['type']})"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_queuing_again_gives_the_same_video(path):
    for node in json.loads(path.read_text())["nodes"]:
        assert "randomize" not in node.get("widgets_values", []), f"{path.name}, node {node['id']}"
