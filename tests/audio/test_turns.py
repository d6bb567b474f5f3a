"""Tables of turns from outside: what is wrong is reported with its turn and field, in a file and pasted."""

import json

import numpy as np
import pytest

from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.turns import Turn, parse_turns, read_turns
from multitalk_core.audio.waveform import Waveform
from multitalk_core.errors import MultiTalkError

HEADER = "speaker,start,end\n"
RECORDING = Waveform(np.full((1, 64_000), 0.1, np.float32), 16_000)


def rttm(name: str, recording: str = "talk", start: str = "0", duration: str = "1", rest: str = "<NA> <NA>"):
    return f"SPEAKER {recording} 1 {start} {duration} <NA> <NA> {name} {rest}\n"


def row(**changes: object) -> str:
    return json.dumps([{"speaker": "anna", "start": 0, "end": 1, **changes}])


WRONG = {
    "deep.json": ("[" * 150_000, "nested too deeply"),
    "deep_objects.json": ('{"a":' * 150_000, "nested too deeply"),
    "text.json": ("[1, 2", "not valid JSON"),
    "object.json": ('{"speaker": "anna"}', "not a list"),
    "numbers.json": ("[1, 2]", r"Turn 1 of .* is 1"),
    "digits.json": (row(end=int("9" * 400)), "Turn 1 .* has the end"),
    "more_digits.json": (row().replace("1}", "9" * 5000 + "}"), "Turn 1 .* has the end"),
    "digits_of_a_name.json": (row(speaker=int("9" * 300)), "has the speaker 999"),
    "nan.json": (row(start=float("nan")), "has the start nan"),
    "inf.json": (row(end=float("inf")), "has the end inf"),
    "bool.json": (row(end=True), "has the end True"),
    "null.json": (row(speaker=None), "Turn 1 .* has no speaker"),
    "no_name.json": (row(speaker="  "), "has the speaker .* neither has any other"),
    "true_name.json": (row(speaker=True), "has the speaker True"),
    "list_name.json": (row(speaker=["anna"]), "has the speaker"),
    "long_name.json": (row(speaker="x" * 201), "at most 200"),
    "late.json": (row(end=36_001), "at most 36000"),
    "huge.json": (row(end=1e308), "at most 36000"),
    "no_end.json": ('[{"speaker": "anna", "start": 0}]', "Turn 1 .* has no end"),
    "long_field.csv": (HEADER + f'"{"x" * 140_000}",0,1', "Line 2 .* quotation mark"),
    "digits.csv": (HEADER + "9" * 5000 + ",0,1", r"Turn 1 .*\(line 2\) has the speaker"),
    "many_names.csv": (HEADER + "".join(f"s{n},0,1\n" for n in range(3000)), "3,000 speakers"),
    "nine.csv": (HEADER + "".join(f"s{n},0,1\n" for n in range(9)), "9 speakers"),
    "many_turns.csv": (HEADER + "anna,0,1\n" * 20_001, "more than 20,000 turns"),
    "long.csv": (HEADER + "\n" * 2_000_000, "2,000,018 characters"),
    "inf.csv": (HEADER + "anna,0,inf", "has the end inf"),
    "second.csv": (HEADER + "anna,0,1\n\nben,1,two", r"Turn 2 .*\(line 4\) has the end two"),
    "no_end.csv": ("speaker,start\nanna,0", "no column end"),
    "frames.csv": (HEADER + "anna,00:00:01:12,00:00:02:00", "has the start 00:00:01:12"),
    "unquoted_commas.csv": (HEADER + "anna,0,5,2,0", r"\(line 2\) has 5 cells \(anna, 0, 5, 2, 0\)"),
    "prose.csv": ("Anna talks first, then Ben, then both.", "neither a header nor a turn .Anna talks"),
    "no_speaker.csv": (HEADER + ",0,1", "Turn 1 .* has no speaker"),
    "two.rttm": (rttm("a") + rttm("b", "other"), "two recordings, talk and other"),
    "blank.rttm": (rttm("Mary Ann"), "blank"),
    "blank_in_nine_fields.rttm": (rttm("Mary Ann", rest="<NA>"), "blank"),
    "short.rttm": ("SPEAKER talk 1 0 1", "has 5 fields"),
    "nan.rttm": (rttm("a", duration="nan"), "has the duration nan"),
    "backwards.rttm": (rttm("a", duration="-1"), "end after its start"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_file_and_the_same_text_pasted_are_refused_alike(tmp_path, name):
    text, message = WRONG[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(MultiTalkError, match=message):
        read_turns(tmp_path / name)
    with pytest.raises(MultiTalkError, match=message):
        parse_turns(text)


RIGHT = {
    "nist.rttm": ";; EXP-ID: x\nSPKR-INFO talk 1 <NA> <NA> <NA> unknown anna <NA>\n" + rttm("anna"),
    "confidence.rttm": rttm("anna", rest="0.98 <NA>"),
    "nine_fields.rttm": rttm("anna", rest="<NA>"),
    "byte_order.json": "\ufeff" + row(),
    "called_speaker.csv": HEADER + "SPEAKER 1,0,1",
    "quoted_line_break.csv": 'text,speaker,start,end\n"one\ntwo",anna,0,1',
    "whole_number.json": row(speaker=2.0),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_and_the_same_text_pasted_are_read_alike(tmp_path, name):
    (tmp_path / name).write_text(RIGHT[name])
    assert read_turns(tmp_path / name) == parse_turns(RIGHT[name])
    assert [(turn.start, turn.end) for turn in parse_turns(RIGHT[name])] == [(0, 1)]


def test_another_encoding_is_reported_with_what_to_do(tmp_path):
    (tmp_path / "turns.csv").write_bytes((HEADER + "Jürgen,0,1").encode("windows-1252"))
    with pytest.raises(MultiTalkError, match="save it as UTF-8"):
        read_turns(tmp_path / "turns.csv")


def test_a_table_of_many_megabytes_is_not_read_to_its_end(tmp_path):
    with (tmp_path / "turns.csv").open("wb") as file:
        file.truncate(1 << 40)  # a terabyte that takes no room
    with pytest.raises(MultiTalkError, match="longer than 8 MB"):
        read_turns(tmp_path / "turns.csv")


def lanes(*names: str, speakers: list[str] | None = None) -> list[int]:
    """Which of the speakers, from 1, each name's turn is given to; then how many there are."""
    turns = [Turn(name, 0.4 * index, 0.4 * index + 0.2) for index, name in enumerate(names)]
    timeline = Timeline.from_table(RECORDING, turns, speakers)
    found = {turn: placed.speaker + 1 for placed in timeline.placed_voices for turn in placed.turns}
    return [found[turn.start, turn.end] for turn in turns] + [timeline.speakers]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["2"], [2, 2]),
        (["3", "1"], [3, 1, 3]),
        (["8"], [8, 8]),
        (["2.0"], [2, 2]),
        (["02", "1"], [2, 1, 2]),
        (["1", "01"], [1, 1, 1]),
        (["ben", "anna"], [1, 2, 2]),
        (["Nan", "Inf"], [1, 2, 2]),
    ],
)
def test_a_number_stays_its_speakers_and_names_come_as_they_appear(names, expected):
    assert lanes(*names) == expected


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0", "1"], "the speaker 0: number speakers from 1 to 8"),
        (["9"], "the speaker 9"),
        (["-1"], "the speaker -1"),
        (["1.5"], "the speaker 1.5"),
        (["9" * 5000], "the speaker 999"),
        (["2", "anna"], r"mixes numbers \(2\) with names \(anna\)"),
        ([f"s{number}" for number in range(9)], "9 speakers"),
    ],
)
def test_numbers_and_names_that_cannot_be_placed(names, message):
    with pytest.raises(MultiTalkError, match=message):
        lanes(*names)


def test_names_in_speaker_order_are_each_named_once():
    assert lanes("2", "anna", speakers=["anna", "2"]) == [2, 1, 2]
    with pytest.raises(MultiTalkError, match="anna is named twice"):
        lanes("anna", speakers=["anna", "ben", "anna"])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Timeline.placed([(0, 1e12, RECORDING)]), "speaker 1 starts is 1"),
        (lambda: Timeline.placed([(0, float("nan"), RECORDING)]), "starts is nan"),
        (lambda: Timeline.placed([(10**9, 0.0, RECORDING)]), "1000000001 speakers"),
        (lambda: Timeline.together([RECORDING] * 9), "9 speakers"),
        (lambda: Timeline.placed([(0, 35_999.0, RECORDING)]), "end at 36003 seconds"),
    ],
)
def test_places_that_no_film_has(build, message):
    with pytest.raises(MultiTalkError, match=message):
        build()


def test_a_voice_of_a_very_high_rate_does_not_swell_the_others():
    high = Waveform(np.full((1, 76_800), 0.1, np.float32), 768_000)
    assert Timeline.in_turn([RECORDING, high]).sound().rate == 96_000
