"""Clips that are kept between runs of a graph, on a real ComfyUI server."""

import numpy as np
import pytest
from graphs import HEIGHT, WIDTH, frame_paths, long_video_graph, node
from PIL import Image

from multitalk_core.standalone.demo_models import EMBEDDED


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
    _, said = run(film(continuation="multitalk", prompts="", denoise=0.8, seam_frames=4))
    assert "goes on after clip 2 of 2" in said  # what the page adds to a graph from before these inputs
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
    assert not list(server.base.glob("temp/multitalk/*.growing.mp4"))
    _, said = run(graph)
    assert "goes on after clip 1 of 2" in said


def test_a_film_waits_for_approval_and_goes_on(picture, run):
    whole, _ = run(long_video_graph(picture, seed=82, keep_clips=False))
    beginning, said = run(long_video_graph(picture, seed=82, stop_after=1))
    assert "stopped after clip 1 of 2" in said and len(beginning) == 9
    again, said = run(long_video_graph(picture, seed=82))
    assert "goes on after clip 1 of 2" in said and len(again) == 13
    assert np.array_equal(again[:9], beginning) and abs(again.astype(int) - whole).max() <= 1


def test_a_retake_changes_its_clip_and_what_follows(picture, run):
    film = {"seed": 83, "length": 17}
    first, _ = run(long_video_graph(picture, **film))
    retaken, said = run(long_video_graph(picture, **film, retakes="2: 5"))
    assert "goes on after clip 1 of 3" in said and "clips from 2 on differ" in said
    assert "seed of its own changed" in said
    assert np.array_equal(retaken[:9], first[:9])
    assert not np.array_equal(retaken[9:13], first[9:13]) and not np.array_equal(retaken[13:], first[13:])
    back, said = run(long_video_graph(picture, **film))  # the first take is still there
    assert "goes on after clip 3 of 3" in said and np.array_equal(back, first)


def test_prompts_from_a_time_on_begin_with_its_clip(picture, run):
    film = {"seed": 84, "length": 17}
    first, _ = run(long_video_graph(picture, **film))
    graph = long_video_graph(picture, **film, prompts="0:00.6 He nods.", text_encoder=["text", 0])
    graph["text"] = node("TinyTextEncoder")
    nodding, said = run(graph)
    assert "goes on after clip 2 of 3" in said and "prompt of its own, text encoder changed" in said
    assert np.array_equal(nodding[:13], first[:13]) and not np.array_equal(nodding[13:], first[13:])
    graph["film"]["inputs"]["prompts"] = "0:00.6 She laughs out loud."
    laughing, _ = run(graph)
    assert not np.array_equal(laughing[13:], nodding[13:])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"retakes": "3: 1"}, "There is no clip 3: the film has 2"),
        ({"stop_after": 5}, "There is no clip 5"),
        ({"retakes": "again"}, "is no retake: write a clip and its seed"),
        ({"prompts": "He nods."}, "write the time in the video"),
        ({"prompts": "0:09 He nods."}, "lies behind the film's end at 0.52 seconds"),
        ({"retakes": "2: He nods."}, "connect the CLIP that encodes the prompt to text_encoder"),
    ],
)
def test_what_cannot_be(server, picture, changes, sentence):
    assert sentence in server.refuse(long_video_graph(picture, **changes)).message


def test_kept_films_are_listed_and_cleared(server, picture, run):
    def kept(**clear):
        shown = server.run({"kept": node("MultiTalkKeptFilms", **clear)})
        return shown.outputs["kept"]["text"][0]

    run(long_video_graph(picture, seed=85, stop_after=1))
    newest, *_, total = kept(clear="nothing").splitlines()
    name = newest.split()[0]
    assert newest.endswith("1 of 2 clips  MultiTalkLongVideo film") and "films, 0.0" in total
    cleared = kept(**{"clear": "one film", "clear.film": name})
    assert cleared.startswith("1 cleared") and name not in cleared
    assert not (server.base / "user/multitalk/films" / name).exists()
    gone = server.refuse({"kept": node("MultiTalkKeptFilms", **{"clear": "one film", "clear.film": name})})
    assert f'No film "{name}" is kept' in gone.message
    run(long_video_graph(picture, seed=85))
    assert "0 films, 0.000 GB" in kept(clear="all films")
    _, said = run(long_video_graph(picture, seed=85))
    assert "goes on" not in said


def test_the_store_keeps_to_its_limit(server, picture, run):
    run(long_video_graph(picture, seed=86))
    _, said = run(long_video_graph(picture, seed=86))
    assert "goes on after clip 2 of 2" in said
    longer = {"length": 61, "steps": 1, "text_scale": 1.0}  # more than a megabyte
    run(long_video_graph(picture, seed=87, keep_at_most=0.001, **longer))
    _, said = run(long_video_graph(picture, seed=86))
    assert "goes on" not in said


def test_what_was_located_is_kept_with_the_clips(server, picture, run):
    graph = long_video_graph(picture, seed=81) | {
        "binding": node("MultiTalkBindingPreview", images=["film", 0], binding=["film", 3])
    }
    run(graph)
    _, said = run(graph)
    assert "goes on after clip 2 of 2" in said
