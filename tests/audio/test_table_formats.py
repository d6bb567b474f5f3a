"""Every format of docs/turns.md, in a file and pasted: who speaks when, and what is refused."""

import json
from pathlib import Path

import pytest

from multitalk_core.audio.turns import TurnTable, parse_turns, read_turns
from multitalk_core.errors import MultiTalkError

FIELD = Path(__file__).parents[1] / "field" / "tables"
ANNA_AND_BEN = [("Anna", 0.5, 2.0), ("Ben", 2.1, 3.4)]


def turns_of(table: TurnTable) -> list[tuple[str, float, float]]:
    return [(turn.speaker, turn.start, turn.end) for turn in table]


USERS_TABLES = {
    "assemblyai.json": [("A", 0.25, 2.35), ("B", 2.4, 4.35)],
    "audacity.txt": [("Anna", 0.031, 1.5), ("Ben", 1.6, 2.9)],
    "aws_transcribe.json": [("spk_0", 0, 2.4), ("spk_1", 2.5, 4)],
    "capital_header.csv": ANNA_AND_BEN,
    "capital_keys.json": [("A", 0.1, 2)],
    "clock.csv": ANNA_AND_BEN,
    "decimal_commas.csv": [("Anna", 0.5, 2)],
    "deepgram.json": [("0", 0.1, 2)],
    "duration.csv": [("Anna", 0.5, 2.5)],
    "empty_rows.csv": ANNA_AND_BEN,
    "google.json": [("1", 0.1, 0.5)],
    "names.srt": [("SPEAKER_01", 0.031, 1.5), ("SPEAKER_00", 1.6, 2.9)],
    "nist.rttm": [("FEE016", 0, 5.29), ("MEO015", 5.18, 8.06)],
    "no_header.csv": [*ANNA_AND_BEN, ("Anna", 3.5, 4)],
    "null_speaker.json": [("A", 2.1, 3)],
    "numbers_1_and_3.csv": [("1", 0.5, 2), ("3", 2.1, 3.4)],
    "only_number_2.csv": [("2", 0.5, 2)],
    "pyannote.json": [("SPEAKER_00", 0.5, 1.7)],
    "semicolons.csv": ANNA_AND_BEN,
    "tabs.csv": [("A", 0, 0.9)],
    "talk.TextGrid": [("Anna", 0.2, 1.1), ("Ben", 1.3, 2.6)],
    "talk.eaf": [("Anna", 0.2, 1.1), ("Ben", 1.3, 2.6)],
    "text_column.csv": ANNA_AND_BEN,
    "voices.vtt": [("Mary", 0.031, 1.5), ("Jo", 1.6, 2.9)],
    "whisperx.json": [("SPEAKER_01", 0.031, 1.5), ("SPEAKER_00", 1.6, 2.9)],
}
USERS_FAULTS = {
    "spaced_name.rttm": "Mary Ann",
    "two_recordings.rttm": "two recordings, talk and other",
    "whisper_plain.json": "no speakers in it",
    "windows_1252.csv": "save it as UTF-8",
}


@pytest.mark.parametrize("name", USERS_TABLES)
def test_a_table_as_users_bring_it_is_the_same_in_a_file_and_pasted(name):
    table = read_turns(FIELD / name)
    assert turns_of(table) == USERS_TABLES[name]
    pasted = parse_turns((FIELD / name).read_text())
    assert turns_of(pasted) == turns_of(table) and pasted.speakers == table.speakers


@pytest.mark.parametrize("name", USERS_FAULTS)
def test_a_table_that_cannot_be_used_is_refused_in_a_sentence(name):
    with pytest.raises(MultiTalkError, match=USERS_FAULTS[name]):
        read_turns(FIELD / name)


def test_every_table_of_the_field_is_tried():
    assert {path.name for path in FIELD.iterdir()} == {*USERS_TABLES, *USERS_FAULTS}


def textgrid(*tiers: tuple[str, ...]) -> str:
    """A short TextGrid of interval tiers: a name, then start, end and label of each interval."""
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "0",
        "4",
        "<exists>",
        str(len(tiers)),
    ]
    for name, *intervals in tiers:
        lines += ['"IntervalTier"', f'"{name}"', "0", "4", str(len(intervals) // 3)]
        lines += [f'"{value}"' if place % 3 == 2 else value for place, value in enumerate(intervals)]
    return "\n".join(lines) + "\n"


TEXTS = {
    "tab_separated": "Name\tBegin\tStop\nAnna\t0:00.5\t0:02\nBen\t0:02.1\t0:03.4\n",
    "bars": "| speaker | start | end |\n|---|---|---|\n| Anna | 0.5 | 2 |\n| Ben | 2.1 | 3.4 |\n",
    "excel_separator": "sep=;\r\nSprecher;Beginn;Dauer\r\nAnna;0,5;1,5\r\nBen;2,1;1,3\r\n",
    "comment": "# made by hand\nspeaker,start,end\nAnna,0.5,2\n\n# later\nBen,2.1,3.4\n",
    "times_first": "0.5,2,Anna,hello\n2.1,3.4,Ben,well\n",
    "blanks": "Anna 0.5 2\nBen  2.1 3.4\n",
    "onset": "who,onset,offset\nAnna,0.5,2\nBen,2.1,3.4\n",
    "offset_is_a_start": "speaker,offset,duration\nAnna,0.5,1.5\nBen,2.1,1.3\n",
    "units": "Speaker Name,Start (ms),End (ms)\nAnna,500,2000\nBen,2100,3400\n",
    "elan_export": "Begin Time - msec\tBegin Time - ss.msec\tEnd Time - hh:mm:ss.ms\tParticipant\tTier\n"
    "500\t0.5\t00:00:02.000\tAnna\tdefault\n2100\t2.1\t00:00:03.400\tBen\tdefault\n",
    "long_clock": "speaker,start,end\nAnna,00:00:00.5,00:00:02\nBen,00:00:02.1,00:00:03.4\n",
    "json_lines": "".join(json.dumps({"Speaker": n, "from": a, "to": b}) + "\n" for n, a, b in ANNA_AND_BEN),
    "unsorted_columns": "end,text,speaker,begin\n2,\"a, b\",Anna,0.5\n3.4,,Ben,2.1\n",
    "srt": "1\n00:00:00,500 --> 00:00:02,000\nAnna: Hi,\nthere.\n\n"
    "2\n00:00:02,100 --> 00:00:03,400\n<i>BEN:</i> Well.\n",
    "vtt": "WEBVTT\n\nNOTE from a test\n\nintro\n00:00.500 --> 00:02.000 align:start\n<v.loud Anna>Hi</v>\n\n"
    "00:02.100 --> 00:03.400\n<v Ben>Well: 10:30.\n",
    "whisper_lines": "[00:00.500 --> 00:02.000] [Anna]: Hi\n[00:02.100 --> 00:03.400] [Ben]: Well\n",
    "lower_case": "00:00,5 --> 00:02,0\nanna: hi\n\n00:02,1 --> 00:03,4\nben: so: well\n",
    "brackets": "00:00,5 --> 00:02,0\n[Anna] Hi\n\n00:02,1 --> 00:03,4\n(Ben) Well\n",
    "old_mac": "speaker,start,end\rAnna,0.5,2\rBen,2.1,3.4\r",
    "audacity": "0.500000\t2.000000\tAnna\n\\\t100.0\t200.0\n2.100000\t3.400000\tBen\n3.5\t3.5\tmark\n",
    "short_textgrid": textgrid(
        ("Anna", "0", "0.5", "", "0.5", "2", 'say ""hi""'), ("Ben", "2.1", "3.4", "x")
    ),
    "textgrid_of_names": textgrid(("speaker", "0.5", "2", "Anna", "2", "2.1", "sil", "2.1", "3.4", "Ben")),
    "textgrid_with_points": textgrid(
        ("Anna", "0.5", "2", "x"), ("Ben", "2.1", "3.4", "x"), ("bells", "3", "3", "ding")
    ).replace('"IntervalTier"\n"bells"\n0\n4\n1\n3\n3\n', '"TextTier"\n"bells"\n0\n4\n1\n3\n'),
    "aligner": textgrid(*(
        (f"{name} - {level}", str(start), str(end), "x")
        for name, start, end in ANNA_AND_BEN
        for level in ("phones", "words")
    )),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_gives_the_same_turns_in_every_notation(name):
    found = turns_of(parse_turns(TEXTS[name]))
    assert [(speaker.capitalize(), start, end) for speaker, start, end in found] == ANNA_AND_BEN


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["short_textgrid", "tab_separated", "json_lines"])
def test_a_file_in_utf_16_is_read(tmp_path, name, encoding):
    (tmp_path / "table").write_bytes(TEXTS[name].encode(encoding))
    assert turns_of(read_turns(tmp_path / "table")) == ANNA_AND_BEN


@pytest.mark.parametrize("ending", ["csv", "rttm", "json", "srt", "TextGrid", "txt", "unknown"])
def test_the_content_says_more_than_the_ending(tmp_path, ending):
    path = tmp_path / f"table.{ending}"
    path.write_text(TEXTS["vtt"])
    assert turns_of(read_turns(path)) == ANNA_AND_BEN


def test_one_of_several_recordings_is_chosen_by_its_name():
    path = FIELD / "two_recordings.rttm"
    assert turns_of(read_turns(path, "other")) == [("SPEAKER_00", 0, 1.5)]
    with pytest.raises(MultiTalkError, match=r"no recording third in .*; it has talk and other"):
        read_turns(path, "third")
    with pytest.raises(MultiTalkError, match="only RTTM names them"):
        read_turns(FIELD / "tabs.csv", "talk")


def test_what_names_nobody_is_left_out_and_reported():
    table = read_turns(FIELD / "whisperx.json")
    assert len(table.remarks) == 1 and "1 turn names no speaker" in table.remarks[0]
    assert "starts at 3.0" in table.remarks[0]
    cues = "1\n00:00:00,5 --> 00:00:01,0\nAnna: Hi\n\n2\n00:00:01,0 --> 00:00:02,0\n[music] so: yes\n"
    assert "1 turn names no speaker" in parse_turns(cues).remarks[0]


def test_a_cue_with_two_names_belongs_to_both():
    cue = "1\n00:00:00,5 --> 00:00:02,0\n- Anna: Hi\n- Ben: Well\n"
    assert turns_of(parse_turns(cue)) == [("Anna", 0.5, 2), ("Ben", 0.5, 2)]


XML = '<?xml version="1.0"?>'
FAULTS = {
    "entity": (f'{XML}<!DOCTYPE a [<!ENTITY b "c">]><ANNOTATION_DOCUMENT/>', "DOCTYPE"),
    "other_xml": (f"{XML}<tt><p>hi</p></tt>", "no ELAN file"),
    "broken_xml": (f"{XML}<ANNOTATION_DOCUMENT>", "not valid XML"),
    "cut_textgrid": (TEXTS["short_textgrid"][:-9], "breaks off"),
    "endless_textgrid": (TEXTS["short_textgrid"].replace("\n2\n", "\n999999999\n", 1), "breaks off"),
    "pitch": ('File type = "ooTextFile"\nObject class = "Pitch 1"\n', "another kind of Praat's files"),
    "words_alone": (textgrid(("words", "0.5", "2", "hi")), "no speakers in it"),
    "subtitles_without_names": ("1\n00:00:00,5 --> 00:00:01,0\nHi\n", "no speakers in it"),
    "whisper_tsv": ("start\tend\ttext\n0\t1500\thi\n", r"names no column speaker .start, end, text"),
    "no_name_in_a_row": ("speaker,start,end\nAnna,0,1\n,1,2\n", r"Turn 2 .*\(line 3\) has no speaker"),
    "seconds_past_60": ("speaker,start,end\nAnna,0:10,0:75\n", r"\(line 2\) has the end 0:75"),
    "input_json": ('{"cond_audio": {}}', "give it to generate --input"),
    "not_a_transcript": ('{"weight_map": {"a": "b"}}', "no known kind of transcript"),
    "json_lines": ('{"speaker": "a", "start": 0, "end": 1}\n{"speaker"\n', "line 2 is not valid JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_says_where_it_is_and_what_is_missing(name):
    text, message = FAULTS[name]
    with pytest.raises(MultiTalkError, match=message):
        parse_turns(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04..", "spreadsheet"),
        (b"ooBinaryFile\x08TextGrid", "binary TextGrid"),
        (b"a\0b,c", "not a text file"),
    ],
)
def test_a_file_that_is_no_text_is_named(tmp_path, content, message):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(MultiTalkError, match=message):
        read_turns(tmp_path / "table.csv")
