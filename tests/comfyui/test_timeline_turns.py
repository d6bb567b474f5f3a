"""The timeline of Encode MultiTalk Audio in ComfyUI's page: dragged, undone, opened again, copied."""

import pytest
from browser import Browser
from comfy_page import READY, complaints
from timeline_page import (
    BUILD,
    ENCODER,
    LANES,
    OPTIONS,
    build,
    options,
    point,
    rows,
    undo,
    use_nodes_2,
    value,
)

SOURCES = [("MultiTalkLoadVoice", "lane_1.wav"), ("LoadAudio", "lane_2.wav")]
LONGEST = 3.0  # seconds
MODEL = """
const turns = await import('/extensions/ComfyUI-MultiTalk/timeline/turns.js');
const fps = 25;
const given = turns.filled(turns.parse(text), { recording: false });
const recording = turns.filled(turns.parse(plain), { recording: true });
const text_of = made => turns.write(made).split('\\n').slice(1);
return {
  same: text_of(given),
  moved: text_of(turns.moved(given, 0, 1.013, { fps })),
  pushed: text_of(turns.moved(given, 0, 2.6, { fps })),
  early: text_of(turns.trimmed(given, 1, 'start', 0, { fps })),
  late: text_of(turns.trimmed(given, 1, 'end', 99, { fps, voiceSeconds: 4.01 })),
  short: text_of(turns.trimmed(given, 0, 'end', -1, { fps })),
  split: text_of(turns.split(given, 1, 3.01, fps)),
  whole: text_of(turns.split(given, 1, 2.51, fps)),
  muted: text_of(turns.toggled(turns.toggled(given, 0), 1)),
  swapped: text_of(turns.swapped(given, 1, 2, { voices: true })),
  recording: text_of(turns.swapped(recording, 1, 2, { voices: false })),
  foreign: [turns.parse('a,b,c'), turns.parse(''), turns.parse('speaker,start,end\\nAnna,0,1')],
  named: turns.parse('speaker,start,end\\n"An ""na",0,1', ['Ben', 'An "na'])[0].speaker,
};
"""

LOCALE = "/extensions/ComfyUI-MultiTalk/timeline/locale.js"
AWAY = f"""
const {{ api }} = await import('/scripts/api.js');
const {{ readWords, words }} = await import('{LOCALE}');
const {{ readHistory }} = await import('/extensions/ComfyUI-MultiTalk/timeline/history.js');
window.fetchBefore = api.fetchApi;
const ours = /^\\/(i18n|history|multitalk\\/turns)/;
api.fetchApi = (route, options) => {{
  if (ours.test(route)) return Promise.reject(new TypeError('Failed to fetch'));
  return window.fetchBefore.call(api, route, options);
}};
const failed = await api.fetchApi('/i18n').catch(error => error.name);
await readWords();
readHistory();
return [failed, words('turns.muted')];
"""
BACK = f"""
const {{ api }} = await import('/scripts/api.js');
api.fetchApi = window.fetchBefore;
await (await import('{LOCALE}')).readWords();
"""


@pytest.fixture
def page(page):
    yield page
    assert complaints(page) == []


def lane(page: Browser, speaker: int, second: float) -> list[float]:
    return point(page, speaker, second, longest=LONGEST)


def test_what_is_done_to_turns(page):
    text = "speaker,start,end,voice_of,voice_start\n1,0,2,,0\n2,2.5,5,,1\n1,3,4,,2.2\n# 2,6,7,,3"
    made = page.evaluate(MODEL, text=text, plain="speaker,start,end\n1,0,1\n2,1,2")
    first, second, third, muted = rows_ = text.split("\n")[1:]
    assert made["same"] == rows_
    assert made["moved"] == ["1,1,3,,0", second, third, muted]  # snapped to a frame
    assert made["pushed"] == ["1,4,6,,0", second, third, muted]  # beside the turn that is in the way
    assert made["early"][1] == "2,1.52,5,,0.02"  # the voice has nothing before
    assert made["late"][1] == "2,2.5,5.48,,1"  # nor after
    assert made["short"][0] == "1,0,0.04,,0"  # one frame is left
    assert made["split"] == [first, "2,2.5,3,,1", "2,3,5,,1.5", third, muted]
    assert made["whole"] == rows_
    assert made["muted"][:2] == [f"# {first}", f"# {second}"]
    assert made["swapped"] == ["2,0,2,,0", "1,2.5,5,,1", "2,3,4,,2.2", "# 1,6,7,,3"]
    assert made["recording"] == ["2,0,1,1,0", "1,1,2,,1"]
    assert made["foreign"] == [None, None, None] and made["named"] == 2


@pytest.mark.parametrize("nodes_2", [False, True], ids=["classic", "nodes 2.0"])
def test_a_drag_moves_a_turn_and_is_one_step_of_undo(page, nodes_2):
    use_nodes_2(page, nodes_2)
    build(page, SOURCES, turns=2)
    assert options(page)[1].startswith("Speaker 2, 0.00 to 2.00 s, frames 0 to 50")
    page.drag(lane(page, 2, 0.5), lane(page, 2, 0.8), lane(page, 2, 1.0), lane(page, 2, 1.311))
    assert value(page, "timing") == "table"
    assert rows(page) == ["1,0,3,,0", "2,0.8,2.8,,0"]
    undo(page, "together")
    assert len(options(page)) == 2
    undo(page, "table", redo=True)
    assert rows(page) == ["1,0,3,,0", "2,0.8,2.8,,0"]
    use_nodes_2(page, False)


def test_edges_are_trimmed_and_keys_do_all_of_it(page):
    build(page, SOURCES, turns=2)
    page.drag(lane(page, 1, 2.99), lane(page, 1, 2.7), lane(page, 1, 2.5))
    assert rows(page) == ["1,0,2.52,,0", "2,0,2,,0"]
    page.drag(point(page, 1, 1.0, longest=2.52))
    page.press("s")
    page.press("ArrowRight", shift=True, ctrl=True)
    assert rows(page)[:2] == ["1,0,1,,0", "1,1,2.52,,1"]  # its own other half is in the way
    page.press("ArrowRight")
    page.press("ArrowRight")
    page.press("ArrowRight", shift=True)
    page.press("ArrowRight", shift=True, ctrl=True)
    page.press("ArrowRight", alt=True, shift=True)
    page.press("m")
    assert rows(page) == ["1,0,1,,0", "# 1,1.48,2.96,,1.04", "2,0,2,,0"]
    undo(page, "table")
    assert rows(page)[1] == "1,1.48,2.96,,1.04"


def test_speech_is_found_and_cut_into_turns(page):
    build(page, SOURCES, turns=2)
    page.evaluate(f"{ENCODER}.widgets.at(-1).element.querySelector('[aria-label*=speaks]').click()")
    starts = [[float(cell) for cell in row.split(",")[1:3]] for row in rows(page)]
    assert [row[0] for row in rows(page)] == ["1", "1", "2"]
    for (start, end), (begins, ends) in zip(starts, [(0.4, 1.2), (1.9, 2.8), (0.2, 1.8)], strict=True):
        assert begins - 0.2 < start < begins and ends < end < ends + 0.2
        assert start * 25 == pytest.approx(round(start * 25)) and end * 25 == pytest.approx(round(end * 25))


def test_a_table_of_another_form_is_shown_and_keeps_its_names(page):
    cues = "1\n00:00:00,200 --> 00:00:01,000\nAnna: hello\n\n2\n00:00:01,200 --> 00:00:02,000\nBen: hi\n"
    build(page, SOURCES[:1], turns=2, **{"timing": "table", "timing.turns": cues})
    assert [option.split(",")[0] for option in options(page)] == ["Anna", "Ben"]
    page.drag(point(page, 2, 1.6, longest=3), point(page, 2, 1.8, longest=3), point(page, 2, 2.0, longest=3))
    assert rows(page) == ["Anna,0.2,1,,0.2", "Ben,1.6,2.4,1,1.2"]
    assert value(page, "timing.names") == "Anna, Ben"


@pytest.mark.parametrize(
    ("turns", "sentence"),
    [
        ("1,0,1\n3,1,2", "Speaker 3 has turns but no voice: connect one, or mute them."),
        ("# 1,0,1", "Every turn is muted, so nobody speaks."),
        ("", "timing.turns: Nothing is in the table of turns, it is empty"),
        ("1,two,3", "timing.turns: Turn 1 of the table of turns (line 2) has the start two"),
    ],
)
def test_what_a_run_would_refuse_is_said_at_once(page, turns, sentence):
    table = {"timing": "table", "timing.turns": f"speaker,start,end\n{turns}"}
    page.evaluate(BUILD, sources=SOURCES, widgets=table)
    status = f"{ENCODER}.widgets.at(-1).element.querySelector('.status.fault')"
    page.wait_for(f"{status}?.textContent.startsWith(sentence)", sentence=sentence)


def test_a_server_that_does_not_answer_is_no_error_of_the_page(page):
    """The page's fixture checks that no rejection is left unhandled."""
    failed = page.evaluate(AWAY)
    assert failed == ["TypeError", "turns.muted"]
    try:
        table = {"timing": "table", "timing.turns": "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Eve>Hi"}
        page.evaluate(BUILD, sources=SOURCES, widgets=table)
        page.wait_for(f"{STATUS} === 'files.unread_table'")
    finally:
        page.evaluate(BACK)
    assert page.evaluate(f"return (await import('{LOCALE}')).words('turns.all_muted')").startswith("Every")


def test_turns_from_another_node_are_shown_and_a_change_takes_them_over(page):
    """Once a run has shown them; until then nothing can be changed."""
    build(page, SOURCES, turns=2, **{"timing": "table", "timing.turns": "speaker,start,end\n1,0,1\n2,1,2"})
    page.evaluate(
        "const text = LiteGraph.createNode('PrimitiveStringMultiline');"
        "app.rootGraph.add(text);"
        f"text.connect(0, {ENCODER}, {ENCODER}.inputs.findIndex(each => each.name === 'timing.turns'));"
    )
    status = f"{ENCODER}.widgets.at(-1).element.querySelector('.status')"
    page.wait_for(f"{status}.textContent.startsWith('Turns are only shown: “turns” comes')")
    page.wait_for(f"{LANES}.height * {LANES}.clientWidth === {LANES}.width * {LANES}.clientHeight")
    page.drag(lane(page, 2, 1.5), lane(page, 2, 2.0))
    assert rows(page) == ["1,0,1", "2,1,2"]
    table = "speaker,start,end,voice_of,voice_start\nAnna,0,1,1,0.2\nBen,1,3,1,1.5"
    page.evaluate(f"app.nodeOutputs[String({ENCODER}.id)] = {{ multitalk_turns: [table] }}", table=table)
    page.wait_for(f"{OPTIONS}.length === 2")
    page.drag(lane(page, 2, 1.5), lane(page, 2, 2.02))
    assert rows(page) == ["Anna,0,1,,0.2", "Ben,1.52,3.52,1,1.5"]
    assert value(page, "timing.names") == "Anna, Ben"
    linked = f"{ENCODER}.inputs.find(each => each.name === 'timing.turns').link != null"
    assert page.evaluate(f"return {linked}") is False
    page.press("z", ctrl=True)
    page.wait_for(linked)


def test_a_graph_opened_again_and_a_copy_have_their_own_turns(page):
    build(page, SOURCES, turns=2)
    page.drag(lane(page, 2, 0.5), lane(page, 2, 1.02))
    page.evaluate("await app.loadGraphData(app.rootGraph.serialize(), true, true, 'again')")
    page.wait_for(f"{LANES}.children.length === 2")
    assert rows(page)[1] == "2,0.52,2.52,,0"
    prompt = page.evaluate("return (await app.graphToPrompt()).output")
    (inputs,) = [each["inputs"] for each in prompt.values() if each["class_type"] == "MultiTalkAudioEncoder"]
    assert inputs["timing.turns"].endswith("2,0.52,2.52,,0") and "timeline" not in inputs
    page.evaluate(
        f"app.canvas.selectItems([{ENCODER}]); app.canvas.copyToClipboard();"
        "app.canvas.pasteFromClipboard({ position: [420, 620] });"
        f"for (const widget of {ENCODER}.widgets) if (widget.name === 'timing.turns') widget.value = text;",
        text="speaker,start,end\n1,0,1",
    )
    assert rows(page) == ["1,0,1"]
    first = "app.rootGraph.nodes.find(each => each.comfyClass === 'MultiTalkAudioEncoder')"
    kept = page.evaluate(f"return {first}.widgets.find(each => each.name === 'timing.turns').value")
    assert kept.endswith("2,0.52,2.52,,0")


STATUS = f"{ENCODER}.widgets.at(-1).element.querySelector('.status').textContent"
SECOND = f"{ENCODER}.inputs.findIndex(each => each.name === 'speaker_2')"
LOADER = f"{ENCODER}.getInputNode({SECOND})"


@pytest.mark.parametrize(
    "away", [f"{ENCODER}.disconnectInput({SECOND})", f"{LOADER}.mode = 2", f"{LOADER}.mode = 4"]
)
def test_without_its_voice_a_speaker_does_not_get_that_of_another(page, away):
    """A typed table and one voice on speaker_1 would be one recording of everyone."""
    plain = "speaker,start,end\n1,0,1\n2,1,2"
    build(page, SOURCES, turns=2, **{"timing": "table", "timing.turns": plain})
    page.wait_for(f"{STATUS}.startsWith('2 turns, 2.00 s.')")
    page.evaluate(away)
    page.wait_for(f"{STATUS}.startsWith('Speaker 2 has turns but no voice')")
    assert rows(page) == ["1,0,1,,0", "2,1,2,,1"]


def test_one_recording_is_said_to_be_one(page):
    table = {"timing": "table", "timing.turns": "speaker,start,end\n1,0,1\n2,1,2"}
    build(page, SOURCES[:1], turns=2, **table)
    page.wait_for(f"{STATUS}.startsWith('One recording of everyone on speaker 1: 2 turns')")
    assert rows(page) == ["1,0,1", "2,1,2"]


def test_turns_are_there_after_the_browser_has_read_the_page_again(page):
    build(page, SOURCES, turns=2)
    page.drag(lane(page, 2, 0.5), lane(page, 2, 1.26))  # a place of its own among all drafts
    page.wait_for(
        "Object.values({ ...localStorage, ...sessionStorage }).some(each => each.includes(row))",
        row="0.76,2.76",
    )
    page.reload()
    page.wait_for(f"{READY} && {ENCODER} && {OPTIONS}.length === 2")
    assert rows(page) == ["1,0,3,,0", "2,0.76,2.76,,0"]
    complaints(page)
