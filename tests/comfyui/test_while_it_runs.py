"""The page while the demo runs, and after: progress on top, App Mode, its own MP4 dropped on an empty canvas."""

import re

import pytest
from comfy_page import FIT, BARS, RUN_BUTTON, complaints
from test_browser import load

FILM = "const film = app.rootGraph.nodes.find(node => node.type === 'MultiTalkLongVideo');"
SHORTEN = FILM + (
    "film.widgets.find(widget => widget.name === 'length').value = 21;"
    "film.widgets.find(widget => widget.name === 'seed').value = seed;"
)
WATCH = """
window.said = [];
window.finished = null;
const { nodeId } = { nodeId: film.id };
app.api.addEventListener('progress_text', ({ detail }) => {
  if (detail.nodeId == nodeId) said.push(detail.text);
});
for (const kind of ['execution_success', 'execution_error'])
  app.api.addEventListener(kind, ({ detail }) => { window.finished = detail.exception_message ?? ''; });
"""
TEXT = "film.widgets.find(widget => widget.name === '$$node-text-preview')"
CLASSIC = FILM + (
    f"const text = {TEXT};"
    "const others = film.widgets.filter(widget => !widget.hidden && widget !== text);"
    "return [text.y < Math.min(...others.map(widget => widget.y)), film.widgets.indexOf(text)];"
)
NODES_2 = FILM + (
    "const body = document.querySelector(`[data-node-id='${film.id}'] [data-testid^='node-body-']`);"
    "const top = each => each.getBoundingClientRect().top;"
    "const rows = [...body.querySelectorAll('[data-testid=node-widget]')];"
    "const report = rows.find(row => row.querySelector('.widget-markdown'));"
    "const picture = body.querySelector(':scope > img');"
    "return [Math.min(...rows.map(top)) === top(report), !picture || top(picture) < top(report)];"
)


@pytest.fixture(params=[False, True], ids=["classic", "nodes-2.0"])
def nodes_2(request, page):
    setting = "await app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)"
    page.evaluate(setting, on=request.param)
    page.listen(0.5)
    yield request.param
    page.evaluate(setting, on=False)


def test_progress_comes_before_the_widgets_and_what_matters_first_after_the_run(page, nodes_2):
    complaints(page)
    load(page, "demo")
    page.evaluate(SHORTEN + WATCH, seed=900 + nodes_2)
    saved = page.evaluate(FILM + "return film.serialize().widgets_values")
    page.evaluate(FIT, bars=BARS)
    page.evaluate(f"({RUN_BUTTON}).click()")
    page.wait_for("window.said.some(text => text.includes('step 2'))", 120)
    page.listen(0.3)
    place = page.evaluate(NODES_2 if nodes_2 else CLASSIC)
    assert place[0], "the text is the first of the node's widgets"
    if nodes_2:
        assert place[1], "the preview is above it"
    page.wait_for("window.finished !== null", 120)
    said, finished = page.evaluate("return [said, finished]")
    assert finished == ""
    steps = [text.split("\n")[0] for text in said if re.search(r"step \d+ of", text)]
    assert steps[0] == "clip 1 of 2, step 1 of 12"  # models are loaded before: no estimate
    assert all(re.match(r"(a few|about \d+) \w+ left: clip \d of 2, step \d+ of 12$", each) for each in steps[1:])
    lines = said[-1].split("\n")
    assert re.match(r"the video, 21 frames, 0.8 s, is .+\.mp4$", lines[0]) and lines[1].startswith("drift: ")
    assert page.evaluate(FILM + "return film.serialize().widgets_values") == saved
    assert complaints(page) == []


def test_the_demo_runs_from_app_mode(page):
    """Its widgets are those that App Mode is told of; what is typed there is what runs."""
    complaints(page)
    load(page, "demo")
    page.evaluate(FILM + WATCH)
    page.evaluate("await app.extensionManager.command.execute('Comfy.ToggleLinear')")
    page.wait_for("document.querySelector('[data-testid=linear-widgets] textarea, [data-testid=linear-widgets] input')")
    page.listen(1)
    shown = page.evaluate("return document.querySelector('[data-testid=linear-widgets]').innerText")
    import pathlib
    pathlib.Path("/tmp/running/app1.png").write_bytes(page.screenshot())
    print(repr(shown))
    page.evaluate(SHORTEN, seed=910)
    page.evaluate("document.querySelector('[data-testid=linear-run-button] button:last-of-type').click()")
    page.wait_for("window.finished !== null", 180)
    page.listen(3)
    pathlib.Path("/tmp/running/app2.png").write_bytes(page.screenshot())
    assert page.evaluate("return finished") == ""
    video = "[...document.querySelectorAll('video')].find(video => video.videoWidth)"
    page.wait_for(video)
    assert page.evaluate(f"const video = {video}; return [video.videoWidth, video.videoHeight]") == [144, 96]
    page.evaluate("await app.extensionManager.command.execute('Comfy.ToggleLinear')")
    assert complaints(page) == []
