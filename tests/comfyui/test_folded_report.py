"""What Long Video reports where it is folded, as in the blueprint: on the subgraph's node, too."""

from uuid import uuid4

import pytest
from comfy_page import BARS, FIT, click_run, complaints, settle
from test_browser import load
from test_while_it_runs import FILM, SHORTEN, WATCH

pytestmark = pytest.mark.soak
SAVED = "[folded.serialize().widgets_values ?? null, [...folded.serialize().size]]"
FOLD = FILM + "window.folded = app.rootGraph.convertToSubgraph(new Set([film])).node;"
REPORT = "folded.widgets.find(each => each.name === 'multitalk_report')?.element"
FIRST = f"""
const top = each => each.getBoundingClientRect().top;
if (!LiteGraph.vueNodesMode) {{
  const [report, ...others] = folded.getLayoutWidgets();
  return report.element === {REPORT} && others.every(each => each.y > report.y);
}}
const rows = [...document.querySelectorAll(`[data-node-id='${{folded.id}}'] [data-testid=node-widget]`)];
return Math.min(...rows.map(top)) === top(rows.find(row => row.contains({REPORT})));
"""


def test_the_report_is_the_first_widget_of_the_subgraphs_node(page, nodes_2):
    complaints(page)
    load(page, "demo")
    page.evaluate(WATCH)
    page.evaluate(SHORTEN, seed=960 + nodes_2)
    page.evaluate(FOLD)
    page.evaluate(FIT, bars=BARS)
    settle(page)
    saved = page.evaluate(f"return {SAVED}")
    click_run(page)
    page.wait_for(f"{REPORT}?.innerText.includes('left: clip')", 180)
    page.evaluate(FIT, bars=BARS)
    page.wait_for(f"(() => {{ {FIRST} }})()")
    page.wait_for("window.finished !== null", 180)
    assert page.evaluate("return finished") == ""
    first, second, *_ = page.evaluate(f"return {REPORT}.innerText").split("\n")
    assert first.startswith("the video, 21 frames, 0.8 s, is ") and second.startswith("drift: ")
    assert page.evaluate(f"return {SAVED}") == saved
    assert complaints(page) == []


def test_another_workflow_does_not_show_it(page):
    """Which is opened while the film is made, and has a node of the same id in the same place."""
    load(page, "demo")
    page.evaluate(WATCH)
    page.evaluate(SHORTEN, seed=970)
    page.evaluate(FOLD)
    page.evaluate(FIT, bars=BARS)
    click_run(page)
    page.wait_for(f"{REPORT}?.innerText.includes('left: clip')", 180)
    other = page.evaluate("return app.rootGraph.serialize()") | {"id": str(uuid4())}
    page.evaluate("await app.loadGraphData(other, true, true, 'other')", other=other)
    page.wait_for("window.finished !== null", 180)
    shown = "app.rootGraph.nodes.filter(node => node.widgets?.some(each => each.name === 'multitalk_report'))"
    assert page.evaluate(f"return [finished, {shown}.length]") == ["", 0]
    assert complaints(page) == []
