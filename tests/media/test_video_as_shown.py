"""Videos as players show them: which pictures, which way up, in which shape and which colours."""

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from helpers.mp4_boxes import with_edits, with_matrix
from helpers.video_files import (
    BT601,
    BT709,
    BT2020,
    HEIGHT,
    SHORT_GROUPS,
    WIDTH,
    corners,
    numbered,
    numbers,
    write_video,
)
from multitalk_core.errors import MultiTalkError
from multitalk_core.files.clock import time_zero
from multitalk_core.media.colour_transfer import (
    KNEE,
    ColourTransfer,
    Curve,
    Primaries,
    hlg_scene_light,
    pq_luminance,
)
from multitalk_core.media.video_file import VideoFile
from multitalk_core.media.video_source import FittedVideo

PQ, HLG, BT2020_PRIMARIES, P3 = 16, 18, 9, 12  # ITU-T H.273


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with a key picture every 12, coded out of order."""
    return write_video(
        tmp_path_factory.mktemp("groups") / "groups.mp4", range(0, 2000, 40), options=SHORT_GROUPS
    )


@pytest.fixture
def copied(groups: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(groups, tmp_path / "video.mp4"))


def unit_and_start(path: Path) -> tuple[int, int]:
    """Units of the first track in a second, and its first time before any edit list."""
    with av.open(str(path), options={"ignore_editlist": "1"}) as container:
        stream = container.streams.video[0]
        return int(1 / stream.time_base), min(
            packet.pts for packet in container.demux(stream) if packet.pts is not None
        )


def edited(path: Path, *edits: tuple[float, float]) -> VideoFile:
    """Edits of (seconds, from second); from None shows nothing."""
    unit, start = unit_and_start(path)
    listed = [
        (round(1000 * lasting), -1 if begin is None else round(begin * unit) + start)
        for lasting, begin in edits
    ]
    return VideoFile.open(with_edits(path, listed))


def all_of(video: VideoFile) -> list[torch.Tensor]:
    return list(video.pictures(video.times))


def test_trimmed_between_key_pictures_begins_where_a_player_begins(copied):
    video = edited(copied, (0.8, 0.2))
    assert video.seconds == pytest.approx(0.8) and numbers(all_of(video)) == list(range(5, 25))
    assert numbers([video.picture()]) == [5]
    clip = FittedVideo(video, HEIGHT, WIDTH, 25.0).frames(9, 4)
    assert numbers(clip) == [14, 15, 16, 17]


def test_trimmed_with_no_later_key_picture(tmp_path):
    path = write_video(tmp_path / "one.mp4", options={**SHORT_GROUPS, "g": "250"})
    assert numbers(all_of(edited(path, (0.4, 0.2)))) == list(range(5, 15))


def test_several_edits_in_another_order_are_played_so(copied):
    video = edited(copied, (0.4, 1.2), (0.32, 0.2))
    expected = [*range(30, 40), *range(6, 13)]  # FFmpeg shows 5 at the same time as 39
    assert numbers(all_of(video)) == expected
    for start in (0, 5, 11, 15):  # a clip from anywhere, between key pictures that edits hide
        assert (
            numbers(FittedVideo(video, HEIGHT, WIDTH, 25.0).frames(start, 2)) == expected[start : start + 2]
        )


def test_an_empty_edit_delays_the_pictures_and_the_clock_starts_with_them(copied):
    video = edited(copied, (0.5, None), (0.4, 0.2))
    assert numbers(all_of(video)) == list(range(5, 15))
    assert float(time_zero(copied)) == pytest.approx(0.5) and video.seconds == pytest.approx(0.4)


@pytest.mark.parametrize("name", ["video.ts", "video.mpg", "video.mkv", "video.mp4"])
def test_time_zero_is_the_first_picture_whatever_the_time_stamps_begin_with(tmp_path, name):
    codec = "mpeg4" if name.endswith("mpg") else "libx264"
    path = write_video(tmp_path / name, range(700, 1700, 40), codec=codec)
    video = VideoFile.open(path)
    assert time_zero(path) == int(video.times[0]) * video.time_base
    assert numbers(all_of(video)) == pytest.approx(list(range(25)), abs=1)
    assert FittedVideo(video, HEIGHT, WIDTH, 25.0).frames(0, 1).shape == (1, HEIGHT, WIDTH, 3)


def test_a_recording_that_begins_between_key_pictures_begins_with_the_first_one_it_has(tmp_path):
    path = write_video(tmp_path / "whole.ts", range(0, 2000, 40), options=SHORT_GROUPS)
    content = path.read_bytes()
    path.write_bytes(content[188 * (len(content) // 188 // 3) :])
    video = VideoFile.open(path)
    shown = numbers(all_of(video))
    assert shown == list(range(shown[0], 50)) and shown[0] % 12 == 0 and shown[0] > 0


@pytest.mark.parametrize("name", ["b.avi", "raw.h264"])
def test_without_time_stamps_pictures_follow_one_another(tmp_path, name):
    path = write_video(tmp_path / name, options={"bf": "2", "g": "8", "crf": "1"})
    video = VideoFile.open(path)
    assert numbers(all_of(video)) == list(range(25)) and video.fps == pytest.approx(25)
    assert numbers(FittedVideo(video, HEIGHT, WIDTH, 25.0).frames(13, 5)) == [13, 14, 15, 16, 17]


def test_recordings_joined_end_to_end_are_played_one_after_the_other(tmp_path):
    parts = [write_video(tmp_path / name, options=SHORT_GROUPS) for name in ("one.ts", "two.ts")]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    video = VideoFile.open(joined)
    assert numbers(all_of(video)) == [*range(25), *range(25)] and video.seconds == pytest.approx(2.0)
    assert numbers(FittedVideo(video, HEIGHT, WIDTH, 25.0).frames(30, 4)) == [5, 6, 7, 8]


MATRICES = {
    (1, 0, 0, 1): ["red", "green", "blue", "grey"],
    (0, 1, -1, 0): ["blue", "red", "grey", "green"],
    (-1, 0, 0, -1): ["grey", "blue", "green", "red"],
    (0, -1, 1, 0): ["green", "grey", "red", "blue"],
    (-1, 0, 0, 1): ["green", "red", "grey", "blue"],
    (1, 0, 0, -1): ["blue", "grey", "red", "green"],
    (0, 1, 1, 0): ["red", "blue", "green", "grey"],
    (0, -1, -1, 0): ["grey", "green", "blue", "red"],
}


@pytest.mark.parametrize("matrix", MATRICES)
def test_all_eight_display_matrices(copied, matrix):
    picture = VideoFile.open(with_matrix(copied, *matrix)).picture()
    assert corners(picture) == MATRICES[matrix]
    assert picture.shape == ((HEIGHT, WIDTH, 3) if matrix[0] else (WIDTH, HEIGHT, 3))


@pytest.mark.parametrize(("shape", "size"), [((4, 3), (128, 64)), ((8, 9), (96, 72)), ((1, 100), (96, 64))])
def test_pixels_become_square(tmp_path, shape, size):
    """The shorter side grows; a shape that no camera has is a damaged header."""
    path = write_video(tmp_path / "wide.mkv", sample_aspect_ratio=Fraction(*shape))
    height, width, _ = VideoFile.open(path).picture().shape
    assert (width, height) == size


def test_anamorphic_and_upright(tmp_path):
    path = write_video(tmp_path / "wide.mp4", sample_aspect_ratio=Fraction(4, 3))
    assert VideoFile.open(with_matrix(path, 0, 1, -1, 0)).picture().shape == (128, 64, 3)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "yuv422p10le", "yuv420p12le"])
@pytest.mark.parametrize(
    ("matrix", "tag", "full_range"),
    [(BT601, 6, False), (BT709, 1, False), (BT709, 1, True), (BT601, 2, False), (BT2020, 9, False)],
)
def test_matrices_ranges_and_depths(tmp_path, pixels, matrix, tag, full_range):
    """BT.2020's matrix with sRGB's primaries and curve: all but its numbers stays."""
    tags = {"colorspace": tag, "color_range": 2 if full_range else 1}
    tags |= {"color_trc": 1, "color_primaries": 1} if tag != 2 else {}
    path = write_video(
        tmp_path / "v.mkv", codec="ffv1", pixels=pixels, matrix=matrix, full_range=full_range, **tags
    )
    picture = VideoFile.open(path).picture()
    assert corners(picture) == ["red", "green", "blue", "grey"]
    assert np.abs(picture[4, 4].numpy() * 255 - (230, 30, 30)).max() < 4


@pytest.mark.parametrize(("height", "matrix"), [(576, BT601), (720, BT709)])
def test_unnamed_matrices_are_taken_by_height(tmp_path, height, matrix):
    pictures = [numbered(index, height, 128) for index in range(2)]
    path = write_video(tmp_path / "v.mkv", [0, 40], codec="ffv1", pictures=pictures, matrix=matrix)
    assert np.abs(VideoFile.open(path).picture()[4, 4].numpy() * 255 - (230, 30, 30)).max() < 4


def test_odd_sizes(tmp_path):
    pictures = [numbered(index, 33, 51) for index in range(3)]
    path = write_video(tmp_path / "v.mkv", [0, 40, 80], codec="ffv1", pictures=pictures)
    assert VideoFile.open(path).picture().shape == (33, 51, 3)


def from_srgb(levels: np.ndarray, curve: Curve, white: float) -> np.ndarray:
    """The 16-bit BT.2020 signal of sRGB colours; the inverse of what is read, found by a table."""
    colours = levels / 255
    light = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    to_bt2020 = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    signal = np.linspace(0, 1, 65536)
    lights = hlg_scene_light(signal) if curve == Curve.HLG else pq_luminance(signal)
    return np.interp(light @ np.transpose(to_bt2020) * white, lights, signal * 65535).astype(np.uint16)


@pytest.mark.parametrize(
    ("curve", "transfer", "white"),
    [(Curve.HLG, HLG, 0.265), (Curve.HLG, 2, 0.265), (Curve.PQ, PQ, 203.0)],
    ids=["HLG", "unnamed", "PQ"],
)
def test_hdr_comes_to_the_colours_it_was_made_from(tmp_path, curve, transfer, white):
    pictures = [from_srgb(numbered(index), curve, white) for index in range(3)]
    path = write_video(
        tmp_path / "hdr.mkv",
        [0, 40, 80],
        codec="ffv1",
        pixels="yuv420p10le",
        pictures=pictures,
        matrix=BT2020,
        colorspace=9,
        color_trc=transfer,
        color_primaries=2 if transfer == 2 else BT2020_PRIMARIES,
        color_range=1,
    )
    video = VideoFile.open(path)
    picture = video.picture().numpy() * 255
    for (row, column), colour in {
        (4, 4): (230, 30, 30),
        (4, -4): (30, 200, 30),
        (-4, 4): (30, 30, 230),
    }.items():
        assert np.abs(picture[row, column] - colour).max() <= 4, picture[row, column]
    taken = "names no transfer and is taken for" if transfer == 2 else "is"
    assert video.notes() == [f"hdr.mkv {taken} HDR ({curve}, BT.2020), converted to SDR"]


def test_lights_above_white_are_rolled_off_and_keep_their_hue():
    signal = np.linspace(0, 65535, 512).astype(np.uint16)[None, :, None].repeat(3, axis=2)
    for curve in (Curve.HLG, Curve.PQ):
        transfer = ColourTransfer(curve, Primaries.BT2020)
        greys = transfer.to_srgb(signal)[0]
        assert (greys[1:] >= greys[:-1] - 1e-6).all() and greys.amax() <= 1
        assert (greys.amax(-1) - greys.amin(-1)).max() < 1e-3
    white = round(np.interp(203, pq_luminance(np.linspace(0, 1, 65536)), np.arange(65536)))
    bright = round(np.interp(600, pq_luminance(np.linspace(0, 1, 65536)), np.arange(65536)))
    transfer = ColourTransfer(Curve.PQ, Primaries.BT2020)
    levels = transfer.to_srgb(np.array([[[white] * 3, [bright] * 3]], np.uint16))[0, :, 0] * 255
    assert 247 < levels[0] < levels[1] < 255
    assert KNEE > 0.85  # below it every colour stays as it is


def test_p3_primaries(tmp_path):
    """Of P3's and sRGB's reds, greens and blues only the light's shares differ; greys stay."""
    path = write_video(
        tmp_path / "p3.mkv", codec="ffv1", matrix=BT709, colorspace=1, color_trc=1, color_primaries=P3
    )
    picture = VideoFile.open(path).picture().numpy() * 255
    assert picture[4, 4][0] > 240 and np.abs(picture[-4, -4] - 128).max() < 4


def alpha_pictures() -> list[np.ndarray]:
    """Numbered pictures whose right half is transparent white."""
    pictures = [np.dstack([numbered(20), np.full((HEIGHT, WIDTH), 255, np.uint8)]) for _ in range(3)]
    for picture in pictures:
        picture[:, WIDTH // 2 :] = (255, 255, 255, 0)
    return pictures


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.webm", "libvpx-vp9", "yuva420p"),
        ("a.mov", "prores_ks", "yuva444p10le"),
        ("a.mov", "qtrle", "argb"),
    ],
)
def test_transparent_parts_are_shown_over_black(tmp_path, name, codec, pixels):
    path = write_video(tmp_path / name, [0, 40, 80], codec=codec, pixels=pixels, pictures=alpha_pictures())
    video = VideoFile.open(path)
    picture = video.picture() * 255
    assert picture[:, WIDTH // 2 + 2 :].max() < 3
    assert picture[HEIGHT // 2, WIDTH // 4].mean() == pytest.approx(60, abs=4)
    assert video.notes() == [f"{name} has transparent parts, shown over black"]


def test_hdr_with_transparent_parts(tmp_path):
    opaque = np.full((HEIGHT, WIDTH), 65535, np.uint16)
    pictures = [np.dstack([from_srgb(numbered(20), Curve.HLG, 0.265), opaque]) for _ in range(2)]
    for picture in pictures:
        picture[:, WIDTH // 2 :] = (65535, 65535, 65535, 0)
    tags = {"colorspace": 9, "color_trc": HLG, "color_primaries": BT2020_PRIMARIES, "matrix": BT2020}
    path = write_video(
        tmp_path / "a.mov", [0, 40], codec="prores_ks", pixels="yuva444p10le", pictures=pictures, **tags
    )
    picture = VideoFile.open(path).picture().numpy() * 255
    assert np.abs(picture[4, 4] - (230, 30, 30)).max() <= 4 and picture[:, WIDTH // 2 + 4 :].max() < 3


@pytest.mark.parametrize(("name", "codec", "pixels"), [("a.gif", "gif", "rgb8"), ("a.apng", "apng", "rgb24")])
def test_animated_pictures_are_videos(tmp_path, name, codec, pixels):
    video = VideoFile.open(write_video(tmp_path / name, range(0, 400, 100), codec=codec, pixels=pixels))
    assert video.seconds == pytest.approx(0.4, abs=0.07) and len(all_of(video)) == 4 and not video.notes()


def test_interlaced_pictures_are_deinterlaced_alike_from_anywhere(tmp_path):
    """A bar that moves between the fields: no combs are left."""
    path = tmp_path / "fields.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25, options={"flags": "+ildct+ilme", "qscale": "1"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        graph = av.filter.Graph()
        source = graph.add_buffer(width=WIDTH, height=HEIGHT, format="yuv420p", time_base=Fraction(1, 25))
        sink = graph.add("buffersink")
        graph.link_nodes(source, graph.add("setfield", "mode=tff"), sink).configure()
        for index in range(12):
            picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            picture[::2, 4 * index : 4 * index + 16] = picture[1::2, 4 * index + 8 : 4 * index + 24] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            graph.push(frame)
            container.mux(stream.encode(graph.pull()))
        container.mux(stream.encode(None))
    video = VideoFile.open(path)
    assert "deinterlaced" in video.notes()[0]
    whole = FittedVideo(video, HEIGHT, WIDTH, 25.0).frames(0, 12)
    assert (whole[:, 1:, :, 0] - whole[:, :-1, :, 0]).abs().mean() < 0.05
    assert torch.equal(FittedVideo(video, HEIGHT, WIDTH, 25.0).frames(7, 3), whole[7:10])


def add_video(container, pictures: list[np.ndarray], disposition: int, codec: str = "libx264"):
    stream = container.add_stream(codec, rate=25)
    stream.height, stream.width = pictures[0].shape[:2]
    stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    stream.disposition = disposition
    return stream, pictures


def test_the_default_track_is_the_video(tmp_path):
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        tracks = [
            add_video(container, [numbered(7)] * 3, 0),
            add_video(container, [numbered(33, 96, 64)] * 3, av.stream.Disposition.default),
        ]
        for stream, pictures in tracks:
            for index, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = index, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    assert numbers(all_of(VideoFile.open(path))) == [33] * 3


def test_a_cover_is_no_video(tmp_path):
    path = tmp_path / "song.mp3"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("libmp3lame", rate=16000, layout="mono")
        cover, _ = add_video(container, [numbered(9)], av.stream.Disposition.attached_pic, "mjpeg")
        frame = av.VideoFrame.from_ndarray(numbered(9), format="rgb24").reformat(format="yuvj420p")
        container.mux(cover.encode(frame))
        container.mux(cover.encode(None))
        noise = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        noise.sample_rate = 16000
        container.mux(sound.encode(noise))
        container.mux(sound.encode(None))
    with pytest.raises(MultiTalkError, match="a cover and no moving pictures"):
        VideoFile.open(path)


def test_animated_webp(tmp_path):
    from PIL import Image

    path = tmp_path / "a.webp"
    first, *others = (Image.fromarray(numbered(index)) for index in range(0, 40, 10))
    first.save(path, save_all=True, append_images=others, duration=[100, 200, 100, 100], lossless=True)
    video = VideoFile.open(path)
    assert video.seconds == pytest.approx(0.5) and numbers(all_of(video)) == [0, 10, 20, 30]
    assert numbers(FittedVideo(video, HEIGHT, WIDTH, 10.0).frames(1, 4)) == [10, 10, 20, 30]
    first.save(path)
    with pytest.raises(MultiTalkError, match=r"a\.webp is a single picture"):
        VideoFile.open(path)
