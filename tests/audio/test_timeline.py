"""Who speaks when: each voice lands on its own speaker's track, once, at its second."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import Wav2Vec2Config, Wav2Vec2Model

from multitalk_core.audio import pieces
from multitalk_core.audio.conversation import encode_conversation
from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.loudness import integrated_loudness, normalise_loudness
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.turns import Turn, read_turns
from multitalk_core.audio.waveform import Waveform, speech
from multitalk_core.errors import MultiTalkError


def voice(
    seconds: float, seed: int = 0, rate: int = 16000, channels: int = 1, level: float = 0.1
) -> Waveform:
    """Noise, never silent."""
    noise = np.random.default_rng(seed).uniform(-1, 1, (channels, round(seconds * rate)))
    return Waveform((level * np.where(noise < 0, noise - 0.1, noise + 0.1)).astype(np.float32), rate)


def turns_of(timeline: Timeline) -> list[list[tuple[float, float]]]:
    """For each speaker the (start, end) seconds in which they have a voice."""
    return [
        [
            (placed.start + start, placed.start + end)
            for placed in timeline.placed_voices
            if placed.speaker == speaker
            for start, end in placed.turns
        ]
        for speaker in range(timeline.speakers)
    ]


SILENCE = Waveform(np.zeros((1, 16000), np.float32), 16000)

placements = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 8000), st.integers(4000, 9000)), min_size=1, max_size=6
)


@settings(max_examples=30, deadline=None)
@given(placements)
def test_every_sample_lands_once_on_its_speakers_track(places):
    voices = [
        (speaker, start / 16000, voice(length / 16000, seed))
        for seed, (speaker, start, length) in enumerate(places)
    ]
    timeline = Timeline.placed([*voices, (3, 0.0, None)])
    tracks = timeline.tracks(normalise=False)
    assert tracks.shape == (4, max(start + length for _, start, length in places))
    left = tracks.copy()
    for speaker, start, sound in voices:
        first = round(start * 16000)
        left[speaker, first : first + sound.samples.shape[1]] -= sound.samples[0]
    assert np.abs(left).max() < 1e-6
    assert np.abs(timeline.sound().samples[0] - tracks.sum(axis=0)).max() < 1e-6


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(4000, 9000), min_size=1, max_size=4), st.floats(0, 0.5))
def test_voices_in_turn_never_overlap_and_keep_their_energy(lengths, gap):
    voices = [voice(length / 16000, seed) for seed, length in enumerate(lengths)]
    timeline = Timeline.in_turn(voices, gap)
    tracks = timeline.tracks(normalise=False)
    assert ((tracks != 0).sum(axis=0) <= 1).all()
    energy = sum(float(np.square(sound.samples, dtype=np.float64).sum()) for sound in voices)
    assert np.square(tracks, dtype=np.float64).sum() == pytest.approx(energy, rel=1e-6)
    spans = [span for speaker in turns_of(timeline) for span in speaker]
    assert all(later[0] - earlier[1] == pytest.approx(gap) for earlier, later in pairwise(spans))


def test_in_turn_is_the_released_codes_add_mode():
    first, second = voice(17000 / 16000), voice(12345 / 16000, seed=1, level=0.01)
    tracks = Timeline.in_turn([first, second]).tracks()
    assert tracks.shape == (2, 29345) and tracks.dtype == np.float32
    assert np.array_equal(tracks[0, :17000], normalise_loudness(first.samples[0]))
    assert np.array_equal(tracks[1, 17000:], normalise_loudness(second.samples[0]))
    assert not tracks[0, 17000:].any() and not tracks[1, :17000].any()


def test_voices_together_are_padded_and_a_missing_one_listens():
    timeline = Timeline.together([voice(1.0), None, voice(0.5, seed=1, level=0.01)])
    tracks = timeline.tracks()
    assert tracks.shape == (3, 16000)
    assert not tracks[1].any() and not tracks[2, 8000:].any()
    assert turns_of(timeline) == [[(0.0, 1.0)], [], [(0.0, 0.5)]]
    for track in (tracks[0], tracks[2, :8000]):
        assert integrated_loudness(track) == pytest.approx(-23, abs=0.01)


def test_the_first_speaker_may_be_the_listener_of_a_turn():
    timeline = Timeline.in_turn([None, voice(0.5), None])
    assert timeline.speakers == 3 and turns_of(timeline) == [[], [(0.0, 0.5)], []]


def test_a_and_b_and_a_again():
    timeline = Timeline.placed([(0, 0.0, voice(0.5)), (1, 0.4, voice(0.5)), (0, 1.0, voice(0.25))])
    audible = np.abs(timeline.tracks()).reshape(2, -1, 800).max(axis=2) > 0  # pieces of 0.05 s
    assert audible[0].tolist() == [True] * 10 + [False] * 10 + [True] * 5
    assert audible[1].tolist() == [False] * 8 + [True] * 10 + [False] * 7
    assert turns_of(timeline) == [[(0.0, 0.5), (1.0, 1.25)], [(0.4, 0.9)]]


def test_a_wanted_length_cuts_or_pads():
    timeline = Timeline.placed([(0, 0.5, voice(1.0))])
    assert not timeline.tracks(seconds=0.4).any()
    assert timeline.tracks(seconds=2.0).shape == (1, 32000)
    assert timeline.sound(0.4).samples.shape == (1, 6400)
    assert timeline.sound(2.0).seconds == 2.0


def test_the_films_sound_is_the_users_own():
    low, high = voice(1.0, rate=22050), voice(0.5, seed=1, rate=48000, channels=2, level=0.9)
    sound = Timeline.in_turn([low, high]).sound()
    assert (sound.rate, sound.channels, sound.seconds) == (48000, 2, 1.5)
    assert np.array_equal(sound.samples[:, 48000:], high.samples)
    assert np.array_equal(sound.samples[0, :48000], low.resampled(48000).samples[0])
    assert Timeline.together([voice(0.5, channels=6)]).sound().channels == 2


TABLES = {
    "turns.csv": "speaker,start,end\nanna,0,0.5\nben, 0.5, 0.75\nanna,0.75,1.0\n",
    "turns.json": json.dumps(
        [
            {"speaker": "anna", "start": 0, "end": 0.5},
            {"speaker": "ben", "start": 0.5, "end": 0.75},
            {"speaker": "anna", "start": "0.75", "end": 1.0},
        ]
    ),
    "turns.rttm": "SPEAKER talk 1 0.0 0.5 <NA> <NA> anna <NA> <NA>\n\n"
    "SPEAKER talk 1 0.5 0.25 <NA> <NA> ben <NA> <NA>\nSPEAKER talk 1 0.75 0.25 <NA> <NA> anna <NA> <NA>\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_one_recording_and_a_table(tmp_path, name):
    (tmp_path / name).write_text(TABLES[name])
    recording = voice(1.0, rate=48000, channels=2)
    timeline = Timeline.from_table(recording, read_turns(tmp_path / name))
    assert turns_of(timeline) == [[(0.0, 0.5), (0.75, 1.0)], [(0.5, 0.75)]]
    tracks = timeline.tracks(normalise=False)
    assert np.array_equal(tracks.sum(axis=0), speech(recording))
    assert tracks[0, :8000].all() and not tracks[1, :8000].any() and tracks[1, 8000:12000].all()
    assert np.array_equal(timeline.sound().samples, recording.samples)


def test_overlapping_turns_give_both_the_recording_and_the_film_hears_it_once():
    recording = voice(1.0)
    turns = [Turn("2", 0.0, 0.6), Turn("1", 0.4, 1.0)]
    timeline = Timeline.from_table(recording, turns)
    assert turns_of(timeline) == [[(0.4, 1.0)], [(0.0, 0.6)]]
    assert np.array_equal(timeline.sound().samples, recording.samples)
    assert (timeline.tracks()[:, 6400:9600] != 0).all()


def test_named_speakers_keep_the_persons_order():
    turns = [Turn("anna", 0.0, 0.5)]
    assert turns_of(Timeline.from_table(voice(1.0), turns, ["ben", "anna"])) == [[], [(0.0, 0.5)]]
    with pytest.raises(MultiTalkError, match="anna"):
        Timeline.from_table(voice(1.0), turns, ["ben"])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Timeline.together([]), "No speaker"),
        (lambda: Timeline.in_turn([None, None]), "No speaker"),
        (lambda: Timeline.together([SILENCE, SILENCE]), "Every voice is silent"),
        (lambda: Timeline.together([voice(0.19), None]), "must last"),
        (lambda: Timeline.placed([(0, -1.0, voice(1.0))]), "speaker 1 starts is -1"),
        (lambda: Timeline.from_table(voice(1.0), []), "No speaker"),
        (lambda: Timeline.from_table(voice(1.0), [Turn("a", 0.5, 0.2)]), "end after"),
        (lambda: Timeline.from_table(voice(1.0), [Turn("a", -0.5, 0.2)]), "within"),
        (lambda: Timeline.from_table(voice(1.0), [Turn("a", 0.5, 1.2)]), "recording's 1 seconds"),
    ],
)
def test_what_cannot_be_a_conversation_is_named(build, message):
    with pytest.raises(MultiTalkError, match=message):
        build()


def test_one_silent_voice_is_a_listener():
    tracks = Timeline.together([voice(1.0), SILENCE]).tracks()
    assert tracks[0].any() and not tracks[1].any()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("missing.csv", None, "no table of turns at"),
        ("turns.txt", "1 2", "neither a header nor a turn"),
        ("turns.csv", "", "empty"),
        ("turns.csv", "from,to,said\n0,1,a\n", "names no column speaker"),
        ("turns.csv", "speaker,start,end\na,0,1\nb,two,3\n", "Turn 2"),
        ("turns.csv", "speaker,start,end\na,0\n", "Turn 1"),
        ("turns.csv", "speaker,start,end\na,2,1\n", "after its start"),
        ("turns.csv", "speaker,start,end\na,-1,1\n", "start at 0"),
        ("turns.csv", "speaker,start,end\na,nan,1\n", "has the start nan"),
        ("turns.json", "[{", "cannot be read"),
        ("turns.json", "[1, 2]", "Turn 1"),
        ("turns.json", "5", "cannot be read"),
        ("turns.rttm", "SPEAKER talk 1\n", "cannot be read"),
    ],
)
def test_tables_that_cannot_be_read_are_named(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(MultiTalkError, match=message) as raised:
        read_turns(tmp_path / name)
    assert name in str(raised.value)


@pytest.fixture(scope="module")
def encoder() -> AudioEncoder:
    torch.manual_seed(0)
    config = Wav2Vec2Config(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=[16] * 7,
        num_conv_pos_embedding_groups=2,
    )
    return AudioEncoder(Wav2Vec2Model(config).eval())


def test_a_conversation_has_equal_lengths_and_its_listeners_hear_encoded_silence(encoder):
    conversation = encode_conversation(Timeline.together([voice(1.0), None, None]), encoder)
    assert (conversation.speakers, conversation.frames) == (3, 25)
    assert all(features.shape == (25, 2, 32) for features in conversation.features)
    assert conversation.features[1] is conversation.features[2]
    assert torch.equal(conversation.features[1], encoder.silence(25))
    assert conversation.silence.abs().mean() > 0.1
    assert conversation.sound.seconds == 1.0


@pytest.mark.parametrize("fps", [25.0, 30.0])
@pytest.mark.parametrize("frames", [9, 81])
def test_wanted_frames_are_exact_for_picture_and_sound(encoder, fps, frames):
    timeline = Timeline.in_turn([voice(0.7, rate=44100), voice(0.5, rate=44100)])
    conversation = encode_conversation(timeline, encoder, fps=fps, frames=frames)
    assert conversation.frames == frames
    assert conversation.sound.seconds == pytest.approx(frames / fps, abs=1 / 44100)


def test_fewer_frames_are_the_first_of_all(encoder):
    timeline = Timeline.together([voice(1.0)])
    whole = encode_conversation(timeline, encoder).features[0]
    assert torch.equal(encode_conversation(timeline, encoder, frames=9).features[0], whole[:9])


def test_a_film_says_that_its_voices_are_too_long_to_be_encoded_whole(encoder, monkeypatch):
    timeline = Timeline.together([voice(7.0)])
    whole = encode_conversation(timeline, encoder)
    monkeypatch.setattr(pieces, "WHOLE_SECONDS", 6.0)
    monkeypatch.setattr(pieces, "LONG_VOICE_PIECE_SECONDS", 3.0)
    long = encode_conversation(timeline, encoder)
    assert whole.notes == () and len(long.notes) == 1 and "too long to be encoded whole" in long.notes[0]
    assert long.digest_until(50) != whole.digest_until(50)
    asked = encode_conversation(timeline, encoder, seconds_per_piece=7.0)
    assert asked.notes == () and asked.digest_until(50) == whole.digest_until(50)
    assert torch.equal(asked.features[0], whole.features[0])
    assert not torch.equal(long.features[0], whole.features[0])


def test_exchanging_the_speakers_exchanges_the_features(encoder):
    anna, ben = voice(0.6), voice(0.8, seed=1)
    one = encode_conversation(Timeline.together([anna, ben]), encoder)
    other = encode_conversation(Timeline.together([ben, anna]), encoder)
    assert torch.equal(one.features[0], other.features[1]) and torch.equal(one.features[1], other.features[0])
