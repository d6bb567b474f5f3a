"""The demo in the page: its film from a drag on the timeline to the frames, App Mode, its own MP4 dropped."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import Browser
from comfy_page import BARS, FIT, RUN_SECONDS, click_run, complaints, open_page
from comfy_server import ComfyServer
from PIL import Image
from test_browser import load
from timeline_page import ENCODER, LANES, OPTIONS, point, rows, use_nodes_2

from helpers.demo_size import DEMO_HEIGHT, DEMO_WIDTH
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.evaluation.film_score import measure_film
from multitalk_core.media.video_writer import read_video

FRAMES = 29  # in three clips of 12 steps
DRAGGED = 0.56  # seconds
TURNS = "speaker,start,end,voice_of,voice_start\n# 1,0,0.6,,0\n2,0,0.6,,1.4"
SET = """
const widgets = type => app.rootGraph.nodes.find(each => each.type === type).widgets;
const set = (type, name, value) => (widgets(type).find(each => each.name === name).value = value);
"""
PREPARE = (
    SET
    + f"""
set('MultiTalkAudioEncoder', 'timing', 'table');
set('MultiTalkAudioEncoder', 'timing.turns', turns);
set('MultiTalkLongVideo', 'length', frames);
set('MultiTalkLongVideo', 'seed', seed);
app.canvas.ds.scale = 1;
app.canvas.ds.offset = {ENCODER}.pos.map(side => 120 - side);
{ENCODER}.setSize([760, {ENCODER}.size[1]]);
app.canvas.setDirty(true, true);
"""
)
SHORTEN = (
    SET
    + """
set('MultiTalkLongVideo', 'length', 21);
set('MultiTalkLongVideo', 'steps', 4);
set('MultiTalkLongVideo', 'seed', seed);
"""
)
FILM = "const film = app.rootGraph.nodes.find(node => node.type === 'MultiTalkLongVideo');"
WATCH = (
    FILM
    + """
if (!window.said) {
  app.api.addEventListener('progress_text', ({ detail }) => {
    if (detail.nodeId == film.id) said.push(detail.text.replaceAll('  \\n', '\\n'));
  });
  app.api.addEventListener('executed', ({ detail }) => {
    if (detail.output?.images?.[0]?.filename.endsWith('.mp4')) window.saved = detail.output.images[0];
  });
  for (const kind of ['execution_success', 'execution_error'])
    app.api.addEventListener(kind, ({ detail }) => { window.finished = detail.exception_message ?? ''; });
}
window.said = [];
window.saved = null;
window.finished = null;
"""
)
TEXT = "film.widgets.find(widget => widget.name === '$$node-text-preview')"
CLASSIC = FILM + (
    f"const text = {TEXT};"
    "const others = film.widgets.filter(widget => !widget.hidden && widget !== text);"
    "return text.y < Math.min(...others.map(widget => widget.y));"
)
NODES_2 = FILM + (
    "const body = document.querySelector(`[data-node-id='${film.id}'] [data-testid^='node-body-']`);"
    "const top = each => each.getBoundingClientRect().top;"
    "const rows = [...body.querySelectorAll('[data-testid=node-widget]')];"
    "const report = rows.find(row => row.querySelector('.widget-markdown'));"
    "const picture = body.querySelector(':scope > img');"
    "return Math.min(...rows.map(top)) === top(report) && (!picture || top(picture) < top(report));"
)


TOGGLE_APP_MODE = "await app.extensionManager.command.execute('Comfy.ToggleLinear')"
APP_INPUTS = "document.querySelector('[data-testid=linear-widgets]')"
VIDEO_SIZE = (
    "[...document.querySelectorAll('video')].filter(video => video.videoWidth)"
    ".map(video => [video.videoWidth, video.videoHeight])[0]"
)
GRAPH = "(await app.graphToPrompt()).output"


@dataclass
class Watched:
    """What the page showed of a film in the making, and the film."""

    said: list[str]
    finished: str
    same_widgets: bool
    video: list[int]
    file: Path
    complaints: list[str]


def run_film(page: Browser, server: ComfyServer, nodes_2: bool) -> Watched:
    """The demo, in which the only turn is dragged before Run is pressed."""
    complaints(page)
    load(page, "demo")
    page.evaluate(WATCH)
    page.evaluate(PREPARE, turns=TURNS, frames=FRAMES, seed=900 + nodes_2)
    page.wait_for(f"{OPTIONS}.length === 2 && {LANES}.clientWidth > 200")
    start, end = (point(page, 2, second, longest=1) for second in (0.3, 0.3 + DRAGGED))
    page.drag(start, [(start[0] + end[0]) / 2, end[1]], end)
    assert rows(page) == ["# 1,0,0.6,,0", "2,0.56,1.16,,1.4"]
    widgets = FILM + "return film.serialize().widgets_values"
    before = page.evaluate(widgets)
    page.evaluate(FIT, bars=BARS)
    click_run(page)
    page.wait_for("window.said.some(text => text.includes('step 2'))", RUN_SECONDS)
    # The text is the first of the node's widgets, the preview above it.
    page.wait_for(f"(() => {{ {NODES_2 if nodes_2 else CLASSIC} }})()")
    page.wait_for("window.finished !== null", RUN_SECONDS)
    page.wait_for(VIDEO_SIZE)
    said, finished, saved = page.evaluate("return [said, finished, saved]")
    return Watched(
        said=said,
        finished=finished,
        same_widgets=page.evaluate(widgets) == before,
        video=page.evaluate(f"return {VIDEO_SIZE}"),
        file=server.path(saved),
        complaints=complaints(page),
    )


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(False, id="classic"),
        pytest.param(True, id="nodes-2.0", marks=pytest.mark.soak),
    ],
)
def watched(request, page, server) -> Iterator[Watched]:
    use_nodes_2(page, request.param)
    yield run_film(page, server, request.param)
    use_nodes_2(page, False)


def test_progress_comes_before_the_widgets_and_what_matters_first_after_the_run(watched):
    assert watched.finished == "" and watched.complaints == []
    steps = [text.split("\n")[0] for text in watched.said if re.search(r"step \d+ of", text)]
    assert steps[0] == "clip 1 of 3, step 1 of 12"  # models are loaded before: no estimate
    expected = re.compile(r"(a few|about \d+) \w+ left: clip \d of 3, step \d+ of 12$")
    assert [each for each in steps[1:] if not expected.match(each)] == []
    lines = watched.said[-1].split("\n")
    assert re.match(r"the video, 29 frames, 1.2 s, is .+\.mp4$", lines[0]) and lines[1].startswith("drift: ")
    assert watched.same_widgets and watched.video == [DEMO_WIDTH, DEMO_HEIGHT]


def test_a_turn_that_is_dragged_is_spoken_later_in_the_film(watched):
    frames, fps, sound = read_video(watched.file)
    assert len(frames) == FRAMES
    with Image.open(EMBEDDED / "picture.png") as picture:
        source = torch.from_numpy(np.asarray(picture.convert("RGB"), np.float32) / 255)
    silence = np.zeros(round(FRAMES / fps * 16000), np.float32)
    mouth = measure_film(frames, source, [silence, silence], fps=fps).openness[1]
    begins = round(DRAGGED * fps)
    assert mouth[begins + 2 :].mean() > 2 * mouth[2 : begins - 1].mean()
    loudness = np.abs(sound.samples).max(axis=0)
    begins = round(DRAGGED * sound.rate)
    assert loudness[begins:].max() > 0.05 > 5 * loudness[: begins - sound.rate // 20].max()


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
    shown = f"{APP_INPUTS}.innerText.split(/\\s+/).filter(Boolean).join()"
    page.wait_for(f"{shown} === 'prompt,length,seed,draft'")
    page.evaluate(
        f"const box = {APP_INPUTS}.querySelector('input');"
        "box.value = 'two people talk, left hops';"
        "box.dispatchEvent(new Event('input', { bubbles: true }));"
        "box.dispatchEvent(new Event('change', { bubbles: true }));"
    )
    page.evaluate("document.querySelector('[data-testid=linear-run-button-icon]').closest('button').click()")
    page.wait_for("window.finished !== null", RUN_SECONDS)
    assert page.evaluate("return finished") == ""
    page.wait_for(VIDEO_SIZE)
    assert page.evaluate(f"return {VIDEO_SIZE}") == [DEMO_WIDTH, DEMO_HEIGHT]
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
    whole = page.evaluate(f"return {GRAPH}")
    click_run(page)
    page.wait_for("window.finished !== null", RUN_SECONDS)
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
    page.wait_for(f"JSON.stringify({GRAPH}) === JSON.stringify(whole)", whole=whole)
    assert page.evaluate("return app.rootGraph.groups.length") > 0
    assert complaints(page) == []
