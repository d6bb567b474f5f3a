"""The timeline of an encoder within a subgraph: inside, and on the subgraph node."""

import pytest
from browser import Browser
from comfy_page import complaints, settle
from timeline_page import CORNER, ENCODER, LANES, build, enter, point, rows, use_nodes_2

SOURCES = [("LoadAudio", "lane_1.wav"), ("LoadAudio", "lane_2.wav")]
LONGEST = 3.0  # seconds
FOLD = (
    f"const {{ node }} = app.canvas.graph.convertToSubgraph(new Set([{ENCODER}]));"
    "node.pos = [420, 80];" + CORNER
)
# By number: a click on a node makes it the last of the graph's list.
HOSTS = (
    "app.rootGraph.nodes.filter(each => each.isSubgraphNode?.()).toSorted((one, other) => one.id - other.id)"
)
HOST, OTHER = f"{HOSTS}[0]", f"{HOSTS}[1]"
WIDGET = f"{HOST}.widgets.find(each => each.name === 'timeline')"
FACE = f"{WIDGET}.element"
STATUS = f"{FACE}.querySelector('.status').textContent"
TURNS = (
    f"const [encoder] = {HOST}.subgraph.nodes;"
    "return encoder.widgets.find(each => each.name === 'timing.turns').value"
)
LINKS = f"return {HOST}.inputs.map(each => app.rootGraph.getLink(each.link)?.origin_id ?? null)"
SECOND = f"""
const other = LiteGraph.createNode({HOST}.subgraph.id);
other.pos = [420, 600];
app.rootGraph.add(other);
const voice = app.rootGraph.nodes.find(each => each.widgets?.some(widget => widget.value === 'lane_2.wav'));
voice.connect(0, other, 1);
await new Promise(done => setTimeout(done));
"""
OTHERS_FACE = FACE.replace(HOST, OTHER)
OUTER = (
    f"const {{ node }} = app.rootGraph.convertToSubgraph(new Set([{HOST}])); node.pos = [420, 80];" + CORNER
)
INNER = f"{HOST}.subgraph.nodes.find(each => each.isSubgraphNode?.())"
INNER_FACE = FACE.replace(HOST, INNER)
INNER_STATUS = STATUS.replace(FACE, INNER_FACE)
INNER_TURNS = TURNS.replace(HOST, INNER)
TOGGLE = """
const [extension] = app.extensions.filter(each => each.name === 'MultiTalk.Timeline');
const [item] = extension.getNodeMenuItems(host());
item.callback();
return item.content;
"""


@pytest.fixture(params=[False, True], ids=["classic", "nodes 2.0"])
def nodes_2(request):
    return request.param


@pytest.fixture
def page(nodes_2, page):
    complaints(page)
    use_nodes_2(page, nodes_2)
    build(page, SOURCES, turns=2)
    page.evaluate(FOLD)
    page.wait_for(f"{STATUS}.startsWith('2 turns, 3.00 s.')")
    yield page
    enter(page, "app.rootGraph")
    use_nodes_2(page, False)
    assert complaints(page) == []


def lane(page: Browser, speaker: int, second: float, face: str = FACE) -> list[float]:
    """Where a second of a lane is, of the timeline on the subgraph node."""
    lanes = f"{face}.querySelector('canvas.lanes')"
    return point(page, speaker, second, longest=LONGEST, lanes=lanes)


def test_inside_a_subgraph_the_voices_outside_are_found(page):
    enter(page, f"{HOST}.subgraph")
    page.wait_for(f"{LANES}.children.length === 2")
    page.drag(point(page, 2, 0.5, longest=LONGEST), point(page, 2, 1.02, longest=LONGEST))
    assert rows(page) == ["1,0,3,,0", "2,0.52,2.52,,0"]


def test_on_the_subgraph_node_turns_are_dragged_and_voices_exchanged(page):
    page.drag(lane(page, 2, 0.5), lane(page, 2, 0.8), lane(page, 2, 1.02))
    assert page.evaluate(TURNS).split("\n")[1:] == ["1,0,3,,0", "2,0.52,2.52,,0"]
    first, second = page.evaluate(LINKS)
    page.evaluate(f"{FACE}.querySelector('[data-key=grip-2]').focus()")
    page.press("ArrowUp")
    assert page.evaluate(LINKS) == [second, first]
    assert page.evaluate(TURNS).split("\n")[1:] == ["2,0,3,,0", "1,0.52,2.52,,0"]
    page.evaluate(f"{HOST}.disconnectInput(1)")
    page.wait_for(f"{STATUS}.startsWith('Speaker 2 has turns but no voice')")


def test_it_is_hidden_and_shown_and_opened_again(page):
    toggle = f"const host = () => {HOST};" + TOGGLE
    assert page.evaluate(toggle) == "Hide the timeline"
    assert page.evaluate(f"return {WIDGET} === undefined")
    page.evaluate("await app.loadGraphData(app.rootGraph.serialize(), true, true, 'folded')")
    settle(page)
    assert page.evaluate(f"return {WIDGET} === undefined")
    assert page.evaluate(toggle) == "Show the timeline"
    page.wait_for(f"{STATUS}.startsWith('2 turns, 3.00 s.')")
    saved = page.evaluate("return app.rootGraph.serialize()")
    page.evaluate("await app.loadGraphData(saved, true, true, 'folded')", saved=saved)
    page.wait_for(f"{STATUS}.startsWith('2 turns, 3.00 s.')")


def test_nodes_that_show_the_same_subgraph_do_not_change_each_other(page):
    """Each shows its own voices; the turns, which they have in common, change where all of them do."""
    timing = TURNS.replace("timing.turns", "timing")
    page.evaluate(SECOND)
    page.wait_for(f"{STATUS}.startsWith('Other nodes show this subgraph too')")
    page.wait_for(f"{OTHERS_FACE}.querySelector('.status').textContent.startsWith('Other nodes show')")
    page.wait_for(f"{FACE}.querySelector('canvas.lanes').children.length === 2")
    page.wait_for(f"{OTHERS_FACE}.querySelector('canvas.lanes').children.length === 1")
    option = f"return {OTHERS_FACE}.querySelector('canvas.lanes').children[0].textContent"
    assert page.evaluate(option) == "Speaker 2, 0.00 to 2.00 s, frames 0 to 50"
    voices = page.evaluate(LINKS)
    page.drag(lane(page, 2, 0.5), lane(page, 2, 0.8), lane(page, 2, 1.02))
    page.evaluate(f"{FACE}.querySelector('[data-key=grip-2]').focus()")
    page.press("ArrowUp")
    assert page.evaluate(timing) == "together" and page.evaluate(LINKS) == voices
    page.evaluate(f"app.rootGraph.remove({OTHER})")
    page.wait_for(f"{STATUS}.startsWith('Speaker 2, 0.00 to 2.00 s')")  # chosen by the drag
    page.drag(lane(page, 2, 0.5), lane(page, 2, 0.8), lane(page, 2, 1.02))
    assert page.evaluate(TURNS).split("\n")[1:] == ["1,0,3,,0", "2,0.52,2.52,,0"]


def test_within_a_subgraph_that_two_nodes_show_too(page):
    """The turns are those of both nodes, whose voices are others."""
    page.evaluate(OUTER)
    page.evaluate(SECOND)
    enter(page, f"{HOST}.subgraph")
    page.wait_for(f"{INNER_STATUS}.startsWith('Other nodes show this subgraph too')")
    page.drag(*(lane(page, 2, second, INNER_FACE) for second in (0.5, 0.8, 1.02)))
    assert page.evaluate(INNER_TURNS.replace("timing.turns", "timing")) == "together"
    page.evaluate(f"app.rootGraph.remove({OTHER})")
    page.wait_for(f"{INNER_STATUS}.startsWith('Speaker 2, 0.00 to 2.00 s')")  # chosen by the drag
    page.drag(*(lane(page, 2, second, INNER_FACE) for second in (0.5, 0.8, 1.02)))
    assert page.evaluate(INNER_TURNS).split("\n")[1:] == ["1,0,3,,0", "2,0.52,2.52,,0"]
