"""The hook for watermarks in the pixels, with a tiny real one that survives the codec."""

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from multitalk_core import register_watermark
from multitalk_core.errors import MultiTalkError
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.origin.film_mark import FilmMark
from multitalk_core.origin.watermark import find_watermark, watermark_names

CELL, STRENGTH = 8, 0.02
SECRET = torch.randn(48 // CELL, 64 // CELL, generator=torch.Generator().manual_seed(7)).sign()


def pattern() -> Tensor:
    return SECRET.repeat_interleave(CELL, 0).repeat_interleave(CELL, 1)[None, :, :, None]


def tiny_watermark(frames: Tensor) -> Tensor:
    """Cells that are a little brighter or darker, as a secret says."""
    return (frames + STRENGTH * pattern()).clamp(0, 1)


def likeness(frames: Tensor) -> float:
    """How much the frames' cells are like the secret."""
    return float((frames * pattern()).mean() / STRENGTH)


def write(path: Path, mark: FilmMark) -> Tensor:
    scene = torch.nn.functional.interpolate(torch.rand(1, 3, 3, 4), (48, 64), mode="bicubic")
    scene = scene.clamp(0.1, 0.9).movedim(1, -1).expand(10, -1, -1, -1)
    with VideoWriter(path, 64, 48, mark=mark) as writer:
        writer.append(scene)
    return read_video(path)[0]


def test_a_registered_watermark_is_in_the_pixels_of_the_file(tmp_path):
    register_watermark("tiny", tiny_watermark)
    assert "tiny" in watermark_names()
    torch.manual_seed(1)
    plain = write(tmp_path / "plain.mp4", FilmMark())
    torch.manual_seed(1)
    marked = write(tmp_path / "marked.mp4", FilmMark(watermark=find_watermark("tiny")))
    assert likeness(marked) - likeness(plain) > 0.8
    assert (marked - plain).abs().mean() < 1.5 * STRENGTH


def test_a_package_offers_one_by_its_entry_point(tmp_path, monkeypatch):
    (tmp_path / "invisible_ink.py").write_text("def ink(frames):\n    return 1 - frames\n")
    about = tmp_path / "invisible_ink-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: invisible-ink\nVersion: 1.0\n")
    points = "[multitalk.watermarks]\nink = invisible_ink:ink\nbroken = invisible_ink:nothing\n"
    (about / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert {"ink", "broken"} <= set(watermark_names())
    assert find_watermark("ink")(torch.zeros(1)).item() == 1
    with pytest.raises(MultiTalkError, match='watermark "broken" cannot be loaded'):
        find_watermark("broken")
    sys.modules.pop("invisible_ink")


def test_an_unknown_name_lists_the_known_ones():
    register_watermark("tiny", tiny_watermark)
    with pytest.raises(MultiTalkError, match=r'no watermark "tinny": choose a known one .*"tiny"'):
        find_watermark("tinny")


@pytest.mark.parametrize("wrong", [lambda frames: frames[:1], lambda frames: frames / 0, lambda frames: None])
def test_what_returns_no_frames_ends_the_film_with_a_sentence(tmp_path, wrong):
    with pytest.raises(MultiTalkError, match="does not return frames of the same shape"):
        write(tmp_path / "film.mp4", FilmMark(watermark=wrong))
    assert not list(tmp_path.iterdir())
