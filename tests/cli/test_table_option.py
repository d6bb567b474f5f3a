"""`--table` on the command line: which speaker is whom is said, and one recording of several is chosen."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from multitalk_core.cli.main import main, make_parser
from multitalk_core.cli.options.voice_options import check, read_timeline
from multitalk_core.errors import MultiTalkError

FIELD = Path(__file__).parents[1] / "field" / "tables"


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("table") / "talk.wav"
    soundfile.write(path, 0.1 * np.sin(np.arange(9 * 16000) / 10), 16000)
    return str(path)


def timeline(recording: str, name: str, *options: str):
    line = [
        "generate",
        "--picture",
        str(FIELD / name),
        "--recording",
        recording,
        "--table",
        str(FIELD / name),
    ]
    return read_timeline(make_parser().parse_args([*line, *options]))


@pytest.mark.parametrize(
    ("name", "options", "speakers", "turns"),
    [
        ("only_number_2.csv", [], 2, [(1, 0.5, 2)]),
        ("numbers_1_and_3.csv", [], 3, [(0, 0.5, 2), (2, 2.1, 3.4)]),
        ("names.srt", [], 2, [(0, 0.031, 1.5), (1, 1.6, 2.9)]),
        ("names.srt", ["--names", "SPEAKER_00", "SPEAKER_01"], 2, [(0, 1.6, 2.9), (1, 0.031, 1.5)]),
        ("nist.rttm", [], 2, [(0, 0, 5.29), (1, 5.18, 8.06)]),
        ("deepgram.json", [], 1, [(0, 0.1, 2)]),
        ("two_recordings.rttm", ["--table-recording", "other"], 1, [(0, 0, 1.5)]),
    ],
)
def test_a_table_drives_the_persons_that_it_names(recording, name, options, speakers, turns):
    placed = timeline(recording, name, *options)
    assert placed.speakers == speakers
    found = [(each.speaker, *turn) for each in placed.placed_voices for turn in each.turns]
    assert found == turns


def test_who_is_whom_and_what_is_left_out_is_printed(recording, capsys):
    timeline(recording, "whisperx.json")
    said = capsys.readouterr().out
    assert "1 turn names no speaker and is left out" in said
    assert "By the table, speaker 1 is SPEAKER_01, speaker 2 is SPEAKER_00." in said
    timeline(recording, "talk.eaf", "--names", "Cy", "Ben", "Anna")
    assert "speaker 1 is Cy (a listener), speaker 2 is Ben, speaker 3 is Anna." in capsys.readouterr().out


def test_names_that_the_table_does_not_have_are_refused(recording):
    with pytest.raises(MultiTalkError, match="names Ben, who is not among the speakers Anna"):
        timeline(recording, "talk.TextGrid", "--names", "Anna")


def test_a_recording_is_chosen_from_a_table_only(recording, capsys):
    assert main(["generate", "--picture", recording, "--voice", recording, "--table-recording", "x"]) == 2
    assert "--table-recording applies to a --table" in capsys.readouterr().err


def own_voices(folder: Path, table: str, *options: str):
    """The timeline of two voices of 2 seconds and a table."""
    for number, rate in ((1, 10), (2, 15)):
        soundfile.write(folder / f"{number}.wav", 0.1 * np.sin(np.arange(2 * 16000) / rate), 16000)
    (folder / "turns.csv").write_text(table)
    voices = ["--voice", str(folder / "1.wav"), "--voice", str(folder / "2.wav")]
    line = ["generate", "--picture", str(FIELD / "names.srt"), *voices, "--table", str(folder / "turns.csv")]
    arguments = make_parser().parse_args([*line, *options])
    check(arguments)
    return read_timeline(arguments)


def test_a_table_cuts_everyones_own_voice(tmp_path):
    placed = own_voices(tmp_path, "speaker,start,end\n1,0,0.5\n2,0.5,1.5\n")
    tracks = placed.tracks(normalise=False)
    assert (placed.speakers, placed.seconds) == (2, 1.5)
    assert [np.flatnonzero(np.abs(track) > 0.05)[[0, -1]].tolist() for track in tracks] == [
        [pytest.approx(0, abs=100), pytest.approx(8000, abs=100)],
        [pytest.approx(8000, abs=100), pytest.approx(24000, abs=100)],
    ]


def test_columns_of_a_table_move_turns_and_lend_voices(tmp_path):
    table = "speaker,start,end,voice_of,voice_start\n3,0,1,1,0.5\n2,1.5,2,,\n"
    placed = own_voices(tmp_path, table)
    assert placed.speakers == 3
    assert [(each.speaker, each.turns) for each in placed.placed_voices] == [
        (1, ((1.5, 2.0),)),
        (2, ((0.5, 1.5),)),
    ]


def test_with_a_table_the_voices_have_no_other_order(tmp_path):
    with pytest.raises(MultiTalkError, match="The --table says when everyone speaks: leave --order in-turn"):
        own_voices(tmp_path, "speaker,start,end\n1,0,0.5\n", "--order", "in-turn")


def test_a_turn_of_a_voice_that_is_not_given_is_refused(tmp_path):
    with pytest.raises(MultiTalkError, match="from the voice of speaker 3, who has none: give one"):
        own_voices(tmp_path, "speaker,start,end\n3,0,0.5\n1,1,2\n")
