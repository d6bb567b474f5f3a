"""Damaged videos are read as far as they go, and what is missing is said with its seconds."""

from pathlib import Path

import pytest
import torch

from helpers.video_files import DIFFERENT, SHORT_GROUPS, numbers, write_video
from multitalk_core.errors import MultiTalkError
from multitalk_core.media.video_file import VideoFile
from multitalk_core.media.video_source import FittedVideo

SECOND = range(0, 1000, 40)


def spoilt(path: Path, start: float, end: float) -> Path:
    """Zeros from one part of a file's length to another."""
    content = bytearray(path.read_bytes())
    first, last = round(len(content) * start), round(len(content) * end)
    content[first:last] = bytes(last - first)
    path.write_bytes(content)
    return path


def shown(video: VideoFile) -> list[int]:
    return numbers(video.pictures(video.times))


def spoilt_packet(tmp_path: Path, name: str, codec: str) -> VideoFile:
    """Every picture is coded alone; the tenth is lost."""
    import av

    path = write_video(tmp_path / name, codec=codec, pixels="rgb24" if codec == "png" else "yuv422p10le")
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][10]
        at, size = packet.pos, packet.size
    content = bytearray(path.read_bytes())
    start = content.index(bytes(packet)[:64], max(0, at))
    content[start : start + size] = bytes(size)
    path.write_bytes(content)
    return VideoFile.open(path)


@pytest.mark.parametrize("codec", ["prores_ks", "png"])
def test_a_damaged_packet_is_skipped_and_said(tmp_path, codec):
    video = spoilt_packet(tmp_path, "a.mov", codec)
    assert not video.damage()
    pictures = list(video.pictures(video.times))
    assert torch.equal(pictures[9], pictures[10]) and numbers(pictures[11:]) == pytest.approx(
        range(11, 25), abs=1
    )
    assert video.damage() == [
        "a.mov is damaged at 0.4 s: where nothing can be decoded, the picture before stays"
    ]
    clip = FittedVideo(video, 64, 96, 25.0).frames(8, 4)
    assert torch.equal(clip[1], clip[2]) and not torch.equal(clip[2], clip[3])


def test_pictures_that_the_container_lost_are_said_when_it_is_opened(tmp_path):
    path = write_video(tmp_path / "a.mkv", range(0, 2000, 40), codec="ffv1", pixels="yuv420p")
    video = VideoFile.open(spoilt(path, 0.4, 0.6))
    assert "a.mkv has no pictures from 0." in video.notes()[0]
    frames = numbers(FittedVideo(video, 64, 96, 25.0).frames(0, 50))
    assert len(set(frames[18:32])) < 8 and frames[49] == 49  # what comes after the hole stays in its place


def test_cut_short(tmp_path):
    path = write_video(tmp_path / "a.mp4", SECOND, options={**SHORT_GROUPS, "movflags": "faststart"})
    whole = VideoFile.open(path)
    path = write_video(tmp_path / "a.mkv", range(0, 4000, 40), options=SHORT_GROUPS)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    video = VideoFile.open(path)
    assert 1 < video.seconds < 3 and shown(video) == [index % DIFFERENT for index in range(len(video.times))]
    assert whole.notes() == []


def test_without_its_index_it_is_refused(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MultiTalkError, match=r"a.mp4 cannot be read as a video .* it is cut short"):
        VideoFile.open(path)


def test_cut_after_it_was_opened_the_last_picture_stays_for_seconds_only(tmp_path):
    path = write_video(tmp_path / "a.mkv", range(0, 30_000, 500), codec="ffv1", pixels="yuv420p")
    video = VideoFile.open(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    frames = FittedVideo(video, 16, 16, 2.0)
    assert len(frames.frames(28, 12)) == 12
    assert "a.mkv is damaged" in video.damage()[0] and "the picture before stays" in video.damage()[0]
    with pytest.raises(MultiTalkError, match=r"a.mkv is damaged at 2\d\.\d s"):
        frames.frames(28, 28)
