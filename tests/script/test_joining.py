"""Lines of a script joined: pauses, overlaps and reactions are where the script has them, to a sample."""

import numpy as np
import pytest

from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.turns import parse_turns
from multitalk_core.audio.waveform import SPEECH_RATE, Waveform
from multitalk_core.errors import MultiTalkError
from multitalk_core.script.joining import MARGIN_SECONDS, join_lines
from multitalk_core.script.parsing import parse_script

RATE = 24000


def tone(seconds: float, pitch: float = 220.0, *, silence: float = 0.3, rate: int = RATE) -> Waveform:
    """A sound with silence around it, as text-to-speech gives it."""
    samples = 0.3 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
    return Waveform(np.pad(samples, round(silence * rate)).astype(np.float32)[None], rate)


def times(joined) -> list[tuple[float, float]]:
    """Of what is heard, without the margin."""
    return [
        (round(turn.start + MARGIN_SECONDS, 3), round(turn.end - MARGIN_SECONDS, 3)) for turn in joined.turns
    ]


def placed(text: str, *seconds: float, gap: float = 0.2) -> list[float]:
    """When each line begins, in seconds after the first."""
    joined = join_lines(parse_script(text), [tone(each) for each in seconds], gap)
    return [round(turn.start, 3) for turn in joined.turns]


def test_silence_around_a_line_is_no_part_of_its_turn():
    joined = join_lines(parse_script("Anna: a\n[pause 0.5]\nBen: b"), [tone(1.0), tone(2.0, silence=1.0)])
    (_, end), (start, last) = times(joined)
    assert start - end == pytest.approx(0.5 + 2 * MARGIN_SECONDS, abs=0.002)
    assert last - start == pytest.approx(2.0, abs=0.002)


def test_pauses_overlaps_and_reactions_are_placed():
    margins = 2 * MARGIN_SECONDS
    assert placed("A: a\nB: b\n[overlap 0.4]\nA: c", 1.0, 1.0, 1.0) == pytest.approx(
        [0, 1.2 + margins, 1.8 + 2 * margins], abs=0.002
    )
    # Two reactions are spread over the line before and do not move what follows.
    assert placed("A: a\n[reaction] B: m\n[reaction] C: m\nB: b", 3.0, 0.2, 0.2, 1.0) == pytest.approx(
        [0, (3 + margins) / 3, (3 + margins) * 2 / 3, 3.2 + margins], abs=0.002
    )
    assert placed("A: a\n[reaction 0.5] B: m\n[pause 0] C: c", 3.0, 0.2, 1.0)[1:] == pytest.approx(
        [0.5, 3 + margins], abs=0.002
    )
    assert placed("[pause 2] A: a\nB: b", 1.0, 1.0)[0] == 2.0


@pytest.mark.parametrize("third", ["A", "C"])
@pytest.mark.parametrize(("pause", "gap"), [("", 0.2), ("[pause 2] ", 2.0)])
def test_after_a_line_within_a_longer_one_the_next_waits_for_both(third, pause, gap):
    script = parse_script(f"A: a\n[overlap 5] B: b\n{pause}{third}: c")
    joined = join_lines(script, [tone(10), tone(1), tone(1)])
    first, within, last = joined.turns
    assert within.end < first.end - 3 and not joined.remarks
    assert last.start == pytest.approx(first.end + gap, abs=1e-4)


def test_nobody_says_two_things_at_once_and_it_is_said():
    joined = join_lines(parse_script("A: a\n[reaction] B: m\n[overlap 9] B: b"), [tone(1), tone(2), tone(1)])
    first, reaction, last = joined.turns
    assert last.start == pytest.approx(reaction.end, abs=1e-5) and first.start == 0
    assert "Line 3 begins at" in joined.remarks[0]


def test_each_speaker_is_driven_by_their_own_lines_alone():
    """Where two overlap, neither track has anything of the other; the film's sound has both."""
    script = parse_script("Anna: a\n[overlap 0.5]\nBen: b")
    joined = join_lines(script, [tone(1.0, 200.0), tone(1.0, 1000.0, rate=16000)])
    table = parse_turns(joined.table)
    assert table.turns == joined.turns
    timeline = Timeline.from_table(joined.recording, table.turns)
    tracks = timeline.tracks(normalise=False)
    both = slice(
        *(round(time * SPEECH_RATE) for time in (joined.turns[1].start + 0.1, joined.turns[0].end - 0.1))
    )
    heard = timeline.sound().resampled(SPEECH_RATE).samples[0]
    strength = np.abs(np.fft.rfft([sound[both] for sound in (*tracks, heard)]))
    bins = np.fft.rfftfreq(both.stop - both.start, 1 / SPEECH_RATE)
    low, high = (strength[:, np.abs(bins - pitch).argmin()] for pitch in (200, 1000))
    assert low[0] > 100 * low[1] and high[1] > 100 * high[0]
    assert low[2] > 0.8 * low[0] and high[2] > 0.8 * high[1]


def test_a_script_of_two_hundred_lines_is_joined_in_order():
    names = ["Anna", "Ben", "Cara"]
    text = "\n".join(f"{names[n % 3]}: Line {n}.\n[pause {n % 4 / 10}]" for n in range(200))
    joined = join_lines(parse_script(text), [tone(0.2 + n % 7 / 20, silence=0.05) for n in range(200)])
    assert [turn.speaker for turn in joined.turns] == [names[n % 3] for n in range(200)]
    gaps = [after.start - before.end for before, after in zip(joined.turns, joined.turns[1:], strict=False)]
    assert gaps == pytest.approx([n % 4 / 10 for n in range(199)], abs=1e-4)
    assert len(parse_turns(joined.table)) == 200
    assert Timeline.from_table(joined.recording, joined.turns).speakers == 3


def test_a_silent_line_and_a_missing_one_are_refused():
    script = parse_script("Anna: a\nBen: b")
    with pytest.raises(MultiTalkError, match=r"There are 1 sounds for the 2 lines"):
        join_lines(script, [tone(1.0)])
    silent = Waveform(np.zeros((1, RATE), np.float32), RATE)
    with pytest.raises(MultiTalkError, match=r"Line 2 of the script \(Ben\) is silent"):
        join_lines(script, [tone(1.0), silent])


def test_pauses_of_more_than_a_film_are_refused():
    script = parse_script("Anna: a\n" + "[pause 60]" * 700 + " Ben: b")
    with pytest.raises(MultiTalkError, match=r"ends at 42002\S* seconds; a film lasts at most 36000"):
        join_lines(script, [tone(1.0), tone(1.0)])
