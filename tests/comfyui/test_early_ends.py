"""Films that end early: what was made so far is a video, and what ended them is raised as it came."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from graphs import HEIGHT, WIDTH, frame_paths, long_video_graph, node
from PIL import Image

from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.picture import read_picture
from multitalk_core.media.video_writer import VideoWriter, read_video

TOLD = r"the video so far, (\d+) frames, is (.+\.mp4)(; the same graph resumes after clip (\d+))?(?m:$)"
STEPS, FIRST = 4, 9  # of a clip; frames of the first one


@pytest.fixture(scope="module")
def picture(server, tmp_path_factory):
    path = tmp_path_factory.mktemp("early") / "early.png"
    Image.open(EMBEDDED / "picture.png").convert("RGB").resize((WIDTH, HEIGHT)).save(path)
    return server.upload(path)


def at_step(step, happens):
    """Do something once, when the node has come so far."""
    steps = iter([step])

    def on_event(kind, data):
        come = data["nodes"].get("film", {}).get("value", 0) if kind == "progress_state" else 0
        if come >= step and next(steps, None):
            happens()

    return on_event


def videos(server):
    return set(server.base.glob("temp/multitalk/*.mp4"))


def pictures(server, run):
    return np.stack([np.asarray(Image.open(path)) for path in frame_paths(server, run, "images")])


def assert_is_the_beginning(server, path, whole):
    """Frames and sound of the first clip, as in the film that went on."""
    frames, fps, sound = read_video(path)
    assert (len(frames), fps) == (FIRST, 25)
    assert abs(frames.numpy() * 255 - pictures(server, whole)[:FIRST]).mean() < 6  # H.264
    entire = read_video(server.path(whole.outputs["save"]["images"][0]))[2]
    samples = round(FIRST / 25 * entire.rate)
    assert sound.rate == entire.rate and abs(sound.samples.shape[1] - samples) <= 1024
    until = samples - 1024  # where one of them ends, AAC fades
    assert np.abs(entire.samples[:, :until]).max() > 0.05
    assert np.abs(sound.samples[:, :until] - entire.samples[:, :until]).mean() < 0.01


@pytest.mark.parametrize("store_clips", [True, False])
def test_an_interrupted_film_is_a_video_so_far(server, picture, store_clips):
    graph = long_video_graph(picture, seed=70, steps=STEPS, store_clips=store_clips)
    before = videos(server)
    interrupt = at_step(STEPS + 1, lambda: server.post("/interrupt", {}))
    run = server.attempt(graph, interrupt)
    assert run.failure.message == "interrupted" and "save" not in run.executed
    frames, path, goes_on, clip = re.search(TOLD, run.texts[-1]).groups()
    assert int(frames) == FIRST and videos(server) - before == {Path(path)}
    assert (goes_on is not None) == store_clips and clip == ("1" if store_clips else None)
    assert f"the video so far, {FIRST} frames, is {path}" in server.log.read_text()
    whole = server.run(graph)
    assert any("resumes after clip 1 of 2" in text for text in whole.texts) == store_clips
    assert_is_the_beginning(server, path, whole)


def test_nothing_is_left_of_a_film_that_is_interrupted_in_its_first_clip(server, picture):
    before = videos(server)
    graph = long_video_graph(picture, seed=71, steps=STEPS)
    run = server.attempt(graph, at_step(1, lambda: server.post("/interrupt", {})))
    assert run.failure.message == "interrupted"
    assert videos(server) == before and not any("so far" in text for text in run.texts)


def test_a_film_that_fails_is_a_video_so_far_and_says_why(server):
    """The video that is dubbed is lost while the first clip is made."""
    still = read_picture(EMBEDDED / "picture.png")[: HEIGHT * 4, : WIDTH * 4]
    path = server.input / "cut.mp4"
    with VideoWriter(path, WIDTH * 4, HEIGHT * 4, fps=25.0) as writer:
        writer.append(torch.stack([still.roll(index, 1) for index in range(17)]))
    content, times = path.read_bytes(), path.stat()
    graph = long_video_graph("unused.png", seed=72, steps=STEPS, length=17, motion_frames=1, denoise=1.0)
    graph["picture"] = node("LoadVideo", file=path.name)
    lost = at_step(1, lambda: path.write_bytes(content[:1000]))
    failure = (run := server.attempt(graph, lost)).failure
    assert failure.node == "film" and "cut.mp4" in failure.message
    frames, beginning, _, clip = re.search(TOLD, run.texts[-1]).groups()
    assert (int(frames), clip) == (FIRST, "1")
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # the same file again
    whole = server.run(graph)
    assert any("resumes after clip 1 of 2" in text for text in whole.texts)
    assert_is_the_beginning(server, beginning, whole)
