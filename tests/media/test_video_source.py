"""Videos on disk as the frames of a film: which picture is shown when, from any place in the file."""

import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from multitalk_core.errors import MultiTalkError
from multitalk_core.media.video_file import VideoFile
from multitalk_core.media.video_source import FittedVideo, Video, VideoInMemory, film_frames

HEIGHT, WIDTH = 32, 48


def levels(count: int) -> np.ndarray:
    """Pictures of one grey each, so that every picture can be told by its level."""
    greys = np.arange(count, dtype=np.uint8)[:, None, None, None] * 2
    return np.broadcast_to(greys, (count, HEIGHT, WIDTH, 3)).copy()


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., VideoFile]:
    """Write pictures at given times (in milliseconds), losslessly where the codec is ffv1."""
    import av

    def write(
        times: list[int], name: str = "video.mkv", codec: str = "ffv1", start: int = 0, **options: str
    ) -> VideoFile:
        with av.open(str(tmp_path / name), "w") as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width, stream.height = WIDTH, HEIGHT
            stream.pix_fmt = "bgr0" if codec == "ffv1" else "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            for picture, time in zip(levels(len(times)), times, strict=True):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=stream.pix_fmt)
                frame.pts, frame.time_base = start + time, Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return VideoFile.open(tmp_path / name)

    return write


def shown(frames: Tensor) -> list[int]:
    """The number of the picture in each frame."""
    return (frames[:, HEIGHT // 2, WIDTH // 2, 0] * 255 / 2).round().int().tolist()


def fitted(video: Video, fps: float = 25.0) -> FittedVideo:
    return FittedVideo(video, HEIGHT, WIDTH, fps)


def test_the_same_rate_shows_every_picture_once(written):
    video = written([40 * index for index in range(20)])
    assert video.seconds == pytest.approx(0.8) and video.fps == pytest.approx(25)
    frames = fitted(video).frames(0, 20)
    assert frames.shape == (20, HEIGHT, WIDTH, 3) and shown(frames) == list(range(20))
    assert torch.equal(video.picture(), frames[0])


def test_past_the_end_the_last_picture_is_held(written):
    assert shown(fitted(written([0, 40, 80])).frames(1, 5)) == [1, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("milliseconds", "expected"), [(20, [0, 2, 4, 6, 8]), (33, [0, 1, 2, 4, 5]), (80, [0, 0, 1, 1, 2])]
)
def test_other_rates_show_what_a_player_shows_then(written, milliseconds, expected):
    video = written([milliseconds * index for index in range(10)])
    assert shown(fitted(video).frames(0, 5)) == expected


def test_times_count_from_the_first_picture_and_may_be_uneven(written):
    video = written([0, 100, 110, 120, 300], start=5000)
    assert shown(fitted(video).frames(0, 9)) == [0, 0, 1, 3, 3, 3, 3, 4, 4]


@pytest.mark.parametrize("name", ["video.mp4", "video.mkv", "video.ts"])
def test_clips_from_the_middle_are_those_of_the_whole(written, name):
    """Pictures that are coded out of order, key pictures seldom."""
    options = {"g": "12", "bf": "3", "crf": "1", "preset": "ultrafast", "b-adapt": "0"}
    video = written([33 * index for index in range(60)], name, "libx264", **options)
    assert len(video.track.packets.keys) >= 5
    whole = fitted(video).frames(0, 49)
    nearest = [round(index * 40 / 33) for index in range(49)]
    assert all(abs(seen - wanted) <= 1 for seen, wanted in zip(shown(whole), nearest, strict=True))
    for start in range(0, 40, 3):
        assert torch.equal(fitted(video).frames(start, 9), whole[start : start + 9]), start


def test_a_still_lasts_until_the_next_picture_comes(written):
    """As in a recording of slides: the next one is not shown when it is merely the nearer one."""
    assert shown(fitted(written([0, 40, 4000])).frames(0, 101)) == [0, *[1] * 99, 2]


def test_a_part_of_a_video(written):
    part = written([40 * index for index in range(20)]).trimmed(0.2, 0.4)
    assert film_frames(part, 25) == 10
    assert shown(fitted(part).frames(0, 12)) == [*range(5, 15), 14, 14]
    assert shown(fitted(part.trimmed(0.2, 0)).frames(0, 2)) == [10, 11]
    with pytest.raises(MultiTalkError, match="no pictures after 5 s"):
        part.trimmed(5, 0)


def test_pictures_in_memory_are_a_video_too():
    images = torch.from_numpy(levels(9)).float() / 255
    video = VideoInMemory(images, Fraction(50))
    assert film_frames(video, 25) == round(9 / 2) and shown(fitted(video).frames(0, 6)) == [0, 2, 4, 6, 8, 8]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="PyAV writes no rotation, and no ffmpeg is here")
def test_a_phone_held_upright(tmp_path, written):
    """Rotated as a player would show it, and fitted as a picture would be."""
    written([0, 40, 80], "flat.mp4", "libx264")
    turned = tmp_path / "turned.mp4"
    rotate = ["-c", "copy", "-metadata:s:v", "rotate=90", str(turned)]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(tmp_path / "flat.mp4"), *rotate], check=True)
    video = VideoFile.open(turned)
    assert video.picture().shape == (WIDTH, HEIGHT, 3)
    assert FittedVideo(video, 48, 32, 25.0).frames(0, 1).shape == (1, 48, 32, 3)


def test_what_is_no_video(tmp_path, written):
    import soundfile

    with pytest.raises(MultiTalkError, match="There is no video at"):
        VideoFile.open(tmp_path / "nowhere.mp4")
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(MultiTalkError, match="cannot be read as a video"):
        VideoFile.open(tmp_path / "text.mp4")
    soundfile.write(tmp_path / "sound.wav", np.zeros(1600, np.float32), 16000)
    with pytest.raises(MultiTalkError, match="contains no pictures"):
        VideoFile.open(tmp_path / "sound.wav")
    with pytest.raises(MultiTalkError, match="no moving pictures"):
        written([0])


def test_reading_stops_when_asked_to(written):
    class Stopped(Exception):
        """As a host raises it."""

    left = [50]

    def check() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Stopped

    path = written([40 * index for index in range(30)]).path
    video = VideoFile.open(path, check)
    with pytest.raises(Stopped):
        fitted(video).frames(0, 30)  # which would be all it has
    with pytest.raises(Stopped):
        VideoFile.open(path, check)


LONG = "claims to last"
STILL = "shows picture"


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (40_000_000.0, LONG),
        (1_000_000.0, LONG),
        (36_001.0, LONG),
        (35_000.0, f"{STILL} 12 for 34999.6 s"),
        (700.0, f"{STILL} 12 for 699.56 s"),
    ],
)
def test_a_picture_that_comes_very_late_is_reported_when_the_video_is_opened(written, last, message):
    with pytest.raises(MultiTalkError, match=message):
        written([40 * index for index in range(12)] + [round(last * 1000)])


def test_a_picture_may_be_held_for_minutes(written):
    assert written([0, 40, 500_000]).seconds == pytest.approx(500.04)


@pytest.mark.parametrize(("width", "height"), [(16_400, 16), (16, 16_400)])
def test_a_size_that_no_video_has_is_reported_before_it_is_decoded(tmp_path, width, height):
    import av

    with av.open(str(tmp_path / "wide.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame(width, height, "bgr0")))
        container.mux(stream.encode(None))
    with pytest.raises(MultiTalkError, match=f"is {width}×{height}: a side has at most 16384"):
        VideoFile.open(tmp_path / "wide.mkv")
