"""How steady a long film is, reported on the node and drawn: the command line's words and plot."""

import re

import numpy as np
import pytest
import torch
from graphs import HEIGHT, WIDTH, frame_paths, long_video_graph, node
from PIL import Image

from multitalk_core.demo.files import EMBEDDED
from multitalk_core.drawing.drift import drift_picture
from multitalk_core.film.steadiness import Steadiness
from multitalk_core.media.picture import read_picture
from multitalk_core.media.video_file import VideoFile
from multitalk_core.media.video_source import FittedVideo
from multitalk_core.media.video_writer import VideoWriter

STARTS = [0, 9, 13]  # of the clips
FRAMES = 17
SMALL = {"length": FRAMES, "steps": 1, "text_scale": 1.0, "audio_scale": 1.0}
DRIFT = r"\ndrift: ([\d.]+)"


@pytest.fixture(scope="module")
def picture(server, tmp_path_factory):
    path = tmp_path_factory.mktemp("steady") / "steady.png"
    Image.open(EMBEDDED / "picture.png").convert("RGB").resize((WIDTH, HEIGHT)).save(path)
    return server.upload(path)


def steadiness_graph(picture, **changes):
    graph = long_video_graph(picture, **SMALL, **changes)
    graph["plot"] = node("SaveImage", images=["film", 4], filename_prefix="steadiness")
    return graph


def pixels(path):
    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).float() / 255


def measured(frames, goal):
    film = Steadiness()
    for start, end in zip(STARTS, [*STARTS[1:], FRAMES], strict=True):
        film.append(frames[start:end], goal[start:end] if len(goal) > 1 else goal)
    return film


def assert_reported_and_drawn(server, run, goal, whose):
    """The node's lines and its plot are those of the frames it made."""
    frames = torch.stack([pixels(path) for path in frame_paths(server, run, "images")])
    film = measured(frames, goal)
    text = run.texts[-1]
    drift = re.search(rf"{DRIFT} in clip (\d), of the mean colour from the {whose}'s in CIE Lab", text)
    seams = re.search(r"\nseams: a frame changes by at most ([\d.]+) of 255 levels .* by ([\d.]+) ins", text)
    largest, clip = film.largest_drift
    # Save Image rounds downwards, by less than a level.
    assert float(drift[1]) == pytest.approx(largest, abs=0.5) and int(drift[2]) == clip + 1
    assert float(seams[1]) == pytest.approx(film.seam_change, abs=0.5)
    assert float(seams[2]) == pytest.approx(film.inside_change, abs=0.5)
    (path,) = frame_paths(server, run, "plot")
    drawn, expected = pixels(path), drift_picture(film.drift, film.change, STARTS)
    assert drawn.shape == expected.shape
    assert (drawn - expected).abs().mean() < 0.002
    return drawn


def reported_drift(run):
    return float(re.search(DRIFT, run.texts[-1])[1])


def test_a_film_says_how_steady_it_is_and_draws_it_kept_clips_too(server, picture):
    goal = read_picture(server.input / picture)[None]
    free = server.run(steadiness_graph(picture, seed=60))
    wandering = assert_reported_and_drawn(server, free, goal, "picture")
    again = server.run(steadiness_graph(picture, seed=60, store_at_most=49.0))  # another run, the same film
    assert "resumes after clip 3 of 3" in again.texts[-1]
    assert torch.equal(assert_reported_and_drawn(server, again, goal, "picture"), wandering)
    matched = server.run(steadiness_graph(picture, seed=60, colour_strength=1.0))
    steady = assert_reported_and_drawn(server, matched, goal, "picture")
    assert reported_drift(matched) < 2 < reported_drift(free) and not torch.equal(steady, wandering)


def test_a_dubbed_film_is_measured_against_its_video(server):
    """A video that grows darker, matched: its film is steady, though far from the first picture."""
    still = read_picture(EMBEDDED / "picture.png")
    still = still[: still.shape[0] // 16 * 16, : still.shape[1] // 16 * 16]
    path = server.input / "darkening.mp4"
    with VideoWriter(path, still.shape[1], still.shape[0], fps=25.0) as writer:
        writer.append(torch.stack([still * (1 - 0.03 * index) for index in range(FRAMES)]))
    graph = steadiness_graph("unused.png", seed=61, colour_strength=1.0)
    graph["picture"] = node("LoadVideo", file=path.name)
    run = server.run(graph)
    goal = FittedVideo(VideoFile.open(path), HEIGHT, WIDTH, 25.0).frames(0, FRAMES)
    assert_reported_and_drawn(server, run, goal, "video")
    assert reported_drift(run) < 2
