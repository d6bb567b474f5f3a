"""What an artist sees of the nodes in ComfyUI's page: few widgets, plain labels, the right node first."""

import json
import re
from pathlib import Path

import pytest
from comfy_page import complaints, open_page
from standins import without_absent_weights
from test_workflows import check_video
from timeline_page import build

MAIN = [
    "MultiTalkSampler",
    "MultiTalkLongVideo",
    "MultiTalkAudioEncoder",
    "MultiTalkPersonLocalizer",
    "MultiTalkApply",
    "MultiTalkLoadVoice",
]
MOST_WIDGETS = 12
LABELS = """
const shown = slot => slot.label ?? slot.localized_name ?? slot.name;
const node = LiteGraph.createNode(kind);
app.rootGraph.add(node);
await new Promise(done => setTimeout(done, 50));
return {
  widgets: node.widgets.filter(each => each.name !== 'timeline').map(each => each.label ?? each.name),
  sockets: node.inputs.filter(each => !each.widget).map(shown),
  outputs: node.outputs.map(shown),
  saved: node.serialize().inputs.filter(each => !each.widget).map(each => each.label ?? null),
};
"""
BOX = """
const until = async condition => { while (!condition()) await new Promise(requestAnimationFrame) };
await app.extensionManager.command.execute('Workspace.SearchBox.Toggle');
await until(() => document.querySelector('input[role=combobox]'));
const box = document.querySelector('input[role=combobox]');
const listed = () => [...document.querySelectorAll('[data-testid=result-item]')];
const search = text => {
  box.value = text;
  box.dispatchEvent(new Event('input', { bubbles: true }));
};
"""
SEARCH = (
    BOX
    + """
const found = {};
for (const each of words) {
  search('☃'); // so that what is listed then is of these words
  await until(() => !listed().length);
  search(each);
  await until(() => listed().length);
  found[each] = listed().map(item => item.innerText);
}
await app.extensionManager.command.execute('Workspace.SearchBox.Toggle');
return found;
"""
)
PUT = (
    BOX
    + """
search(words);
const ours = () => listed().find(each => each.innerText.includes('MultiTalk Conversation'));
await until(ours);
ours().click();
await until(() => app.rootGraph.nodes.length);
const button = { button: 0, buttons: 1, pointerId: 1, isPrimary: true };
const at = { clientX: 800, clientY: 400, bubbles: true, ...button };
for (const event of ['pointermove', 'pointerdown', 'pointerup']) // until then the node follows the pointer
  app.canvas.canvas.dispatchEvent(new PointerEvent(event, at));
"""
)
TIMELINES = """
const timelines = app.rootGraph.nodes.flatMap(node => node.widgets.filter(each => each.name === 'timeline'));
const elements = timelines.flatMap(each => [...each.element.querySelectorAll('*')]);
return elements.flatMap(each => [each.title, each.ariaLabel, each.children.length ? '' : each.textContent])
  .filter(Boolean);
"""
HELPERS = ("Settings", "Preview", "Sigmas", "Guider", "Plot", "Stored Films", "Demo")


@pytest.mark.parametrize("kind", MAIN)
def test_a_main_node_has_few_widgets_and_labels_without_underscores(page, kind):
    page.evaluate("app.rootGraph.clear()")
    labels = page.evaluate(LABELS, kind=kind)
    assert len(labels["widgets"]) <= MOST_WIDGETS, labels["widgets"]
    shown = [*labels["sockets"], *labels["outputs"], *labels["widgets"]]
    technical = ("control_after_generate", "audioUI", "upload")  # ComfyUI's own
    assert [each for each in shown if "_" in each and each not in technical] == []
    assert set(labels["saved"]) <= {None}, "a saved label would stay when the language changes"


@pytest.fixture
def chinese(page, server):
    server.post("/settings", {"Comfy.Locale": "zh"})
    open_page(page, server)
    yield page
    server.post("/settings", {"Comfy.Locale": "en"})
    open_page(page, server)


def test_the_page_speaks_chinese(chinese):
    labels = chinese.evaluate(LABELS, kind="MultiTalkLongVideo")
    assert labels["sockets"][:3] == ["模型", "音频适配器", "音频"]
    assert {"长度", "步数", "种子", "草稿", "重拍"} <= set(labels["widgets"])
    assert labels["outputs"][:3] == ["图像", "声音", "视频"]
    build(chinese, [("LoadAudio", "lane_1.wav"), ("LoadAudio", "lane_2.wav")], turns=2)
    chinese.evaluate(LABELS, kind="MultiTalkLongVideo")
    words = chinese.evaluate(TIMELINES)
    assert len(words) > 20 and [each for each in words if re.search("[A-Za-z]{2}", each)] == []


def test_what_artists_search_for_finds_a_main_node_first(page):
    words = ["dub", "dubbing", "portrait", "avatar", "two people", "podcast", "interview", "lip sync"]
    found = page.evaluate(SEARCH, words=words)
    for word in words:
        ours = [each for each in found[word] if "MultiTalk" in each]
        assert "Long Video" in ours[0] or "Conversation" in ours[0], (word, ours)
        helping = [any(helper in each for helper in HELPERS) for each in ours]
        assert helping == sorted(helping), (word, ours)  # helper nodes come last


def test_the_blueprint_is_listed_and_works_on_an_empty_canvas(page, server):
    complaints(page)
    listed = server.get("/global_subgraphs")
    (blueprint,) = (key for key, entry in listed.items() if "MultiTalk" in entry["info"]["node_pack"])
    assert listed[blueprint]["name"] == "MultiTalk Conversation"
    data = json.loads(server.get(f"/global_subgraphs/{blueprint}")["data"])
    sockets, widgets, prompt = page.evaluate(
        """
        await app.loadGraphData(data, true, true, 'blueprint');
        const node = app.rootGraph.nodes[0];
        const scene = LiteGraph.createNode('MultiTalkDemo');
        app.rootGraph.add(scene);
        const slot = name => node.inputs.findIndex(each => (each.label ?? each.name) === name);
        scene.connect(0, node, slot('picture'));
        scene.connect(1, node, slot('voice 1'));
        scene.connect(2, node, slot('voice 3'));
        node.widgets.find(each => (each.label ?? each.name) === 'length').value = 29;
        return [
          node.inputs.map(each => each.label ?? each.name),
          node.widgets.map(each => each.label ?? each.name).filter(each => each !== 'timeline'),
          (await app.graphToPrompt()).output,
        ];
        """,
        data=data,
    )
    assert sockets[:5] == ["picture", "voice 1", "voice 2", "voice 3", "voice 4"]
    assert widgets == ["prompt", "length", "width", "height", "seed", "draft"]
    kinds = {entry["class_type"]: entry["inputs"] for entry in prompt.values()}
    assert kinds["MultiTalkLongVideo"]["length"] == 29
    voices = {name for name in kinds["MultiTalkAudioEncoder"] if name.startswith("speaker_")}
    assert voices == {"speaker_1", "speaker_3"}
    assert complaints(page) == []


def test_the_blueprint_is_found_and_put_on_an_empty_canvas(page):
    """As an artist does it: search, click on what is found."""
    complaints(page)
    page.evaluate("app.rootGraph.clear()")
    page.evaluate(PUT, words="conversation")
    page.wait_for("app.canvas.state.ghostNodeId === null")  # the node is put down
    ((title, inside),) = page.evaluate(
        "return app.rootGraph.nodes.map("
        "  node => [node.title, node.subgraph?.nodes.map(each => each.type) ?? []]"
        ")"
    )
    assert title == "MultiTalk Conversation"
    assert {"MultiTalkLongVideo", "MultiTalkAudioEncoder", "MultiTalkPersonLocalizer"} <= set(inside)
    assert complaints(page) == []


def test_the_blueprint_makes_a_film_of_the_examples(page, server):
    """With the demo's model in place of the released ones, and its texts."""
    (file,) = (Path(__file__).parents[2] / "subgraphs").glob("*.json")
    prompt = page.evaluate(
        """
        await app.loadGraphData(data, true, true, 'blueprint film');
        const talk = app.rootGraph.nodes[0];
        const add = (type, widget, value) => {
          const node = LiteGraph.createNode(type);
          app.rootGraph.add(node);
          node.widgets.find(each => each.name === widget).value = value;
          return node;
        };
        const slot = name => talk.inputs.findIndex(each => (each.label ?? each.name) === name);
        add('LoadImage', 'image', 'multitalk_two_people.png').connect(0, talk, slot('picture'));
        for (const number of [1, 2]) {
          const voice = add('LoadAudio', 'audio', `multitalk_voice_${number}.mp3`);
          voice.connect(0, talk, slot(`voice ${number}`));
        }
        talk.connect(0, add('SaveVideo', 'filename_prefix', 'blueprint'), 0);
        for (const [name, value] of [['length', 13], ['width', 96], ['height', 64]])
          talk.widgets.find(each => (each.label ?? each.name) === name).value = value;
        return (await app.graphToPrompt()).output;
        """,
        data=json.loads(file.read_text()),
    )
    graph = without_absent_weights(prompt)
    (film,) = (node for node in graph.values() if node["class_type"] == "MultiTalkLongVideo")
    film["inputs"]["steps"] = 2
    run = server.run(graph)
    (saved,) = (number for number, node in graph.items() if node["class_type"] == "SaveVideo")
    check_video(server.path(run.outputs[saved]["images"][0]), 13, 96, 64)
