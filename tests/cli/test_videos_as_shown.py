"""A video as a phone writes it, dubbed from the command line."""

import pytest

from helpers.video_files import corners, phone_video
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.video_writer import read_video

pytestmark = pytest.mark.usefixtures("one_thread")


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
