"""`--table` on the command line: which speaker is whom is said, and one recording of several is chosen."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from multitalk_core.cli.main import main, make_parser
from multitalk_core.cli.options.voice_options import read_timeline
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
