"""The demo in the page: progress on top while it runs, App Mode, its own MP4 dropped on an empty canvas."""

import re

import pytest
from comfy_page import BARS, FIT, RUN_BUTTON, complaints, open_page
from test_browser import load

FILM = "const film = app.rootGraph.nodes.find(node => node.type === 'MultiTalkLongVideo');"
SHORTEN = FILM + (
    "film.widgets.find(widget => widget.name === 'length').value = 21;"
    "film.widgets.find(widget => widget.name === 'steps').value = 4;"
    "film.widgets.find(widget => widget.name === 'seed').value = seed;"
)
WATCH = (
    FILM
    + """
if (!window.said) {
  app.api.addEventListener('progress_text', ({ detail }) => {
    if (detail.nodeId == film.id) said.push(detail.text);
  });
  for (const kind of ['execution_success', 'execution_error'])
    app.api.addEventListener(kind, ({ detail }) => { window.finished = detail.exception_message ?? ''; });
}
window.said = [];
window.finished = null;
"""
)
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


TOGGLE_APP_MODE = "await app.extensionManager.command.execute('Comfy.ToggleLinear')"
APP_INPUTS = "document.querySelector('[data-testid=linear-widgets]')"
VIDEO_SIZE = (
    "[...document.querySelectorAll('video')].filter(video => video.videoWidth)"
    ".map(video => [video.videoWidth, video.videoHeight])[0]"
)
GRAPH = "return (await app.graphToPrompt()).output"


@pytest.fixture(
    params=[
        pytest.param(False, id="classic"),
        pytest.param(True, id="nodes-2.0", marks=pytest.mark.soak),
    ]
)
def nodes_2(request, page):
    setting = "await app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)"
    page.evaluate(setting, on=request.param)
    page.listen(0.5)
    yield request.param
    page.evaluate(setting, on=False)


def test_progress_comes_before_the_widgets_and_what_matters_first_after_the_run(page, nodes_2):
    complaints(page)
    load(page, "demo")
    page.evaluate(WATCH)
    page.evaluate(SHORTEN, seed=900 + nodes_2)
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
    page.listen(1)
    said, finished = page.evaluate("return [said, finished]")
    assert finished == ""
    steps = [text.split("\n")[0] for text in said if re.search(r"step \d+ of", text)]
    assert steps[0] == "clip 1 of 2, step 1 of 4"  # models are loaded before: no estimate
    expected = re.compile(r"(a few|about \d+) \w+ left: clip \d of 2, step \d+ of 4$")
    assert [each for each in steps[1:] if not expected.match(each)] == []
    lines = said[-1].split("\n")
    assert re.match(r"the video, 21 frames, 0.8 s, is .+\.mp4$", lines[0]) and lines[1].startswith("drift: ")
    assert page.evaluate(FILM + "return film.serialize().widgets_values") == saved
    assert complaints(page) == []


@pytest.mark.soak
def test_the_demo_runs_from_app_mode(page, server):
    """It shows the inputs that the graph names; what is entered there is what runs."""
    server.post("/settings", {"Comfy.OnboardingCoachmarks.Seen": ["appMode"]})
    open_page(page, server)
    complaints(page)
    load(page, "demo")
    page.evaluate(WATCH)
    page.evaluate(SHORTEN, seed=910)
    page.evaluate(TOGGLE_APP_MODE)
    page.wait_for(f"{APP_INPUTS}?.querySelector('input')")
    page.listen(1)
    assert page.evaluate(f"return {APP_INPUTS}.innerText").split() == ["prompt", "length", "seed", "draft"]
    page.evaluate(
        f"const box = {APP_INPUTS}.querySelector('input');"
        "box.value = 'two people talk, left hops';"
        "box.dispatchEvent(new Event('input', { bubbles: true }));"
        "box.dispatchEvent(new Event('change', { bubbles: true }));"
    )
    page.evaluate("document.querySelector('[data-testid=linear-run-button-icon]').closest('button').click()")
    page.wait_for("window.finished !== null", 180)
    assert page.evaluate("return finished") == ""
    page.wait_for(VIDEO_SIZE)
    assert page.evaluate(f"return {VIDEO_SIZE}") == [144, 96]
    (prompt,) = [job["prompt"][2] for job in server.get("/history?max_items=1").values()]
    assert prompt["1"]["inputs"]["prompt"] == "two people talk, left hops"
    page.evaluate(TOGGLE_APP_MODE)
    assert complaints(page) == []


@pytest.mark.soak
def test_the_demo_comes_back_when_its_own_mp4_is_dropped_on_an_empty_canvas(page, server):
    complaints(page)
    load(page, "demo")
    page.evaluate(WATCH)
    page.evaluate(SHORTEN, seed=910)
    whole = page.evaluate(GRAPH)
    page.evaluate(f"({RUN_BUTTON}).click()")
    page.wait_for("window.finished !== null", 180)
    film = max(server.base.glob("output/MultiTalk/demo_*.mp4"))
    page.evaluate(
        "app.rootGraph.clear();"
        "const answer = await fetch(`/api/view?filename=${name}&type=output&subfolder=MultiTalk`);"
        "const files = new DataTransfer();"
        "files.items.add(new File([await answer.blob()], name, { type: 'video/mp4' }));"
        "const drop = { dataTransfer: files, bubbles: true, cancelable: true, clientX: 800, clientY: 500 };"
        "app.canvasEl.dispatchEvent(new DragEvent('dragover', drop));"
        "app.canvasEl.dispatchEvent(new DragEvent('drop', drop));",
        name=film.name,
    )
    page.wait_for("app.rootGraph.nodes.some(node => node.type === 'MultiTalkLongVideo')")
    page.listen(0.5)
    assert page.evaluate(GRAPH) == whole
    assert page.evaluate("return app.rootGraph.groups.length") > 0
    assert complaints(page) == []
