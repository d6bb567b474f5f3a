"""Sound files as users bring them: on their clock, of the right track, and as whole as they are."""

import random
import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from helpers.sound_files import write_sound, write_video
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.audio.waveform import Waveform, speech
from multitalk_core.errors import MultiTalkError

RATE = 16000
HALF = np.full((1, RATE // 2), 0.25)  # half a second
SECOND = 0.3 * np.sin(np.arange(RATE) / 9)[None]


def spans(sound: Waveform, level: float = 0.05) -> list[float]:
    """Seconds at which the sound begins or ends."""
    loud = np.abs(sound.samples).max(axis=0) > level
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    return [edge / sound.rate for edge in edges]


def play(path: Path, zero: Fraction) -> np.ndarray:
    """What FFmpeg's own clock makes of the first track: aresample with async=1."""
    graph = av.filter.Graph()
    pieces = []
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        source = graph.add_abuffer(template=stream)
        clock = graph.add("aresample", "async=1:first_pts=0")
        sink = graph.add("abuffersink")
        source.link_to(clock)
        clock.link_to(sink)
        graph.configure()
        for frame in [*container.decode(stream), None]:
            if frame is not None:
                frame.pts -= round(zero / frame.time_base)
            graph.push(frame)
            while True:
                try:
                    pieces.append(graph.pull().to_ndarray())
                except (av.BlockingIOError, av.EOFError):
                    break
    return np.concatenate(pieces, axis=1)


def test_a_hole_in_the_time_stamps_is_silent(tmp_path):
    path = write_sound(tmp_path / "hole.mka", [[(0.0, HALF), (1.25, HALF)]])
    assert spans(read_audio(path)) == pytest.approx([0, 0.5, 1.25, 1.75], abs=1e-3)
    assert read_audio(path).samples.shape == play(path, Fraction(0)).shape


@pytest.mark.parametrize("suffix", ["mka", "m4a", "mov"])
def test_a_late_sound_begins_with_silence(tmp_path, suffix):
    path = write_sound(tmp_path / f"late.{suffix}", [[(3.0, HALF)]], codec="aac")
    sound = read_audio(path)
    assert spans(sound)[0] == pytest.approx(3.0, abs=0.01) and not sound.notes


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov"])
def test_a_sound_that_starts_very_late_is_whole(tmp_path, suffix):
    path = write_sound(tmp_path / f"late.{suffix}", [[(9.0, HALF)]], codec="aac", pictures=(0.0, 250))
    sound = read_audio(path)
    assert sound.seconds == pytest.approx(9.5, abs=0.1) and not sound.notes


def test_time_stamps_that_count_from_anywhere_begin_at_the_first(tmp_path):
    path = write_sound(tmp_path / "late.ts", [[(0.5, HALF)]], codec="mp2")
    assert spans(read_audio(path))[0] == pytest.approx(0.0, abs=0.04)


def test_a_part_of_a_broadcast_is_whole(tmp_path):
    path = write_sound(tmp_path / "part.ogg", [[(3600.0, np.tile(SECOND, 2))]], codec="libopus")
    sound = read_audio(path)
    assert sound.seconds == pytest.approx(2.0, abs=0.1) and not sound.notes


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "mov", "ts"])
def test_a_videos_sound_is_on_the_clock_of_its_pictures(tmp_path, suffix):
    codec = "mp2" if suffix == "ts" else "aac"
    late = write_sound(tmp_path / f"late.{suffix}", [[(0.5, HALF)]], codec=codec, pictures=(0.0, 25))
    assert spans(read_audio(late))[0] == pytest.approx(0.5, abs=0.02)
    both = np.concatenate([HALF, 0 * HALF, HALF], axis=1)
    early = write_sound(tmp_path / f"early.{suffix}", [[(0.0, both)]], codec=codec, pictures=(0.4, 25))
    assert spans(read_audio(early)) == pytest.approx([0, 0.1, 0.6, 1.1], abs=0.02)


def test_a_sound_that_ends_before_the_pictures_is_refused(tmp_path):
    path = write_sound(tmp_path / "early.mkv", [[(0.0, HALF)]], pictures=(1.0, 5))
    with pytest.raises(MultiTalkError, match=r"early\.mkv.* ends before its first picture"):
        read_audio(path)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.m4a", "aac"), ("a.opus", "libopus"), ("a.mp3", "libmp3lame")]
)
def test_what_encoders_put_before_the_sound_is_not_played(tmp_path, name, codec):
    samples = np.zeros((1, 48000))
    samples[0, 24000:24480] = 0.5
    path = write_sound(tmp_path / name, [[(0.0, samples)]], rate=48000, codec=codec)
    assert spans(read_audio(path), 0.2)[0] == pytest.approx(0.5, abs=0.002)


def test_what_comes_twice_is_played_once_and_told(tmp_path):
    path = write_sound(tmp_path / "twice.mka", [[(0.0, HALF), (0.3, 2 * HALF)]])
    sound = read_audio(path)
    assert sound.seconds == pytest.approx(0.8, abs=1e-3)
    assert sound.samples[0, [7900, 8100]] == pytest.approx([0.25, 0.5], abs=1e-3)
    assert sound.notes == (
        "0.20 s of it have the times of what is before them and are left out, at second 0.50",
    )


@pytest.mark.parametrize("name", ["part.ts", "part.ogg"])
def test_recordings_joined_byte_by_byte_are_played_one_after_the_other(tmp_path, name):
    codec = "mp2" if name.endswith("ts") else "libopus"
    part = write_sound(tmp_path / name, [[(0.0, np.tile(SECOND, 2))]], codec=codec).read_bytes()
    (tmp_path / name).write_bytes(part + part)
    sound = read_audio(tmp_path / name)
    assert sound.seconds == pytest.approx(4.0, abs=0.15)
    assert "begin again at second" in sound.notes[0]


def test_joined_files_of_two_rates_are_converted_and_told(tmp_path):
    one = write_sound(tmp_path / "1.mp3", [[(0.0, np.tile(SECOND, 2))]], codec="libmp3lame")
    two = write_sound(tmp_path / "2.mp3", [[(0.0, np.tile(SECOND, (2, 3)))]], rate=44100, codec="libmp3lame")
    (tmp_path / "joined.mp3").write_bytes(one.read_bytes() + two.read_bytes())
    sound = read_audio(tmp_path / "joined.mp3")
    assert (sound.rate, sound.channels) == (RATE, 1)
    assert sound.seconds == pytest.approx(2 + 3 * RATE / 44100, abs=0.2)
    assert "another sample rate or other channels and are converted" in sound.notes[0]


def two_tracks(path: Path) -> Path:
    tracks = [[(0.0, HALF)], [(0.0, np.tile(HALF, 2))]]
    return write_sound(path, tracks, default=1, languages=["eng", "ger"])


@pytest.mark.parametrize(
    ("track", "seconds"), [("", 1.0), ("1", 0.5), ("2", 1.0), ("eng", 0.5), ("GER", 1.0)]
)
def test_the_default_track_is_read_or_the_one_that_is_named(tmp_path, track, seconds):
    sound = read_audio(two_tracks(tmp_path / "talk.mka"), track=track)
    assert sound.seconds == seconds
    told = "of its sound tracks 1 (eng), 2 (ger), track 2 is read: the default one"
    assert sound.notes == (() if track else (told,))


def test_a_track_that_is_not_there_is_refused_with_a_list(tmp_path):
    with pytest.raises(MultiTalkError, match=r"no sound track 3: choose from 1 \(eng\), 2 \(ger\)"):
        read_audio(two_tracks(tmp_path / "talk.mka"), track="3")


@pytest.mark.parametrize(
    ("channel", "levels"),
    [
        ("all", [0.25, -0.5]),
        ("left", [0.25]),
        ("right", [-0.5]),
        ("1", [0.25]),
        ("2", [-0.5]),
        ("mix", [-0.125]),
    ],
)
def test_a_channel_is_chosen(tmp_path, channel, levels):
    path = write_sound(tmp_path / "talk.wav", [[(0.0, np.concatenate([HALF, -2 * HALF]))]])
    assert read_audio(path, channel=channel).samples[:, 99] == pytest.approx(levels, abs=1e-3)


@pytest.mark.parametrize(
    ("channels", "channel", "message"),
    [
        (2, "3", "has 2 channels and no channel 3"),
        (1, "left", "mono, so it has no left channel"),
        (1, "2", "has 1 channel and no channel 2"),
        (2, "middle", "no channel middle: choose left, right, mix, or a number"),
    ],
)
def test_a_channel_that_is_not_there_is_refused(tmp_path, channels, channel, message):
    path = write_sound(tmp_path / "talk.wav", [[(0.0, np.tile(HALF, (channels, 1)))]])
    with pytest.raises(MultiTalkError, match=message):
        read_audio(path, channel=channel)


@pytest.mark.parametrize(
    "codec",
    [f"pcm_{kind}" for kind in ("u8", "s24le", "s32le", "s64le", "f32le", "f64le", "mulaw", "alaw")]
    + ["adpcm_ms", "adpcm_ima_wav"],
)
def test_every_kind_of_wav_is_read(tmp_path, codec):
    sound = read_audio(write_sound(tmp_path / "voice.wav", [[(0.0, SECOND)]], codec=codec))
    assert np.corrcoef(sound.samples[0, :RATE], SECOND[0])[0, 1] > 0.99
    assert np.abs(sound.samples).max() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("name", ["v.w64", "v.rf64", "v.caf", "v.au", "v.aiff", "v.flac"])
def test_every_container_of_plain_samples_is_read(tmp_path, name):
    soundfile.write(tmp_path / name, SECOND[0], RATE)
    assert np.abs(read_audio(tmp_path / name).samples - SECOND).max() < 1e-3


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_eight_channels_are_eight(tmp_path, suffix):
    samples = np.tile(SECOND[0], (8, 1)) * np.arange(8)[:, None] / 8
    soundfile.write(tmp_path / f"eight.{suffix}", samples.T, RATE)
    sound = read_audio(tmp_path / f"eight.{suffix}")
    assert np.abs(sound.samples - samples).max() < 1e-3
    assert sound.stereo().channels == 2 and sound.mono().channels == 1


def test_surround_keeps_the_dialogue_in_mono(tmp_path):
    samples = np.zeros((6, RATE))
    samples[2] = SECOND  # front centre
    soundfile.write(tmp_path / "film.wav", samples.T, RATE)
    assert np.abs(speech(read_audio(tmp_path / "film.wav"))).max() > 0.15


def test_damaged_packets_are_left_out_and_told(tmp_path):
    path = write_sound(tmp_path / "hole.mp3", [[(0.0, np.tile(SECOND, 2))]], codec="libmp3lame")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 700] = bytes(700)
    path.write_bytes(content)
    sound = read_audio(path)
    told = re.match(r"(\d\.\d\d) s of it are damaged and left out, at second 0\.9", sound.notes[0])
    assert sound.seconds + float(told[1]) == pytest.approx(2.0, abs=0.15)


def test_damage_in_a_timed_file_leaves_the_rest_in_its_place(tmp_path):
    samples = np.concatenate([np.tile(SECOND, 3), np.zeros((1, RATE)), SECOND], axis=1)
    path = write_sound(tmp_path / "voice.m4a", [[(0.0, samples)]], codec="aac")
    with av.open(str(path)) as container:
        packets = [
            packet for packet in container.demux(audio=0) if packet.size and 1.0 < packet.pts / RATE < 1.6
        ]
    content = bytearray(path.read_bytes())
    for packet in packets:
        content[packet.pos : packet.pos + packet.size] = bytes([255]) * packet.size
    path.write_bytes(content)
    sound = read_audio(path)
    assert sound.seconds == pytest.approx(5.0, abs=0.1)
    pause, after = sound.samples[0, int(3.05 * RATE) : int(3.95 * RATE)], sound.samples[0, int(4.05 * RATE) :]
    assert np.abs(pause).max() < 0.05 and np.abs(after).max() > 0.2
    assert "damaged and left out, at second 1.0" in sound.notes[0]


@pytest.mark.parametrize(("kept", "read"), [(0.6, True), (0.1, False)])
def test_a_file_that_is_cut_short_is_told_or_refused_where_little_remains(tmp_path, kept, read):
    path = tmp_path / "cut.wav"
    soundfile.write(path, np.tile(SECOND[0], 4), RATE, subtype="ULAW")
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    if read:
        assert "cut short: 1.6" in read_audio(path).notes[0]
    else:
        with pytest.raises(MultiTalkError, match=r"cut\.wav.* Only 0\.4\d of its 4\.0\d s can be read"):
            read_audio(path)


@pytest.mark.parametrize("start", [9 * 3600.0, 11 * 3600.0])
def test_a_hole_of_hours_is_no_trap(tmp_path, monkeypatch, start):
    monkeypatch.setattr("multitalk_core.guards.memory.machine_bytes", lambda: 1_000_000_000)
    path = write_sound(tmp_path / "far.mka", [[(0.0, HALF), (start, HALF)]])
    with pytest.raises(MultiTalkError, match=r"far\.mka.*(longer than 10 hours|of main memory)"):
        read_audio(path)


def test_a_video_without_sound_says_so(tmp_path):
    with pytest.raises(MultiTalkError, match=r"silent\.mp4 .*has no sound"):
        read_audio(write_video(tmp_path / "silent.mp4"))


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp3", "libmp3lame"),
        ("a.m4a", "aac"),
        ("a.ogg", "libopus"),
        ("a.flac", "flac"),
        ("a.mka", "pcm_f32le"),
    ],
)
def test_whatever_happened_to_a_file_there_is_no_traceback(tmp_path, name, codec):
    whole = write_sound(tmp_path / name, [[(0.0, SECOND)]], codec=codec).read_bytes()
    chance = random.Random(0)
    for _ in range(12):
        content = bytearray(whole[: chance.randrange(len(whole) // 2, len(whole))])
        for _ in range(10):
            content[chance.randrange(len(content))] = chance.randrange(256)
        (tmp_path / name).write_bytes(content)
        try:
            assert np.isfinite(read_audio(tmp_path / name).samples).all()
        except MultiTalkError as error:
            assert name in str(error)
