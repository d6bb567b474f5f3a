"""People who walk through a video, dubbed from the command line to the end."""

import json
from pathlib import Path

import pytest

from helpers.crossing_people import crossing_people
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.video_writer import VideoWriter, read_video

VOICES = [part for number in (1, 2) for part in ("--voice", f"{EMBEDDED}/voice_{number}.flac")]
SMALL = ["--size", "80x32", "--fps", "10", "--clip-frames", "9", "--motion-frames", "1", "--steps", "1"]
SMALL += ["--text-scale", "1", "--audio-scale", "1"]
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people cross, and one leaves."""
    path = tmp_path_factory.mktemp("walk") / "walk.mp4"
    with VideoWriter(path, 640, 256, fps=5) as writer:
        writer.append(crossing_people(rate=5).images)
    return path


def test_two_who_cross_and_one_who_leaves_are_followed_and_it_is_said(walk, tmp_path, capsys):
    film, store = tmp_path / "film.mp4", tmp_path / "store"
    command = ["generate", "--video", str(walk), *VOICES, *SMALL, "--output", str(film)]
    assert main([*command, "--store", str(store)]) == 0
    said = capsys.readouterr().out
    assert "Follows the persons' faces through 15 pictures of the video." in said
    assert "Persons 1 and 2 change sides at 1.4 s." in said
    assert "Person 2 leaves the picture and is lost from 2.0 s on." in said
    assert "Person 2 is not shown where clip 4 begins" in said
    assert read_video(film)[0].shape == (30, 32, 80, 3)
    (manifest,) = store.glob("*/film.json")
    masks = [link.get("person masks") for link in json.loads(manifest.read_text())["links"]]
    assert masks[0] is None and None not in masks[1:] and len({*masks}) == 4


def test_persons_in_boxes_are_followed_by_the_faces_in_them(walk, tmp_path, capsys):
    """The third box has no face."""
    boxes = ["--boxes", "40,20,200,256", "440,20,600,256", "230,90,400,256"]
    command = ["generate", "--video", str(walk), *VOICES, "--voice", "none", *SMALL, *boxes, "--no-store"]
    assert (
        main([*command, "--frames", "17", "--stop-after", "1", "--output", str(tmp_path / "film.mp4")]) == 0
    )
    said = capsys.readouterr().out
    assert "Follows the persons' faces through 9 pictures of the video." in said
    assert "Person 2 has no face in the video's first picture, so their mask stays where it is there." in said
