"""The timeline's lanes in the page: who is exchanged, played, read aloud; long tables; and a film's clips."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from browser import Browser
from comfy_page import RUN_SECONDS, click_run, complaints, settle
from timeline_page import ENCODER, LANES, OPTIONS, build, options, point, rows, undo, value, wait_until_still

from multitalk_core.drawing.palette import speaker_colour
from multitalk_core.film.clips import plan_clips

DEMO = Path(__file__).parents[2] / "workflows" / "demo.json"
SOURCES = [("LoadAudio", "lane_1.wav"), ("LoadAudio", "lane_2.wav")]
ELEMENT = f"{ENCODER}.widgets.find(each => each.name === 'timeline').element"
FACES = f"{ELEMENT}.querySelectorAll('canvas.face')"
LINKED = f"""
return {ENCODER}.inputs
  .filter(each => /speaker_\\d/.test(each.name) && each.link != null)
  .map(each => [each.name.at(-1), Number(app.canvas.graph.getLink(each.link).origin_id)]);
"""
FILM = """
const film = LiteGraph.createNode('MultiTalkLongVideo');
film.pos = [420, 560];
app.rootGraph.add(film);
const encoder = app.rootGraph.nodes.find(each => each.comfyClass === 'MultiTalkAudioEncoder');
encoder.connect(0, film, film.inputs.findIndex(each => each.name === 'audio'));
const settings = LiteGraph.createNode('MultiTalkClipSettings');
settings.pos = [60, 560];
app.rootGraph.add(settings);
settings.connect(0, film, film.inputs.findIndex(each => each.name === 'clip_settings'));
for (const widget of settings.widgets) widget.value = numbers[widget.name] ?? widget.value;
"""
CLIPS = (
    "app.rootGraph.nodes.find(each => each.comfyClass === 'MultiTalkLongVideo')"
    ".widgets.find(each => each.name === 'timeline').element"
)
TYPE = f"""
const field = {CLIPS}.querySelector(selector);
field.focus();
field.value = text;
field.dispatchEvent(new Event('change', {{ bubbles: true }}));
"""


@pytest.fixture
def page(page):
    yield page
    assert complaints(page) == []


def middle(page: Browser, selector: str) -> list[float]:
    wait_until_still(page)
    return page.evaluate(
        f"const box = {ELEMENT}.querySelector(selector).getBoundingClientRect();"
        "return [box.left + box.width / 2, box.top + box.height / 2];",
        selector=selector,
    )


def test_a_lane_dropped_on_another_face_exchanges_the_voices(page):
    table = "speaker,start,end,voice_of,voice_start\n1,0,1,,0\n2,1,2,,0.5"
    build(page, SOURCES, turns=2, **{"timing": "table", "timing.turns": table})
    before = page.evaluate(LINKED)
    first, second = (middle(page, f"[data-key=grip-{number}]") for number in (1, 2))
    page.drag(first, [first[0], first[1] + 8], second)
    assert rows(page) == ["2,0,1,,0", "1,1,2,,0.5"]
    exchanged = page.evaluate(LINKED)
    assert exchanged == [["1", before[1][1]], ["2", before[0][1]]]
    undo(page, "table")
    assert rows(page) == table.split("\n")[1:] and page.evaluate(LINKED) == before


def test_of_one_recording_the_turns_change_places_and_lanes(page):
    table = "speaker,start,end\n1,0,1\n2,1,2"
    build(page, SOURCES[:1], turns=2, **{"timing": "table", "timing.turns": table})
    page.drag(point(page, 2, 1.5, longest=3), point(page, 1, 1.6, longest=3), point(page, 1, 1.5, longest=3))
    assert rows(page) == ["1,0,1,,0", "1,1,2,,1"]
    undo(page, "table")
    page.evaluate(f"{ELEMENT}.querySelector('[data-key=grip-2]').focus()")
    page.press("ArrowUp")
    assert rows(page) == ["2,0,1,1,0", "1,1,2,,1"] and page.evaluate(LINKED) == [["1", 2]]


def test_the_mix_plays_alone_or_together_and_stops(page):
    build(page, SOURCES, turns=2)
    page.drag(middle(page, "[data-key=solo-2]"))
    page.drag(middle(page, "[aria-label^=Play]"))
    page.wait_for(f"{ELEMENT}.querySelector('.time').textContent > '0:00.2'")
    assert page.evaluate(f"return {ELEMENT}.querySelector('[data-key=solo-2]').ariaPressed") == "true"
    page.drag(middle(page, "[aria-label^=Play]"))
    page.wait_for(f"{ELEMENT}.querySelector('[aria-label^=Play]').ariaPressed === 'false'")
    assert value(page, "timing") == "together"  # listening changes nothing


def test_a_screen_reader_is_told_of_turns_and_buttons(page):
    build(page, SOURCES, turns=2)
    page.evaluate(f"{LANES}.focus()")
    page.press("ArrowRight")
    settle(page)
    nodes = page.accessibility()
    named = {(role, name) for role, name in nodes if name}
    assert ("group", "Timeline: who speaks when") in named
    assert ("listbox", "Turns, in order of time") in named
    assert ("option", "Speaker 1, 0.00 to 3.00 s, frames 0 to 75") in named
    assert ("button", "Solo Speaker 2") in named
    assert ("button", "Split the turn at the play head (S)") in named
    labels = f"[...{ELEMENT}.querySelectorAll('button')].every(each => each.ariaLabel)"
    assert page.evaluate(f"return {labels}")


def test_60_turns_in_10_minutes_stay_light(page):
    """Nothing is built for a drag, and a table of it is as long as its turns."""
    table = "\n".join(f"{1 + turn % 2},{10 * turn},{10 * turn + 7}" for turn in range(60))
    table = f"speaker,start,end\n{table}"
    build(page, [("LoadAudio", "ten_minutes.wav")], turns=60, **{"timing": "table", "timing.turns": table})
    elements = page.evaluate(f"return {ELEMENT}.querySelectorAll('*').length")
    assert elements < 100
    page.evaluate(
        "window.made = 0; new MutationObserver(each => (made += each.length))"
        f".observe({LANES}, {{ childList: true, subtree: true }});"
    )
    start = point(page, 2, 13, longest=600)
    x, y = start
    page.drag(start, *((x + step / 8, y) for step in range(8)), (x + 0.6, y))
    assert page.evaluate("return made") <= 4  # when it is chosen, and when it is let go
    assert len(rows(page)) == 60


def test_the_colours_are_those_of_the_nodes_drawings(page):
    colours = page.evaluate(
        "const { speakerColour } = await import('/extensions/ComfyUI-MultiTalk/timeline/palette.js');"
        "return Array.from({ length: 8 }, (_, index) => speakerColour(index + 1));"
    )
    assert colours == [f"rgb({' '.join(map(str, speaker_colour(index)))} / 1)" for index in range(8)]


SEEN = """
await app.loadGraphData(workflow, true, true, 'seen');
const find = type => app.rootGraph.nodes.find(each => each.type === type);
const set = (type, name, value) => (find(type).widgets.find(each => each.name === name).value = value);
set('MultiTalkAudioEncoder', 'fps', 24);
set('MultiTalkPersonLocalizer', 'speaker_order', '2, 1');
for (const type of ['SaveVideo', 'MultiTalkMouthsPlot', 'MultiTalkBindingPreview']) {
  app.rootGraph.remove(find(type));
}
for (const [type, output, preview] of [
  ['MultiTalkAudioEncoder', 'frames', 'PreviewAny'],
  ['MultiTalkPersonLocalizer', 'preview', 'PreviewImage'],
]) {
  const shown = LiteGraph.createNode(preview);
  app.rootGraph.add(shown);
  find(type).connect(find(type).outputs.findIndex(each => each.name === output), shown, 0);
}
"""
# As a page that is opened anew, which has no output of its own.
OPEN = """
const opened = { ...app.rootGraph.serialize(), id };
for (const node of Object.keys(app.nodeOutputs)) delete app.nodeOutputs[node];
await app.loadGraphData(opened, true, true, name);
"""


def frames(count: int) -> str:
    """Whether the last run made so many."""
    shown = "app.nodeOutputs[app.rootGraph.nodes.find(each => each.type === 'PreviewAny').id]"
    return f"{shown}?.text?.[0] === '{count}'"


def test_after_a_run_lanes_have_faces_and_a_drag_changes_the_next_run(page):
    """The film itself is not run: Locate and the encoder are."""
    unseen = json.loads(DEMO.read_text()) | {"id": str(uuid4())}  # other tests run the demo too
    page.evaluate(SEEN, workflow=unseen)
    page.wait_for(f"{ELEMENT}.querySelector('.status').textContent.includes('after the first run')")
    click_run(page)
    page.wait_for(f"{OPTIONS}.length === 2 && {FACES}.length === 2", RUN_SECONDS)
    page.wait_for(
        f"[...{FACES}].every(each =>"
        "  each.getContext('2d').getImageData(16, 16, 32, 32).data"
        ".every((level, at) => at % 4 < 3 || level === 255))"
    )
    page.wait_for(frames(93), RUN_SECONDS)
    page.evaluate(
        f"app.canvas.ds.scale = 1; app.canvas.ds.offset = {ENCODER}.pos.map(side => 120 - side);"
        f"{ENCODER}.setSize([760, {ENCODER}.size[1]]); app.canvas.setDirty(true, true);"
    )
    start, end = (point(page, 2, second, longest=3.914) for second in (1.0, 2.0))
    page.drag(start, [(start[0] + end[0]) / 2, end[1]], end)
    assert rows(page)[1].startswith("2,1,4.914")
    click_run(page)
    page.wait_for(frames(117), RUN_SECONDS)
    # Opened again, it is shown by what the server remembers of its runs.
    page.evaluate(OPEN, name="again", id=unseen["id"])
    page.wait_for(f"{OPTIONS}.length === 2 && {FACES}.length === 2")
    # As another workflow, it is not known, and its run takes everything from ComfyUI's cache.
    page.evaluate(OPEN, name="another", id=str(uuid4()))
    page.wait_for(f"{OPTIONS}.length === 2 && {FACES}.length === 0")
    settle(page)
    voiceless = page.evaluate(f"return {LANES}.toDataURL()")
    click_run(page)
    page.wait_for(f"{FACES}.length === 2 && {LANES}.toDataURL() !== voiceless", voiceless=voiceless)


def asked(page: Browser, name: str) -> str:
    return page.evaluate(
        "const film = app.rootGraph.nodes.find(each => each.comfyClass === 'MultiTalkLongVideo');"
        "return film.widgets.find(each => each.name === name).value;",
        name=name,
    )


def test_clips_are_those_of_the_film(page):
    planned = page.evaluate(
        "const { planClips } = await import('/extensions/ComfyUI-MultiTalk/timeline/clips.js');"
        "return films.map(each => planClips(...each).map(clip => [clip.start, clip.end]));",
        films=[[75, 29, 9], [200, 81, 5], [81, 81, 5], [82, 81, 5], [5, 81, 25], [1000, 81, 25]],
    )
    for clips, film in zip(
        planned,
        [(75, 29, 9), (200, 81, 5), (81, 81, 5), (82, 81, 5), (5, 81, 25), (1000, 81, 25)],
        strict=True,
    ):
        plan = plan_clips(*film)
        starts = [clip.start + clip.motion_frames for clip in plan.clips]
        assert clips == [
            [start, start + clip.new_frames] for start, clip in zip(starts, plan.clips, strict=True)
        ]


def test_a_clip_takes_a_prompt_and_a_retake_and_other_lines_stay(page):
    build(page, SOURCES, turns=2)
    page.evaluate(FILM, numbers={"clip_frames": 29, "motion_frames": 9})
    page.wait_for(f"{CLIPS}.querySelector('.status').textContent.startsWith('Clip 1 of 4')")
    page.evaluate(f"{CLIPS}.querySelector('canvas').focus()")
    page.press("ArrowRight")
    page.evaluate(TYPE, selector=".prompt", text="She nods.")
    page.evaluate(TYPE, selector=".seed", text="42")
    assert asked(page, "prompts") == "0:01.16 She nods." and asked(page, "retakes") == "2: 42"
    page.evaluate(TYPE, selector=".seed", text="")
    assert asked(page, "retakes") == ""
    page.evaluate(TYPE, selector=".prompt", text="")
    assert asked(page, "prompts") == ""


def test_lines_of_other_clips_and_persons_are_kept(page):
    made = page.evaluate(
        "const clips = await import('/extensions/ComfyUI-MultiTalk/timeline/clips.js');"
        "const film = { clips: clips.planClips(200, 81, 5), fps: 25 };"
        "const retakes = 'all person 2: 3\\n2: 5, She laughs.\\n3: 7';"
        "const prompts = '0:00 Hello.\\n4 He nods.\\n1:00 Late';"
        "return [clips.writeRetake(retakes, 1, { seed: 42, prompt: 'She laughs.' }),"
        "  clips.writeRetake(retakes, 1, null), clips.writePrompt(prompts, 1, 'He waves.', film)];"
    )
    assert made[0].split("\n") == ["all person 2: 3", "3: 7", "2: 42, She laughs."]
    assert made[1].split("\n") == ["all person 2: 3", "3: 7"]
    assert made[2].split("\n") == ["0:00 Hello.", "0:03.24 He waves.", "1:00 Late"]
    assert options(page)
