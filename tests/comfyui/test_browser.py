"""ComfyUI's page in Chromium: the workflows as somebody opens them, and the demo as somebody runs it."""

import json
from pathlib import Path

import numpy as np
import pytest
from browser import Browser
from comfy_page import RUN_SECONDS, click_run, complaints, settle
from page_layout import layout_faults
from timeline_page import use_nodes_2

from helpers.foreign_graphs import infinitetalk_graph, wrapper_graph
from helpers.sound_files import write_sound
from multitalk_core.converting.conversion import convert_graph
from multitalk_core.converting.graph_file import read_api
from multitalk_core.converting.node_list import NodeList

FOLDER = Path(__file__).parents[2] / "workflows"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
LARGE = ("demo", "dub_a_video")
MISSING = """
return app.rootGraph.nodes
  .filter(node => !LiteGraph.registered_node_types[node.type] || node.has_errors)
  .map(node => node.type);
"""
SHOWN = """
const { scale, offset } = app.canvas.ds;
const corner = ({ pos, size }) => [0, 1].map(side => (pos[side] + size[side] + offset[side]) * scale);
const ends = app.rootGraph.groups.map(corner);
return [scale, Math.max(...ends.map(each => each[0])), Math.max(...ends.map(each => each[1]))];
"""
DETAILS_BUTTON = (
    "[...document.querySelectorAll('button')].find(button => button.innerText.includes('View details'))"
)


def load(page: Browser, name: str) -> None:
    workflow = json.loads((FOLDER / f"{name}.json").read_text())
    page.evaluate("await app.loadGraphData(workflow, true, true, name)", workflow=workflow, name=name)
    settle(page)


@pytest.mark.parametrize("name", NAMES)
def test_workflow_opens_whole_and_is_the_graph_of_the_api(page, name):
    complaints(page)
    load(page, name)
    assert page.evaluate(MISSING) == []
    scale, right, bottom = page.evaluate(SHOWN)
    # Readable; all columns are seen, and all but the last lines of the highest one.
    assert scale >= 0.6 and right <= 1600 and bottom <= 1080, (scale, right, bottom)
    assert layout_faults(page) == []
    prompt = json.loads(page.evaluate("return JSON.stringify((await app.graphToPrompt()).output)"))
    for node in prompt.values():
        node["inputs"].pop("video-preview", None)  # there once it has loaded
    assert prompt == json.loads((FOLDER / "api" / f"{name}.json").read_text())
    assert complaints(page) == []


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in LARGE else [pytest.mark.soak]) for name in NAMES],
)
def test_workflow_has_its_nodes_in_their_groups_in_nodes_2_0(page, name):
    """Which draws nodes higher than the classic canvas, where opening a workflow tests the same."""
    use_nodes_2(page, True)
    load(page, name)
    faults = layout_faults(page)
    use_nodes_2(page, False)
    assert faults == []


@pytest.mark.parametrize("make", [infinitetalk_graph, wrapper_graph])
def test_converted_graph_opens_whole_and_is_the_graph_of_the_api(page, make):
    converted = convert_graph(read_api(make()), NodeList.shipped())
    page.evaluate("await app.loadGraphData(workflow, true, true, name)", workflow=converted.page, name="talk")
    settle(page)
    kinds = page.evaluate(
        "return app.rootGraph.nodes.filter(node => LiteGraph.registered_node_types[node.type]).length"
    )
    shown = page.evaluate("return (await app.graphToPrompt()).output")
    assert kinds == len(converted.api)
    assert {number: node["inputs"] for number, node in shown.items()} == {
        number: node["inputs"] for number, node in converted.api.items()
    }


def test_templates_list_the_workflows_with_their_thumbnails_and_not_the_api_ones(page, server):
    (names,) = server.get("/api/workflow_templates").values()
    assert sorted(names) == NAMES
    thumbnail = page.evaluate(
        "const answer = await fetch(`/api/workflow_templates/ComfyUI-MultiTalk/demo.jpg`);"
        "return [answer.ok, answer.headers.get('content-type')];"
    )
    assert thumbnail == [True, "image/jpeg"]


def test_boxes_leave_the_other_settings_alone_when_a_graph_is_opened_again(page):
    locate = {
        "image": ["1", 0],
        "method": "boxes",
        "method.boxes": ["1", 3],
        "method.order": "given",
        "speaker_order": "2, 1",
        "width": 0,
        "height": 0,
        "resolution": "automatic",
    }
    graph = {
        "1": {"class_type": "MultiTalkDemo", "inputs": {}},
        "2": {"class_type": "MultiTalkPersonLocalizer", "inputs": locate},
    }
    page.evaluate("await app.loadApiJson(graph, 'boxes')", graph=graph)
    page.evaluate("await app.loadGraphData(app.rootGraph.serialize(), true, true, 'boxes again')")
    assert page.evaluate("return (await app.graphToPrompt()).output")["2"]["inputs"] == locate


def fail(page: Browser, *, node: str, widget: str, value: object) -> None:
    """Run the demo with another value of a widget; waits until the page offers details of the failure."""
    load(page, "demo")
    page.wait_for(f"!({DETAILS_BUTTON})")  # of another failure
    page.evaluate(
        "const changed = app.rootGraph.nodes.find(each => each.type === node);"
        "changed.widgets.find(each => each.name === widget).value = value;",
        node=node,
        widget=widget,
        value=value,
    )
    click_run(page)
    page.wait_for(DETAILS_BUTTON, RUN_SECONDS)


def wait_for_text(page: Browser, text: str) -> None:
    """Until somebody can read it in the page."""
    page.wait_for("document.body.innerText.includes(text)", text=text)


def test_the_sentence_of_a_failed_run_is_shown_at_once_and_in_the_report_before_any_path(page):
    fail(page, node="MultiTalkPersonLocalizer", widget="speaker_order", value="3, 1")
    sentence = "MultiTalk: speaker_order: The order 3, 1 does not name each of the 2 persons exactly once."
    wait_for_text(page, sentence.removeprefix("MultiTalk: "))
    page.evaluate(f"({DETAILS_BUTTON}).click()")
    wait_for_text(page, f"- **Exception Type:** MultiTalk\n- **Exception Message:** {sentence}")


def test_a_graph_that_is_refused_shows_its_sentence_at_once(page):
    fail(page, node="MultiTalkClipSettings", widget="clip_frames", value=14)
    wait_for_text(page, "clip_frames is 14, but Wan makes 4n + 1 frames: use 13 or 17 instead.")
    page.evaluate(f"({DETAILS_BUTTON}).click()")  # the notice goes


def test_load_voice_has_a_player_and_an_upload_button(page, server):
    write_sound(server.input / "voice.wav", [[(0.0, np.zeros((1, 16000)))]])
    complaints(page)
    names, source = page.evaluate(
        "await app.refreshComboInNodes();"
        "app.rootGraph.clear();"
        "const node = LiteGraph.createNode('MultiTalkLoadVoice');"
        "app.rootGraph.add(node);"
        "const widget = name => node.widgets.find(each => each.name === name);"
        "widget('audio').value = 'voice.wav';"
        "widget('audio').callback('voice.wav');"
        "return [node.widgets.map(each => each.name), widget('audioUI').element.src];"
    )
    assert names == ["audio", "track", "channel", "audioUI", "upload"]
    assert "filename=voice.wav" in source
    assert complaints(page) == []
