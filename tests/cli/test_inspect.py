"""`inspect`: what a picture, a video, a sound or a checkpoint is, as lines and as JSON."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from multitalk_core.checkpoint import read_adapter, write_adapter
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

HEIGHT, WIDTH, FPS, RATE = 64, 96, 25, 16000
CORNERS = [[230, 30, 30], [30, 200, 30], [30, 30, 230], [120, 120, 120]]
MIDDLE = [200, 190, 180]
KEYS = ["kind", "seconds", "frames", "fps", "width", "height", "sound", "mean_rgb", "corner_rgb", "origin"]


def painted() -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), MIDDLE, np.uint8)
    for rgb, (row, column) in zip(CORNERS, ((0, 0), (0, -16), (-16, 0), (-16, -16)), strict=True):
        picture[row:, column:][:16, :16] = rgb
    return picture


def tone(seconds: float, silent: float) -> np.ndarray:
    """A tone after some silence, 16 bits."""
    times = np.arange(round(seconds * RATE)) / RATE
    return np.where(times < silent, 0, 12000 * np.sin(times * 2000)).astype(np.int16)


def write_sound(container: av.container.OutputContainer, stream: av.AudioStream, samples: np.ndarray) -> None:
    frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
    frame.sample_rate = RATE
    for packet in [*stream.encode(frame), *stream.encode(None)]:
        container.mux(packet)


def write_video(path: Path, frames: int, samples: np.ndarray | None) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = None if samples is None else container.add_stream("aac", rate=RATE, layout="mono")
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(painted(), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            write_sound(container, sound, samples)


def inspect(capsys: pytest.CaptureFixture, *arguments: object) -> object:
    assert main(["inspect", *map(str, arguments), "--json", "-"]) == 0
    return json.loads(capsys.readouterr().out)


def assert_colours(found: dict, tolerance: float) -> None:
    assert np.abs(np.array(found["corner_rgb"]) - CORNERS).max() < tolerance
    assert np.abs(np.array(found["mean_rgb"]) - painted().mean(axis=(0, 1))).max() < tolerance


def test_a_video_with_a_late_sound(tmp_path, capsys):
    write_video(tmp_path / "talk.mp4", 20, tone(0.8, 0.3))
    found = inspect(capsys, tmp_path / "talk.mp4")
    assert list(found) == KEYS
    assert [found[key] for key in KEYS[:6]] == [
        "video",
        pytest.approx(0.8),
        20,
        pytest.approx(25),
        WIDTH,
        HEIGHT,
    ]
    assert_colours(found, 8)
    sound = found["sound"]
    assert list(sound) == ["seconds", "rate", "channels", "first_sound"]
    assert (sound["rate"], sound["channels"]) == (RATE, 1)
    assert sound["seconds"] == pytest.approx(0.8, abs=0.2)
    assert sound["first_sound"] == pytest.approx(0.3, abs=0.08)  # AAC rings before


def test_a_silent_video_has_no_sound(tmp_path, capsys):
    write_video(tmp_path / "talk.mp4", 5, None)
    found = inspect(capsys, tmp_path / "talk.mp4")
    assert (found["kind"], found["frames"], found["sound"]) == ("video", 5, None)


@pytest.mark.parametrize("silent", [0.25, 9.0])
def test_a_sound_has_no_pictures(tmp_path, capsys, silent):
    with av.open(str(tmp_path / "voice.wav"), "w") as container:
        write_sound(container, container.add_stream("pcm_s16le", rate=RATE, layout="mono"), tone(1, silent))
    found = inspect(capsys, tmp_path / "voice.wav")
    first = pytest.approx(0.25, abs=0.002) if silent < 1 else None
    assert found == dict.fromkeys(KEYS) | {
        "kind": "audio",
        "seconds": 1.0,
        "sound": {"seconds": 1.0, "rate": RATE, "channels": 1, "first_sound": first},
    }


def test_a_song_with_a_cover_is_a_sound(tmp_path, capsys):
    Image.fromarray(painted()).save(tmp_path / "cover.png")
    with av.open(str(tmp_path / "song.mp3"), "w") as container, av.open(str(tmp_path / "cover.png")) as cover:
        sound = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        picture = container.add_stream_from_template(cover.streams.video[0])
        picture.disposition = av.stream.Disposition.attached_pic
        for packet in cover.demux():
            if packet.size:
                packet.stream = picture
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray(tone(1, 0)[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(format=sound.format, layout="mono", rate=RATE)
        for piece in resampler.resample(frame):
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    found = inspect(capsys, tmp_path / "song.mp3")
    assert (found["kind"], found["width"], found["mean_rgb"]) == ("audio", None, None)


def test_a_picture_by_its_content_and_not_its_name(tmp_path, capsys):
    image = Image.fromarray(np.rot90(painted()))
    exif = image.getexif()
    exif[274] = 6
    image.save(tmp_path / "photo.wav", format="png", exif=exif)
    found = inspect(capsys, tmp_path / "photo.wav")
    assert [found[key] for key in KEYS[:7]] == ["picture", None, None, None, WIDTH, HEIGHT, None]
    assert_colours(found, 0.1)


def test_what_was_decided_about_a_picture_is_in_the_text(tmp_path, capsys):
    Image.new("RGBA", (40, 20), (0, 0, 0, 0)).save(tmp_path / "cut-out.png")
    assert main(["inspect", str(tmp_path / "cut-out.png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "file", "kind", "size", "mean colour", "top left", "top right", "bottom left", "bottom right", "note",
    ]  # fmt: skip
    assert lines[2].endswith("40×20") and "black shows there" in lines[-1]


def test_the_text_of_a_video_says_the_same_as_its_json(tmp_path, capsys):
    write_video(tmp_path / "talk.mp4", 20, tone(0.8, 9))
    assert main(["inspect", str(tmp_path / "talk.mp4")]) == 0
    said = capsys.readouterr().out
    for fact in ("video", "96×64", "0.800 s", "20, 25 a second", "16,000 Hz, 1 channel, silent throughout"):
        assert fact in said


def test_several_files_are_a_list_and_a_checkpoint_an_object(tmp_path, capsys):
    adapter, picture = EMBEDDED / EMBEDDED_FILES["adapter"], EMBEDDED / "picture.png"
    found = inspect(capsys, adapter, picture)
    assert [one["kind"] for one in found] == ["MultiTalk or InfiniteTalk audio adapter", "picture"]
    assert found[0]["bytes"] == adapter.stat().st_size and "fits" in found[0]["details"]
    write_adapter(tmp_path / "a.safetensors", read_adapter(adapter))
    assert inspect(capsys, tmp_path)["kind"] == found[0]["kind"]  # a folder


def test_a_checkpoint_under_another_name_is_one(tmp_path, capsys):
    save_file({"something": torch.zeros(3)}, tmp_path / "weights.dat")
    assert inspect(capsys, tmp_path / "weights.dat")["numbers"] == 3


def test_json_to_a_file_replaces_nothing_unasked(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    picture, target = tmp_path / "a.png", tmp_path / "a.json"
    Image.fromarray(painted()).save(picture)
    assert main(["inspect", str(picture), "--json", str(target)]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(target.read_text())["kind"] == "picture"
    assert main(["inspect", str(picture), "--json", str(target)]) == 2
    assert "a.json exists: name another --json" in capsys.readouterr().err
    assert main(["inspect", str(picture), "--json", str(target), "--overwrite"]) == 0
    assert main(["inspect", str(picture), "--json", str(picture), "--overwrite"]) == 2
    assert "is one of the inputs" in capsys.readouterr().err
    assert main(["inspect", str(picture), "--json", str(tmp_path / "nowhere" / "a.json")]) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.json", "a.png"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is an empty file"),
        (b"nothing that anybody reads", "is no picture, video, sound, table or checkpoint that can be read"),
        (b"%PDF-1.7\n", "is a PDF, which is not read as a picture"),
        (b"\x89PNG\r\n\x1a\n", "is broken or not a picture"),
        (b"#EXTM3U\nother.mp4\n", "is a list of other files"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(40), "that can be read"),
    ],
)
def test_what_is_none_of_them_gets_a_sentence(tmp_path, capsys, content, said):
    (tmp_path / "file").write_bytes(content)
    assert main(["inspect", str(tmp_path / "file")]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert main(["inspect", str(tmp_path / "missing.mp4")]) == 2
    assert "There is no file at" in capsys.readouterr().err


def test_json_keeps_to_its_keys_and_the_remarks_go_to_the_error_stream(tmp_path, capsys):
    table, voice = tmp_path / "talk.json", tmp_path / "voice.wav"
    turns = [{"start": 0, "end": 1, "speaker": "A", "text": "x"}, {"start": 1, "end": 2, "text": "y"}]
    table.write_text(json.dumps({"segments": turns}))
    wave = (8000 * np.sin(np.arange(16000) / 20)).astype("<i2")
    with av.open(str(voice), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.stack([wave, -wave], 1).reshape(1, -1), "s16", "stereo")
        frame.rate = 16000
        container.mux(stream.encode(frame))
    main(["inspect", str(table), str(voice), "--json", "-"])
    printed = capsys.readouterr()
    assert json.loads(printed.out)[0] == {"kind": "turns", "speakers": ["A"], "turns": [["A", 0, 1]]}
    assert "1 turn names no speaker" in printed.err and "cancel out in mono" in printed.err
