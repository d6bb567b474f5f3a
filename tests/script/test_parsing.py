"""Scripts as people write them, and what is said of those that cannot be read."""

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.script.cast import cast_remarks, parse_cast
from multitalk_core.script.parsing import parse_script
from multitalk_core.script.placing import place_lines


def said(text: str) -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in parse_script(text).lines]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("**Anna:** hi *there*\n**Ben**: _well_\n*Anna: yes*", ["Anna: hi there", "Ben: well", "Anna: yes"]),
        ("- Anna: a\n* Ben: b\n> Anna: c\n2. Ben: d", ["Anna: a", "Ben: b", "Anna: c", "Ben: d"]),
        ("安娜：你好。\n本 ：你好吗？", ["安娜: 你好。", "本: 你好吗？"]),
        ("Анна : Привет\nأمين: مرحبا", ["Анна: Привет", "أمين: مرحبا"]),
        ("Dr. Smith: hi\nMary Ann O'Neil (V.O.): yo", ["Dr. Smith: hi", "Mary Ann O'Neil: yo"]),
        ("ANNA: a\nBen:\n  one\n  two\nanna: b", ["ANNA: a", "Ben: one two", "ANNA: b"]),
        ("# Scene\n\n// note\n---\n(Door.)\n*He nods.*\nAnna: hi\n<!-- x -->", ["Anna: hi"]),
        (
            "Anna: at 12:30: ok\nsee http://a.b\n  he said: go",
            ["Anna: at 12:30: ok see http://a.b he said: go"],
        ),
        ("    Anna: a\n    Ben: b\n", ["Anna: a", "Ben: b"]),
        ("Anna [laughing]: hi [sighs]\n[laughs] ok", ["Anna: [laughing] hi [sighs] [laughs] ok"]),
        ("\ufeffAnna:hi\r\nBen:ho\r\n", ["Anna: hi", "Ben: ho"]),
        ("\u200fאנה: ש\u200cלום\n אנה\u200e: a\x00b", ["אנה: ש\u200cלום", "אנה: ab"]),
        ("Café: a\nCafe\u0301: b\n🤖: c", ["Café: a", "Café: b 🤖: c"]),
    ],
)
def test_lines_are_read_as_people_write_them(text, lines):
    assert [f"{speaker}: {words}" for speaker, words in said(text)] == lines


def test_what_is_not_spoken_is_reported_with_its_line():
    remarks = "\n".join(parse_script("(Night.)\nAnna (low): hi\n[pause 2]").remarks)
    for words in ("1 stage direction is not spoken; the first is in line 1", "behind a name", "last [pause]"):
        assert words in remarks


@pytest.mark.parametrize(
    "written",
    [
        "[pause 0.5]",
        "[Pause: 500 ms]",
        "【pause 0,5】",
        "［pause 0.5s］",
        "[pause]",
        "[pause .25]\n[pause .25]",
    ],
)
def test_a_pause_is_written_in_many_ways(written):
    assert [line.gap for line in parse_script(f"Anna: a\n{written}\nBen: b").lines] == [None, 0.5]


def test_instructions_stand_before_a_line_within_it_or_at_its_end():
    lines = parse_script(
        "Anna: a [pause 1] b [overlap 0.2]\nBen: c [pause 0] d\n[reaction 1.5] Anna: m"
    ).lines
    placed = [("a", None), ("b", 1.0), ("c", -0.2), ("d", 0.0)]
    assert [(line.text, line.gap) for line in lines][:4] == placed
    assert lines[-1].reaction and lines[-1].into == 1.5


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hello", "Line 1 of the script has no speaker (hello): begin it with a name and a colon"),
        ("Anna: hi\nBen:\nAnna: ho", "Line 2 of the script: Ben says nothing there"),
        (
            "Anna: hi\n[puase 1]\nBen: b",
            "Line 2 of the script: [puase 1] is no instruction; there are [pause",
        ),
        ("Anna: hi\n\nBen: [pause two] b", "Line 3 of the script: [pause two] has no number of seconds"),
        ("Anna: hi [pause 61] b", "Line 1 of the script: [pause 61] has no number of seconds from 0 to 60"),
        ("[00:12] Anna: hi", "Line 1 of the script begins with the time [00:12]: leave times out"),
        ("Anna: a\n[overlap 0.3]\nAnna: b", "Line 3 of the script: [overlap] needs another speaker"),
        ("[reaction] Ben: m", "Line 1 of the script: [reaction] needs another speaker to talk over"),
        (
            "Anna: a\n[pause 1][overlap 1]\nBen: b",
            "Line 3 of the script: before it stand [overlap] and [pause]",
        ),
        ("1: hi\nBen: ho", "Line 2 of the script names Ben, but the script has both numbers and names"),
        ("9: hi", "Line 1 of the script names the speaker 9: number speakers from 1 to 8"),
        ("Anna: …", "Line 1 of the script: … has no letter that could be spoken"),
        (
            "\n".join(f"P{n}: x" for n in "abcdefghi"),
            "Line 9 of the script begins with Pi, who would be speaker 9",
        ),
        ("# only\n(this)", "Nobody says anything in the script"),
        ("a" * 100_001, "There are 100,001 characters in the script"),
    ],
)
def test_every_mistake_is_a_sentence_with_its_line(text, sentence):
    with pytest.raises(MultiTalkError) as refusal:
        parse_script(text)
    assert str(refusal.value).startswith(sentence)


def test_a_long_line_of_signs_is_read_at_once():
    assert len(said("Anna: hm " + "*a _b [" * 10_000)) == 1
    assert len(said("Anna: " + "*_`" * 16_000 + "x" + "`_*" * 16_000)) == 1


def test_many_reactions_are_spread_evenly():
    script = parse_script("Anna: Well.\n" + "[reaction] Ben: Hm.\n" * 4000)
    starts, _ = place_lines(script, [4001.0, *[0.5] * 4000])
    assert starts == [0.0, *(float(second) for second in range(1, 4001))]


def test_the_cast_is_remembered_as_text():
    assert parse_cast("# who\n**Anna** = af_heart\n- 本 ＝ zf_xiaobei") == {
        "anna": "af_heart",
        "本": "zf_xiaobei",
    }
    script = parse_script("Anna: hi")
    assert cast_remarks(script, parse_cast("ANNA = x")) == []
    assert "No line of the script is by carl" in cast_remarks(script, parse_cast("Carl = x"))[0]
    for text, sentence in [
        ("Anna af_heart", "Line 1 of voices is"),
        ("a = x\nA = y", "Line 2 of voices gives A"),
    ]:
        with pytest.raises(MultiTalkError, match=sentence):
            parse_cast(text)
