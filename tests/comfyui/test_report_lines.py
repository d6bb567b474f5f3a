"""What a node reports in words, as both of ComfyUI's renderers show it: a line for each sentence."""

import pytest
from comfy_page import BARS, FIT, click_run, complaints
from graphs import node
from test_load_voice import damaged_mp3
from test_timeline_server import conversation
from timeline_page import enter

REPORTS = "[...document.querySelectorAll('.comfy-markdown-content, .dom-widget span')]"
SHOWN = f"{REPORTS}.find(each => each.innerText.includes('listen'))"
SAME_ID = """
await app.loadGraphData({ version: 0.4, last_node_id: 0, last_link_id: 0, nodes: [], links: [] }, true, true);
const sampler = LiteGraph.createNode('MultiTalkSampler');
app.rootGraph.add(sampler);
window.host = app.rootGraph.convertToSubgraph(new Set([sampler])).node;
const other = LiteGraph.createNode('PrimitiveString');
[other.id, other.pos] = [host.subgraph.nodes[0].id, [100, 500]];
app.rootGraph.add(other);
"""
DAMAGED = f"{REPORTS}.map(each => each.innerText.trim()).filter(text => text.includes('damaged'))"


def test_each_sentence_is_a_line_and_its_signs_are_shown_as_they_are(page, nodes_2):
    """The encoder's, with a name that HTML and Markdown would take for their own."""
    name = rf"*An* _na_ <b>\_{int(nodes_2)}"  # another one than before: ComfyUI runs it again
    graph = conversation(f"{name},0,1,1,0", speaker_2=None, speaker_3=["demo", 2])
    complaints(page)
    page.evaluate("await app.loadApiJson(graph, 'report')", graph=numbered(graph))
    page.evaluate(FIT, bars=BARS)
    click_run(page)
    page.wait_for(SHOWN, 120)
    lines = page.evaluate(f"return {SHOWN}.innerText").strip().split("\n")
    assert [line.strip() for line in lines] == [
        f"By the table, speaker 1 is {name}.",
        "The voice of speaker 3 has no turn in the table and is not heard.",
        "Speakers 2, 3 say nothing and listen.",
    ]
    assert complaints(page) == []


def test_a_line_may_begin_as_a_heading_or_a_list_does(page, server, nodes_2):
    """With the name of a file; another one than before."""
    names = [f"{sign} {int(nodes_2)}.mp3" for sign in ("#", "-", "+", "1.", "2)")]
    content = damaged_mp3(server.input / "whole.mp3")
    for name in names:
        (server.input / name).write_bytes(content)
    graph = {
        f"voice {name}": node("MultiTalkLoadVoice", audio=name, track="", channel="all") for name in names
    }
    graph |= {f"play {name}": node("PreviewAudio", audio=[f"voice {name}", 0]) for name in names}
    complaints(page)
    page.evaluate("await app.loadApiJson(graph, 'names')", graph=numbered(graph))
    page.evaluate(FIT, bars=BARS)
    click_run(page)
    page.wait_for(f"{DAMAGED}.length === {len(names)}", 120)
    shown = page.evaluate(f"return {DAMAGED}")
    assert sorted(line.split(": ")[0] for line in shown) == sorted(names)
    assert complaints(page) == []


@pytest.mark.parametrize("nodes_2", [True], indirect=True)
def test_a_node_with_the_id_of_a_sampler_in_a_subgraph_keeps_its_order(page, nodes_2):
    complaints(page)
    page.evaluate(SAME_ID)
    first = "[data-node-id='1'] [data-testid^=node-body-] > :first-child"
    order = f'getComputedStyle(document.querySelector("{first}")).order'
    page.wait_for(f"{order} === '0'")
    enter(page, "host.subgraph")
    page.evaluate("app.api.dispatchCustomEvent('progress_text', { nodeId: `${host.id}:1`, text: 'step 1' })")
    page.wait_for(f"{order} === '-2'")
    enter(page, "app.rootGraph")
    page.wait_for(f"{order} === '0'")
    assert complaints(page) == []


def numbered(graph: dict) -> dict:
    """The graph with numbers for its nodes' names, as the page wants them."""
    number = {name: str(index) for index, name in enumerate(graph, 1)}

    def linked(value: object) -> object:
        return [number[value[0]], value[1]] if isinstance(value, list) else value

    return {
        number[name]: each | {"inputs": {key: linked(value) for key, value in each["inputs"].items()}}
        for name, each in graph.items()
    }
