"""Tables that say where in whose voice each turn is: everyone's own recording, moved turn by turn."""

import numpy as np
import pytest

from multitalk_core.audio.placed_pieces import PlacedPiece, joined
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.turns import Turn, parse_turns
from multitalk_core.audio.turns_inspection import inspect_turns
from multitalk_core.audio.waveform import SPEECH_RATE, Waveform
from multitalk_core.errors import MultiTalkError

HEADER = "speaker,start,end,voice_of,voice_start\n"


def ramp(seconds: float, level: float = 0.4, rate: int = SPEECH_RATE) -> Waveform:
    """A sound whose every sample differs."""
    return Waveform(np.linspace(0.1, level, round(seconds * rate), dtype=np.float32)[None], rate)


def tracks(voices, text: str) -> np.ndarray:
    return Timeline.of_turns(voices, parse_turns(text)).tracks(normalise=False)


def test_a_turn_of_ones_own_voice_is_moved():
    voices = [ramp(2), ramp(3, 0.8)]
    first, second = tracks(voices, HEADER + "1,0,1,,0\n2,3.2,5.2,,1\n")
    assert np.array_equal(first[:16000], voices[0].samples[0, :16000]) and not first[16000:].any()
    assert np.array_equal(second[51200:83200], voices[1].samples[0, 16000:48000])
    assert len(second) == 83200 and not second[:51200].any()


def test_without_further_columns_everyones_voice_has_the_films_time():
    voices = [ramp(2), ramp(2)]
    first, second = tracks(voices, "1,0,0.5\n2,0.5,2")
    assert np.array_equal((first + second), voices[0].samples[0])
    assert not first[8000:].any() and not second[:8000].any()


def test_one_recording_serves_all_where_the_table_says_so():
    recording = ramp(2)
    timeline = Timeline.from_table(recording, parse_turns(HEADER + "1,0,1,1,0\n2,1.5,2.5,1,1"))
    assert np.array_equal(timeline.tracks(normalise=False)[1, 24000:40000], recording.samples[0, 16000:])
    with pytest.raises(MultiTalkError, match="voice of speaker 2, who has none"):
        Timeline.from_table(recording, parse_turns(HEADER + "1,0,1,1,0\n2,1.5,2.5,,1"))


def test_what_is_heard_is_what_is_in_the_table():
    voices = [ramp(2, rate=48000), ramp(2)]
    sound = Timeline.of_turns(voices, parse_turns(HEADER + "1,1,2,,0.5\n")).sound()
    assert sound.rate == 48000 and sound.seconds == 2 and not sound.samples[0, :48000].any()
    inner = slice(48000 + 240, 96000 - 240)  # the edges rise and fall, so that nothing clicks
    assert np.allclose(sound.samples[0, inner], voices[0].samples[0, 24000:72000][240:-240])


def test_a_split_turn_is_the_same_turn():
    whole, split = (
        Timeline.of_turns([ramp(2)], parse_turns(HEADER + rows))
        for rows in ("1,1,2.5,,0.2\n", "1,1,1.48,,0.2\n1,1.48,2.5,,0.68\n")
    )
    assert np.array_equal(whole.tracks(), split.tracks())
    assert np.array_equal(whole.sound().samples, split.sound().samples)


def test_a_moved_turn_keeps_its_loudness():
    loud, quiet = np.ones(32000) * 0.5, np.ones(32000) * 0.05
    waves = np.sin(np.arange(64000) * 0.3) * np.concatenate([loud, quiet])
    voice = [Waveform(waves[None].astype(np.float32), SPEECH_RATE)]
    still = Timeline.of_turns(voice, parse_turns(HEADER + "1,0,2,,0\n1,2,4,,2")).tracks()[0]
    moved = Timeline.of_turns(voice, parse_turns(HEADER + "1,0,2,,0\n1,3,5,,2")).tracks()[0]
    assert np.allclose(moved[48000:80000], still[32000:64000], atol=1e-6)


def test_two_people_on_one_stretch_are_heard_once():
    recording = ramp(1)
    timeline = Timeline.of_turns([recording], parse_turns(HEADER + "1,0,1,1,0\n2,0.5,1,1,0.5"))
    assert timeline.sound().samples.max() == pytest.approx(recording.samples.max(), abs=0.02)
    assert timeline.tracks(normalise=False)[1, 8000:].all()


def test_pieces_that_meet_unmoved_are_one():
    assert joined([PlacedPiece(1, 2, 3), PlacedPiece(0, 1, 2), PlacedPiece(2, 3, 5)]) == (
        PlacedPiece(0, 2, 2),
        PlacedPiece(2, 3, 5),
    )


def test_a_commented_turn_is_left_out():
    text = HEADER + "1,0,1,,0\n# 2,1,2,,0\n2,2,3,,1"
    assert [(turn.speaker, turn.start) for turn in parse_turns(text)] == [("1", 0), ("2", 2)]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("1,0,3,,0", "lasts 2 seconds: shorten the turn"),
        ("1,0,1,,1.5", "takes its voice from 1.5 to 2.5 seconds"),
        ("1,0,1,,-1", "voice_start '?-1'?: give 0 or more"),
        ("1,0,1,9,0", "voice_of '?9'?: give the number"),
        ("1,0,1,Anna,0", "voice_of '?Anna'?: give the number"),
        ("1,0,1,1.5,0", "voice_of '?1.5'?: give the number"),
        ("1,0,1,,soon", "voice_start '?soon'?"),
        ("2,0,1,,0", "the voice of speaker 2, who has none"),
    ],
)
def test_a_turn_that_its_voice_has_not_is_named(rows, sentence):
    with pytest.raises(MultiTalkError, match=sentence):
        Timeline.of_turns([ramp(2)], parse_turns(HEADER + rows))


def test_milliseconds_and_any_order_of_columns():
    turns = list(parse_turns("Voice Start (ms);Speaker;Start;End;Voice of\n500;2;1;2;1"))
    assert turns == [Turn("2", 1, 2, 1, 0.5)]


def test_inspection_says_whose_voice_a_turn_is(tmp_path):
    (tmp_path / "talk.csv").write_text(HEADER + "1,0,1,,\n2,1,2,1,0.5\n3,2,3,,4")
    found = inspect_turns(tmp_path / "talk.csv")
    assert found.as_json()["turns"] == [["1", 0, 1], ["2", 1, 2, 1, 0.5], ["3", 2, 3, None, 4]]
    lines = found.lines()
    assert "turn      2, 1 to 2 s, of the voice of speaker 1 from 0.5 s" in lines
    assert "turn      3, 2 to 3 s, of the own voice from 4 s" in lines
