"""Voices as the audio encoder is given them: silent ones, opposite channels, and a mix beyond full scale."""

import numpy as np
import pytest

from multitalk_core.audio.audibility import Audibility, audibility
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.turns import Turn
from multitalk_core.audio.waveform import Waveform
from multitalk_core.errors import MultiTalkError

RATE = 48000
TONE = 0.4 * np.sin(np.arange(RATE) / 30).astype(np.float32)
NOISE = np.random.default_rng(0).normal(0, 0.1, (8, RATE)).astype(np.float32)
ULTRASONIC = np.hanning(RATE) * np.sin(np.arange(RATE) * 2 * np.pi * 20000 / RATE)  # no clicks
WHOLE = [(0.0, 1.0)]


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        ([TONE], Audibility.AUDIBLE),
        ([TONE, 0 * TONE], Audibility.AUDIBLE),
        ([NOISE[0], NOISE[1]], Audibility.AUDIBLE),
        (NOISE, Audibility.AUDIBLE),
        ([0 * TONE], Audibility.SILENT),
        ([0 * TONE, 0 * TONE], Audibility.SILENT),
        ([ULTRASONIC], Audibility.SILENT),
        ([TONE, -TONE], Audibility.CANCELLED),
        ([TONE + NOISE[0] / 50, -TONE + NOISE[1] / 50], Audibility.CANCELLED),
    ],
)
def test_a_voice_is_judged_in_mono_at_the_encoders_rate(samples, found):
    assert audibility(Waveform(np.stack(samples), RATE), WHOLE) is found


def test_only_the_turns_count():
    opposite = np.stack([np.concatenate([TONE, TONE]), np.concatenate([TONE, -TONE])])
    voice = Waveform(opposite, RATE)
    assert audibility(voice, [(0.0, 1.0)]) is Audibility.AUDIBLE
    assert audibility(voice, [(1.0, 2.0)]) is Audibility.CANCELLED


def test_opposite_channels_are_refused_with_the_speaker_and_a_way_out():
    voices = [Waveform(TONE[None], RATE), Waveform(np.stack([TONE, -TONE]), RATE)]
    with pytest.raises(MultiTalkError, match=r"speaker 2 is silent in mono.*voice\.wav:left.*Load Voice"):
        Timeline.together(voices)
    assert not Timeline.together([voices[0], voices[1].chosen("left")]).notes


def test_a_silent_voice_is_a_listener_and_told():
    timeline = Timeline.together([Waveform(TONE[None], RATE), Waveform(0 * TONE[None], RATE)])
    assert timeline.notes == ["speaker 2: the voice is silent, so this person only listens"]


def test_notes_of_files_name_the_speaker_or_the_recording():
    voice = Waveform(TONE[None], RATE, ("it is cut short",))
    assert Timeline.together([None, voice]).notes == ["speaker 2: it is cut short"]
    turns = [Turn("1", 0.0, 0.4), Turn("2", 0.5, 0.9)]
    assert Timeline.from_table(voice, turns).notes == ["recording: it is cut short"]


def test_a_mix_beyond_full_scale_is_lowered_as_a_whole_and_told():
    loud = Waveform(2 * TONE[None], RATE)
    sound = Timeline.together([loud, loud]).sound()
    assert 0.95 < np.abs(sound.samples).max() <= 1.0
    assert np.allclose(sound.samples / sound.samples.max(), TONE / TONE.max(), atol=1e-4)
    (note,) = sound.notes
    assert "1.60 times full scale" in note and "lowered by 4.3 dB" in note


def test_a_mix_within_full_scale_keeps_its_loudness():
    sound = Timeline.together([Waveform(2 * TONE[None], RATE)]).sound()
    assert np.array_equal(sound.samples[0], 2 * TONE) and not sound.notes
