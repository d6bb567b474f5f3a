"""A video as a phone writes it, dubbed from the command line."""

from pathlib import Path

import av
import numpy as np
import pytest
import torch

from helpers.mp4_boxes import with_edits, with_matrix
from helpers.video_files import BT2020, corners, numbered, write_video
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.video_writer import read_video


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is quickest so
    yield
    torch.set_num_threads(threads)


def phone_video(path: Path) -> Path:
    """HLG in ten bits, mirrored, trimmed at both ends, its twelfth picture lost."""
    write_video(
        path,
        range(0, 1000, 40),
        codec="prores_ks",
        pixels="yuv422p10le",
        pictures=[numbered(index).astype(np.uint16) * 160 for index in range(25)],
        matrix=BT2020,
        colorspace=9,
        color_trc=18,
        color_primaries=9,
    )
    with av.open(str(path)) as container:
        lost = bytes([packet for packet in container.demux(video=0) if packet.size][11])
        unit = int(1 / container.streams.video[0].time_base)
    path.write_bytes(path.read_bytes().replace(lost, bytes(len(lost))))
    return with_matrix(with_edits(path, [(520, round(0.2 * unit))]), -1, 0, 0, 1)


def test_it_is_dubbed_as_a_player_shows_it_and_what_was_done_is_said(tmp_path, capsys):
    video, film = phone_video(tmp_path / "phone.mov"), tmp_path / "film.mp4"
    command = ["generate", "--video", str(video), "--voice", f"{EMBEDDED}/voice_1.flac", "--no-store"]
    command += ["--persons", "parts", "--scheme", "l-rope", "--size", "48x32", "--clip-frames", "13"]
    command += ["--denoise", "0.01", "--steps", "1", "--text-scale", "1"]
    assert main([*command, "--output", str(film)]) == 0
    frames, _, sound = read_video(film)
    assert len(frames) == 13 and sound is not None
    assert corners(frames[0]) == ["green", "red", "grey", "blue"]
    said = capsys.readouterr().out
    assert "0.52 s at 25 pictures/s" in said
    assert "phone.mov is HDR (HLG, BT.2020), converted to SDR" in said
    assert "phone.mov is damaged at 0.2 s: where nothing can be decoded, the picture before stays" in said
