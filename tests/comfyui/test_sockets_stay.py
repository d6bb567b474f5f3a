"""Voices and masks in ComfyUI's page: each stays on its socket, whatever is unplugged, muted or undone."""

import pytest
from comfy_page import complaints
from timeline_page import use_nodes_2

HELPERS = """
const wait = () => new Promise(done => setTimeout(done));
const add = name => { const node = LiteGraph.createNode(name); app.rootGraph.add(node); return node; };
const slot = (node, name) => node.inputs.findIndex(each => each.name === name);
const inGroup = node => node.inputs.filter(each => each.name.startsWith(prefix));
const shown = node => inGroup(node).map(each => each.name.slice(prefix.length));
const sent = async node => Object.keys((await app.graphToPrompt()).output[node.id].inputs)
  .filter(each => each.startsWith(prefix));
const linked = node => Object.fromEntries(
  inGroup(node).filter(each => each.link != null).map(each => {
    const link = node.graph.getLink(each.link);
    if (node.inputs[link.target_slot] !== each) throw new Error(`${each.name}: its link goes elsewhere`);
    return [each.name.slice(prefix.length), link.origin_id];
  }));
"""
SCENE = """
app.rootGraph.clear();
const node = add(kind);
if (method) node.widgets.find(each => each.name === 'method').value = method;
await wait();
window.first = shown(node);
const sources = { 1: add(source[0]), 2: add(source[0]), 3: add(source[0]) };
const plug = async number => {
  sources[number].connect(source[1], node, slot(node, prefix + number));
  await wait();
};
for (const number of [1, 2, 3]) await plug(number);
const all = linked(node);
"""
ORDERS = """
const orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];
const wrong = [];
const expect = (left, when) => {
  const found = JSON.stringify(linked(node));
  if (found !== JSON.stringify(left)) wrong.push(`${when}: ${found} and not ${JSON.stringify(left)}`);
  const last = Math.max(0, ...Object.keys(left).map(Number));
  if (shown(node).length !== Math.min(8, last + 1)) wrong.push(`${when}: shows ${shown(node)}`);
};
for (const out of orders) for (const back of orders) {
  const left = { ...all };
  for (const number of out) {
    node.disconnectInput(slot(node, prefix + number));
    await wait();
    delete left[number];
    expect(left, `unplugged ${number} of ${out}`);
  }
  for (const number of back) {
    while (slot(node, prefix + number) < 0) { // the user sees it once those before it are plugged in
      const before = shown(node).at(-1);
      await plug(before);
      left[before] = all[before];
    }
    if (!(number in left)) await plug(number);
    left[number] = all[number];
    expect(left, `plugged ${number} of ${back}`);
  }
  // Nodes 2.0 share this script and draw for seconds: one order back for each, all for one.
  if (LiteGraph.vueNodesMode && out !== orders[4]) break;
}
return [window.first, shown(node), wrong];
"""
KEPT = """
const places = of => Object.fromEntries(Object.entries(linked(of)).map(([place, id]) => [place, id - of.id]));
node.disconnectInput(slot(node, prefix + 2));
sources[3].mode = LiteGraph.NEVER;
await wait();
const before = places(node);
const muted = await sent(node);
sources[3].mode = LiteGraph.ALWAYS;
const plain = await sent(node);

app.canvas.selectItems([node, ...Object.values(sources)]);
app.canvas.copyToClipboard();
app.canvas.pasteFromClipboard();
await wait();
const copy = app.rootGraph.nodes.filter(each => each.type === kind).at(-1);
const copied = Object.keys(linked(copy));
const copyShows = shown(copy);

const size = node.size[1];
await app.loadGraphData(app.rootGraph.serialize());
await wait();
const opened = app.rootGraph.getNodeById(node.id);
const reopened = places(opened);

const tracker = app.extensionManager.workflow.activeWorkflow.changeTracker;
tracker.captureCanvasState();
opened.disconnectInput(slot(opened, prefix + 1));
await wait();
tracker.captureCanvasState();
await tracker.undo();
await wait();
const undone = places(app.rootGraph.getNodeById(node.id));

const { subgraph } = app.rootGraph.convertToSubgraph(new Set([app.rootGraph.getNodeById(node.id)]));
await wait();
const inner = subgraph.nodes[0];
const folded = [Object.keys(linked(inner)), shown(inner)];
return { before, muted, plain, copied, copyShows, reopened, undone, folded, sizes: [size, opened.size[1]] };
"""
GROUPS = [
    {
        "kind": "MultiTalkAudioEncoder",
        "prefix": "speaker_",
        "method": None,
        "source": ["MultiTalkDemo", 1],
    },
    {
        "kind": "MultiTalkPersonLocalizer",
        "prefix": "method.person_",
        "method": "masks",
        "source": ["LoadImageMask", 0],
    },
]


@pytest.fixture(scope="module", params=[False, True], ids=["classic", "nodes-2.0"])
def mode(request, page):
    use_nodes_2(page, request.param)
    yield request.param
    use_nodes_2(page, False)


@pytest.mark.parametrize("group", GROUPS, ids=["voices", "masks"])
def test_unplugging_and_plugging_in_any_order_moves_no_other(page, mode, group):
    complaints(page)
    first, last, wrong = page.evaluate(HELPERS + SCENE + ORDERS, **group)
    assert (first, last, wrong) == (["1"], ["1", "2", "3", "4"], [])
    assert complaints(page) == []


@pytest.mark.parametrize("group", GROUPS, ids=["voices", "masks"])
def test_sockets_stay_when_muted_copied_opened_again_undone_and_folded(page, mode, group):
    complaints(page)
    result = page.evaluate(HELPERS + SCENE + KEPT, **group)
    places, prefix = result["before"], group["prefix"]
    assert list(places) == ["1", "3"]
    assert result["plain"] == [f"{prefix}1", f"{prefix}3"] and result["muted"] == [f"{prefix}1"]
    assert (result["copied"], result["copyShows"]) == (["1", "3"], ["1", "2", "3", "4"])
    assert result["sizes"][0] == result["sizes"][1]
    assert result["reopened"] == places and result["undone"] == places
    assert result["folded"] == [["1", "3"], ["1", "2", "3", "4"]]
    assert complaints(page) == []


def test_nodes_2_0_draw_the_sockets_that_are_shown(page):
    use_nodes_2(page, True)
    count = (
        "[...document.querySelectorAll('.lg-slot--input')]"
        ".filter(each => /speaker \\d/.test(each.innerText)).length"
    )
    page.evaluate(HELPERS + SCENE + "app.canvas.ds.reset();", **GROUPS[0])
    page.wait_for(f"{count} === 4")
    page.evaluate(
        "const node = app.rootGraph.nodes.find(each => each.type === 'MultiTalkAudioEncoder');"
        "node.disconnectInput(node.inputs.findIndex(each => each.name === 'speaker_3'));"
    )
    page.wait_for(f"{count} === 3")
    page.evaluate("await app.loadGraphData(app.rootGraph.serialize()); app.canvas.ds.reset();")
    page.wait_for(f"{count} === 3")
    use_nodes_2(page, False)
