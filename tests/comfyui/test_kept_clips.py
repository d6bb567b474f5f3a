"""Clips that are kept between runs of a graph, on a real ComfyUI server."""

import numpy as np
import pytest
from graphs import HEIGHT, WIDTH, frame_paths, long_video_graph, node
from PIL import Image

from multitalk_core.standalone.models import EMBEDDED


@pytest.fixture(scope="module")
def picture(server, tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "kept.png"
    Image.open(EMBEDDED / "picture.png").convert("RGB").resize((WIDTH, HEIGHT)).save(path)
    return server.upload(path)


@pytest.fixture
def run(server):
    """Run a long video as after a restart; its frames and what the node said of clips."""

    def frames_and_words(graph):
        server.post("/free", {"free_memory": True})  # nothing stays cached
        before = len(server.log.read_text())
        shown = server.run(graph)
        words = [line for line in server.log.read_text()[before:].splitlines() if "clip" in line]
        pictures = [np.asarray(Image.open(path)) for path in frame_paths(server, shown, "images")]
        return np.stack(pictures), "\n".join(words)

    return frames_and_words


def test_a_film_goes_on_after_its_kept_clips(server, picture, run):
    def film(**changes):
        return long_video_graph(picture, seed=77, **changes)

    alone, said = run(film(keep_clips=False))
    assert "kept" not in said
    first, said = run(film())
    assert "clips are kept in" in said
    assert abs(first.astype(int) - alone).max() <= 1  # kept frames are rounded to 8 bits, SaveImage cuts off
    again, said = run(film())
    assert "goes on after clip 2 of 2" in said and np.array_equal(again, first)
    longer, said = run(film(length=17))
    assert "goes on after clip 2 of 3" in said and len(longer) == 17
    assert np.array_equal(longer[:13], first)
    other, said = run(film(text_scale=4.0))
    assert "every clip differs from the last" in said and "text_scale changed" in said
    assert not np.array_equal(other, first)


def test_a_changed_file_is_another_film(server, picture, run):
    graph = long_video_graph(picture, seed=78)
    first, _ = run(graph)
    path = server.input / picture
    Image.open(path).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path)
    changed, said = run(graph)
    assert "goes on" not in said and "picture" in said and not np.array_equal(changed, first)


def test_a_harmed_clip_is_named_and_made_again(server, picture, run):
    graph = long_video_graph(picture, seed=79)
    first, _ = run(graph)
    second = max(
        server.base.glob("user/multitalk/films/*/clip-0002-*"), key=lambda path: path.stat().st_mtime
    )
    second.write_bytes(second.read_bytes()[:-9])
    again, said = run(graph)
    assert "clip 2 is made again: its segment is cut short" in said and np.array_equal(again, first)


def test_an_interrupted_film_goes_on(server, picture, run):
    graph = long_video_graph(picture, seed=80, steps=4)
    server.post("/free", {"free_memory": True})

    def interrupt_in_the_second_clip(kind, data):
        if kind == "progress_state" and data["nodes"].get("film", {}).get("value", 0) >= 5:
            server.post("/interrupt", {})

    assert server.attempt(graph, interrupt_in_the_second_clip).failure.message == "interrupted"
    _, said = run(graph)
    assert "goes on after clip 1 of 2" in said


def test_what_was_located_is_kept_with_the_clips(server, picture, run):
    graph = long_video_graph(picture, seed=81) | {
        "binding": node("MultiTalkBindingPreview", images=["film", 0], binding=["film", 3])
    }
    run(graph)
    _, said = run(graph)
    assert "goes on after clip 2 of 2" in said
