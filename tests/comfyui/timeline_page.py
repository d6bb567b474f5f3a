"""The timeline of Encode MultiTalk Audio in ComfyUI's page, as a test drives it."""

from pathlib import Path

import numpy as np
from browser import Browser
from comfy_page import settle

from helpers.sound_files import write_sound

RATE = 16000
RULER = 20  # pixels above the lanes
SLACK = 1.05  # the ruler shows so much more than the film
TRACKER = "app.extensionManager.workflow.activeWorkflow.changeTracker"
CORNER = "app.canvas.ds.scale = 1; app.canvas.ds.offset = [0, 0]; app.canvas.setDirty(true, true);"
BUILD = f"""
const empty = {{ version: 0.4, last_node_id: 0, last_link_id: 0, nodes: [], links: [] }};
await app.loadGraphData(empty, true, true);
const add = (type, at) => {{
  const node = LiteGraph.createNode(type);
  node.pos = at;
  app.rootGraph.add(node);
  return node;
}};
const encoder = add('MultiTalkAudioEncoder', [420, 80]);
for (const [name, value] of Object.entries(widgets)) {{ // before the links, of which the timeline is told
  encoder.widgets.find(each => each.name === name).value = value;
}}
for (const [index, [type, file]] of sources.entries()) {{
  const loader = add(type, [60, 80 + 220 * index]);
  loader.widgets.find(each => each.name === 'audio').value = file;
  loader.connect(0, encoder, encoder.inputs.findIndex(each => each.name === `speaker_${{index + 1}}`));
  await new Promise(done => setTimeout(done));
}}
encoder.setSize([760, encoder.computeSize()[1]]);
{CORNER}
{TRACKER}.captureCanvasState();
"""
ENCODER = "app.canvas.graph.nodes.findLast(each => each.comfyClass === 'MultiTalkAudioEncoder')"
LANES = f"{ENCODER}.widgets.find(each => each.name === 'timeline').element.querySelector('canvas.lanes')"
OPTIONS = f"[...{LANES}.children].map(each => each.textContent)"
POINT = """
const box = lanes.getBoundingClientRect();
const zoom = box.width / lanes.clientWidth;
const tall = (box.height - ruler * zoom) / speakers;
return [
  box.left + second * box.width / (longest * slack),
  box.top + ruler * zoom + (speaker - 0.5) * tall,
];
"""
# Whether lanes show all that is to come, have not moved for some frames, and lie under the pointer.
STILL = """(await (async () => {
  const lanes = %s;
  const place = () => JSON.stringify(lanes.getBoundingClientRect());
  const before = place();
  for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame);
  const { left, top, width, height } = lanes.getBoundingClientRect();
  const pointed = document.elementFromPoint(left + width / 2, top + height / 2);
  return lanes.ariaBusy === 'false' && before === place() && pointed === lanes;
})())"""


def write_voice(path: Path, seconds: float, *spans: tuple[float, float]) -> str:
    """A voice that is heard in these spans only; its name."""
    times = np.arange(round(seconds * RATE)) / RATE
    heard = sum(((times >= start) & (times < end)) for start, end in spans)
    samples = (0.5 * heard * np.sin(2 * np.pi * 220 * times)).astype(np.float32)
    write_sound(path, [[(0.0, samples[None])]], rate=RATE)
    return path.name


def build(page: Browser, sources: list[tuple[str, str]], turns: int, **widgets: object) -> None:
    """An encoder with a loader per voice, in an empty graph; waits until its timeline shows so many turns."""
    page.evaluate(BUILD, sources=sources, widgets=widgets)
    page.wait_for(f"{OPTIONS}.length === {turns}")
    wait_until_still(page)


def wait_until_still(page: Browser, lanes: str = LANES) -> None:
    """Until lanes are drawn where they stay, with all voices."""
    page.wait_for(STILL % lanes)


def point(
    page: Browser, speaker: int, second: float, *, longest: float, speakers: int = 2, lanes: str = LANES
) -> list[float]:
    """Where on the page a second of a lane is, while all of the film is shown; waits until it stays there."""
    wait_until_still(page, lanes)
    given = {"speaker": speaker, "second": second, "longest": longest, "speakers": speakers}
    return page.evaluate(f"const lanes = {lanes};" + POINT, ruler=RULER, slack=SLACK, **given)


def value(page: Browser, name: str) -> object:
    """Of a widget of the encoder."""
    return page.evaluate(
        f"return {ENCODER}.widgets.find(each => each.name === name)?.value ?? null", name=name
    )


def rows(page: Browser) -> list[str]:
    """The table's lines without the header."""
    text = value(page, "timing.turns")
    return [] if text is None else str(text).split("\n")[1:]


def options(page: Browser) -> list[str]:
    """What a screen reader reads of each turn."""
    return page.evaluate(f"return {OPTIONS}")


def undo(page: Browser, timing: str, *, redo: bool = False) -> None:
    """As ComfyUI's own keys do; waits until the timeline is made again, shows this timing, and stays."""
    page.evaluate(f"{LANES}.dataset.before = 1")
    page.press("z", ctrl=True, shift=redo)
    page.wait_for(
        f"!{LANES}.dataset.before && {OPTIONS}.length && !{TRACKER}._restoringState"
        f" && {ENCODER}.widgets.find(each => each.name === 'timing').value === timing",
        timing=timing,
    )
    wait_until_still(page)


def enter(page: Browser, graph: str) -> None:
    """Look into a subgraph, or at the whole graph: at its upper left corner, once ComfyUI has fitted it.

    ComfyUI also changes the page's address, and opens what is there if another graph has come meanwhile.
    """
    if page.evaluate(f"return app.canvas.graph === {graph}"):
        return
    page.evaluate(f"app.canvas.setGraph({graph})")
    page.wait_for("location.hash === `#${app.canvas.graph.id}`")
    settle(page)
    page.evaluate(CORNER)


def use_nodes_2(page: Browser, on: bool) -> None:
    """Switch between the classic canvas and Nodes 2.0."""
    page.evaluate("await app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)", on=on)
    settle(page)


def write_voices(folder: Path) -> None:
    """Two short voices, and one of ten minutes."""
    write_voice(folder / "lane_1.wav", 3.0, (0.4, 1.2), (1.9, 2.8))
    write_voice(folder / "lane_2.wav", 2.0, (0.2, 1.8))
    write_voice(folder / "ten_minutes.wav", 600.0, *((start, start + 7.0) for start in range(0, 600, 10)))
