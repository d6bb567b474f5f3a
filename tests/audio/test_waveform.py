"""Sounds as users bring them: every rate, width and container comes in, what is broken is named."""

import struct
import tracemalloc
import wave
from fractions import Fraction

import av
import librosa
import numpy as np
import pytest
import soundfile
import torch

from multitalk_core.audio.sound_file import read_audio
from multitalk_core.audio.waveform import Waveform, from_array, speech
from multitalk_core.errors import MultiTalkError


def tone(rate: int, seconds: float = 0.5, hertz: float = 440.0, channels: int = 1) -> np.ndarray:
    """A tone, quieter in each further channel, [channels, samples]."""
    time = np.arange(round(rate * seconds)) / rate
    return np.stack([0.5 / (1 + n) * np.sin(2 * np.pi * hertz * time) for n in range(channels)])


def write_pcm(path, samples: np.ndarray, rate: int, width: int) -> None:
    """A WAV file of 16, 24 or 32 bit written byte by byte, so that the reader is tested on its own."""
    levels = np.round(samples.T * (2 ** (8 * width - 1) - 1)).astype("<i8")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(levels.reshape(-1, 1).view(np.uint8)[:, :width].tobytes())


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (48000, 6), (192000, 2)])
def test_every_rate_width_and_channel_count_is_read_as_it_is(tmp_path, rate, channels, width):
    samples = tone(rate, channels=channels)
    write_pcm(tmp_path / "voice.wav", samples, rate, width)
    sound = read_audio(tmp_path / "voice.wav")
    assert (sound.rate, sound.channels) == (rate, channels)
    assert sound.samples.dtype == np.float32
    assert np.abs(sound.samples - samples).max() < 2.0 ** (2 - 8 * width) + 1e-7


@pytest.mark.parametrize(
    "codec", ["pcm_f32le", "pcm_f64le", "pcm_u8", "aac", "libmp3lame", "libopus", "alac"]
)
def test_every_usual_codec_sounds_the_same(tmp_path, codec):
    samples = tone(48000, channels=2)
    encode(tmp_path / "voice.mka", samples, 48000, codec)
    read, meant = speech(read_audio(tmp_path / "voice.mka")), speech(from_array(samples, 48000))
    middle = slice(2000, 6000)
    assert np.abs(np.abs(np.fft.rfft(read[middle])) - np.abs(np.fft.rfft(meant[middle]))).max() < 40


@pytest.mark.parametrize("name", ["voice.flac", "voice.ogg", "voice.aiff", "voice.mp3"])
def test_files_of_other_programs_are_read(tmp_path, name):
    samples = tone(44100, channels=2)
    soundfile.write(tmp_path / name, samples.T, 44100)
    sound = read_audio(tmp_path / name)
    assert (sound.rate, sound.channels) == (44100, 2)
    assert sound.seconds == pytest.approx(0.5, abs=0.01)
    assert sound.samples[:, 8000:16000].std(axis=1) == pytest.approx(
        [0.5 / np.sqrt(2), 0.25 / np.sqrt(2)], rel=0.02
    )


def encode(path, samples: np.ndarray | None, rate: int, codec: str, frames: int = 0) -> None:
    """A file with sound in a codec, red pictures, or both, through PyAV."""
    with av.open(str(path), "w") as container:
        if frames:
            video = container.add_stream("mpeg4", rate=25)
            video.width = video.height = 64
            red = av.VideoFrame.from_ndarray(np.full((64, 64, 3), (255, 0, 0), np.uint8), format="rgb24")
        if samples is not None:
            audio = container.add_stream(codec, rate=rate, layout="mono" if len(samples) == 1 else "stereo")
            frame = av.AudioFrame.from_ndarray(
                samples.astype(np.float32), format="fltp", layout=audio.layout.name
            )
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
        for _ in range(frames):
            container.mux(video.encode(red))
        if frames:
            container.mux(video.encode(None))


def test_the_sound_of_a_video_is_read(tmp_path):
    encode(tmp_path / "film.mp4", tone(48000), 48000, "aac", frames=12)
    sound = read_audio(tmp_path / "film.mp4")
    assert sound.rate == 48000 and sound.seconds == pytest.approx(0.5, abs=0.03)
    assert np.sqrt(np.mean(sound.samples[:, 4000:20000] ** 2)) == pytest.approx(0.5 / np.sqrt(2), abs=0.03)


@pytest.mark.parametrize(("rate", "channels"), [(22050, 1), (44100, 2), (96000, 2), (16000, 2)])
def test_speech_is_what_librosa_loads(tmp_path, rate, channels):
    write_pcm(tmp_path / "voice.wav", tone(rate, 0.7123, channels=channels), rate, 2)
    expected, _ = librosa.load(tmp_path / "voice.wav", sr=16000)
    read = speech(read_audio(tmp_path / "voice.wav"))
    assert read.shape == expected.shape and np.abs(read - expected).max() < 1e-6


@pytest.mark.parametrize(
    ("numbers", "scale"),
    [(np.int16, 2**15), (np.int32, 2**31), (np.int8, 2**7), (np.float16, 1), (np.float64, 1)],
)
def test_arrays_of_any_numbers_mean_the_same_sound(numbers, scale):
    samples = np.array([0.0, 0.5, -0.5, -1.0])
    assert from_array((samples * scale).astype(numbers), 16000).samples.tolist() == [[0.0, 0.5, -0.5, -1.0]]


def test_unsigned_samples_are_silent_in_the_middle():
    assert from_array(np.array([128, 192, 0], np.uint8), 8000).samples.tolist() == [[0.0, 0.5, -1.0]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_tensors_come_in_too(dtype):
    sound = from_array(torch.tensor([[0.0, 0.5], [0.25, -1.0]], dtype=dtype, requires_grad=True), 44100)
    assert sound.channels == 2 and sound.samples.tolist() == [[0.0, 0.5], [0.25, -1.0]]


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros((2, 0)), 16000, "no samples"),
        (np.zeros((0, 5)), 16000, "shape"),
        (np.zeros((1, 1, 5)), 16000, "shape"),
        (np.zeros((48000, 2)), 16000, "transpose"),
        (np.array([0.0, np.nan]), 16000, "NaN"),
        (np.array([0.0, np.inf]), 16000, "infinite"),
        (np.zeros(5, complex), 16000, "complex"),
        (np.zeros(5), 16, "rate"),
    ],
)
def test_arrays_that_are_no_sound_are_named(samples, rate, message):
    with pytest.raises(MultiTalkError, match=message):
        from_array(samples, rate)


def test_files_that_are_no_sound_are_named(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.mp3").write_text("This is no sound at all. " * 100)
    write_pcm(tmp_path / "voice.wav", tone(16000), 16000, 2)
    header = (tmp_path / "voice.wav").read_bytes()[:44]
    (tmp_path / "header.wav").write_bytes(header)
    encode(tmp_path / "voice.m4a", tone(16000), 16000, "aac")
    (tmp_path / "half.m4a").write_bytes((tmp_path / "voice.m4a").read_bytes()[:1500])
    encode(tmp_path / "film.mp4", None, 16000, "", frames=5)
    for name, message in [
        ("missing.wav", "no audio file at"),
        ("empty.wav", "empty file"),
        ("text.mp3", "cannot be read"),
        ("header.wav", "without samples"),
        ("half.m4a", "cannot be read"),
        ("film.mp4", "no sound"),
    ]:
        with pytest.raises(MultiTalkError, match=message) as raised:
            read_audio(tmp_path / name)
        assert name in str(raised.value)


def test_a_file_with_nan_samples_is_named(tmp_path):
    samples = np.zeros(16000, np.float32)
    samples[8000] = np.nan
    soundfile.write(tmp_path / "nan.wav", samples, 16000, subtype="FLOAT")
    with pytest.raises(MultiTalkError, match="NaN"):
        read_audio(tmp_path / "nan.wav")


def test_surround_keeps_the_dialogue_when_it_becomes_stereo():
    samples = np.zeros((6, 4800), np.float32)
    samples[2] = tone(48000, 0.1)[0]  # front centre
    left, right = Waveform(samples, 48000).stereo().samples
    assert np.array_equal(left, right) and 0.1 < np.abs(left).max() < 0.5


def test_padding_adds_silence_only_at_the_end():
    sound = Waveform(np.ones((1, 3), np.float32), 16000)
    assert sound.padded(5).samples.tolist() == [[1, 1, 1, 0, 0]]
    assert sound.padded(2).samples.tolist() == [[1, 1, 1]]


def write_header(path, rate=16000, channels=1, data=bytes(32000)):
    """A WAV file of 16 bits with any claims in its header."""
    claims = struct.pack(
        "<HHIIHH", 1, channels, rate, (rate * channels * 2) % 2**32, channels * 2 % 2**16, 16
    )
    size = (36 + len(data)).to_bytes(4, "little")
    path.write_bytes(
        b"RIFF" + size + b"WAVEfmt " + (16).to_bytes(4, "little") + claims
        + b"data" + len(data).to_bytes(4, "little") + data
    )  # fmt: skip
    return path


@pytest.mark.parametrize("rate", [2**31 - 1, 768_001, 999, 1])
def test_rates_that_no_sound_has_are_refused(tmp_path, rate):
    for read in (
        lambda: read_audio(write_header(tmp_path / "rate.wav", rate)),
        lambda: from_array(np.zeros(5), rate),
    ):
        with pytest.raises(MultiTalkError, match=f"{rate}: give a whole number from 1000 to 768000"):
            read()


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), None, "44100", 44100.5, 10**400])
def test_rates_that_are_none(rate):
    with pytest.raises(MultiTalkError, match="rate"):
        from_array(np.zeros(5), rate)


@pytest.mark.parametrize("rate", [np.int64(44100), torch.tensor(44100), 44100.0])
def test_rates_of_other_libraries(rate):
    assert from_array(np.zeros(5), rate).rate == 44100


def test_many_channels_are_refused_before_they_are_decoded(tmp_path):
    with pytest.raises(MultiTalkError, match=r"many\.wav.* channels, at most 8"):
        read_audio(write_header(tmp_path / "many.wav", channels=64))


def write_flac(path, seconds: int) -> None:
    """A second of silence that claims to be longer."""
    soundfile.write(path, np.zeros(8000), 8000)
    content = bytearray(path.read_bytes())
    content[22:26] = (8000 * seconds).to_bytes(4, "big")  # the samples of STREAMINFO
    path.write_bytes(content)


def test_what_is_longer_than_a_film_is_refused_by_its_header(tmp_path):
    """Eleven hours of silence are a few kB."""
    write_flac(tmp_path / "long.flac", 11 * 3600)
    with pytest.raises(MultiTalkError, match=r"long\.flac.* longer than 10 hours"):
        read_audio(tmp_path / "long.flac")


def test_what_this_machine_cannot_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("multitalk_core.guards.memory.machine_bytes", lambda: 200_000_000)
    write_flac(tmp_path / "hour.flac", 3600)
    encode(tmp_path / "unended.mka", np.zeros((1, 48000)), 48000, "aac")  # a stream without a length
    with pytest.raises(
        MultiTalkError, match=r"0\.2 GB of main memory .* 0\.2 GB: save it as mono, .* or cut"
    ):
        read_audio(tmp_path / "hour.flac")
    with pytest.raises(MultiTalkError, match=r"The sound takes 0\.2 GB of main memory"):
        from_array(torch.zeros(1).expand(2, 15_000_000), 48_000)
    assert read_audio(tmp_path / "unended.mka").seconds == pytest.approx(1, abs=0.1)
    monkeypatch.setattr("multitalk_core.guards.memory.machine_bytes", lambda: 200_000)
    with pytest.raises(MultiTalkError, match=r"unended\.mka cannot be used. It takes .* of main memory"):
        read_audio(tmp_path / "unended.mka")


@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_is_held_twice_at_most_on_its_way_to_speech(tmp_path, channels):
    soundfile.write(tmp_path / "voice.wav", np.zeros((480_000, channels)), 16_000)
    read_audio(tmp_path / "voice.wav")  # what is imported does not count
    tracemalloc.start()
    speech(read_audio(tmp_path / "voice.wav"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.2 * 4 * 480_000 * channels


@pytest.mark.parametrize(
    ("rate", "channels", "samples", "message"),
    [(1000, 1, 36_000_001, "longer than 10 hours"), (768_000, 8, 27_000_000_000, "this machine has")],
)
def test_more_samples_than_memory_holds_are_refused_before_they_are_copied(rate, channels, samples, message):
    with pytest.raises(MultiTalkError, match=message):
        from_array(torch.zeros(1).expand(channels, samples), rate)  # takes no memory itself


@pytest.mark.parametrize("peak", [1e38, -1e38, 1e300, 2e6])
def test_numbers_that_are_no_sound(peak):
    with pytest.raises(MultiTalkError, match="far beyond full scale"):
        from_array(np.array([0.0, peak]), 16000)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXTINF:10\nhttp://127.0.0.1:9/a.ts\n",
        "\n#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9\nvoice.wav\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile voice.wav\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 97\na=rtpmap:97 L16/16000\n",
        "o=- 0 0 IN IP4 127.0.0.1\nv=0\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 97\na=rtpmap:97 L16/16000\n",
    ],
)
def test_a_list_of_other_files_opens_none_of_them(tmp_path, text):
    write_pcm(tmp_path / "voice.wav", tone(16000), 16000, 2)
    (tmp_path / "list.wav").write_text(text)
    with pytest.raises(MultiTalkError, match=r"list of other files|cannot be read"):
        read_audio(tmp_path / "list.wav")


def test_a_name_that_looks_like_a_protocol_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_pcm("http:voice.wav", tone(16000), 16000, 2)
    assert read_audio("http:voice.wav").rate == 16000


def test_metadata_that_is_no_utf8_is_passed_over(tmp_path):
    write_pcm(tmp_path / "voice.wav", tone(16000), 16000, 2)
    title = b"INFOINAM\x06\0\0\0J\xfcrgen"
    (tmp_path / "voice.wav").write_bytes(
        (tmp_path / "voice.wav").read_bytes() + b"LIST" + len(title).to_bytes(4, "little") + title
    )
    assert read_audio(tmp_path / "voice.wav").rate == 16000
