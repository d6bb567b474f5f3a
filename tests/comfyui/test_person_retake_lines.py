"""Retakes of one person by the Long Video node, on a real server."""

import numpy as np
import pytest
from graphs import HEIGHT, WIDTH, frame_paths, long_video_graph, node
from PIL import Image

from multitalk_core.demo.files import EMBEDDED

FILM = {"seed": 91, "length": 17, "clip_frames": 9, "motion_frames": 1, "text_scale": 1.0}
MOUTHS = (12, 20), (32, 40)  # columns


@pytest.fixture(scope="module")
def picture(server, tmp_path_factory):
    path = tmp_path_factory.mktemp("retake") / "two.png"
    Image.open(EMBEDDED / "picture.png").convert("RGB").resize((WIDTH, HEIGHT)).save(path)
    return server.upload(path)


@pytest.fixture(scope="module")
def mask(server, tmp_path_factory):
    drawn = Image.new("RGB", (WIDTH, HEIGHT), "black")
    for left, right in MOUTHS:
        drawn.paste("white", (left, 16, right, 24))
    path = tmp_path_factory.mktemp("retake") / "mouths.png"
    drawn.save(path)
    return server.upload(path)


def retaken(picture, mask, retakes, **changes):
    """The film with retakes, and a region that is white over both mouths."""
    graph = long_video_graph(picture, **(FILM | changes), retakes=retakes, region=["mask", 0])
    graph["mask"] = node("LoadImageMask", image=mask, channel="red")
    return graph


def frames(server, run):
    return np.stack([np.asarray(Image.open(path)) for path in frame_paths(server, run, "images")])


def test_one_mouth_changes_and_all_else_stays_to_the_bit(server, picture, mask):
    before = frames(server, server.run(long_video_graph(picture, **FILM)))
    run = server.run(retaken(picture, mask, "2 person 2: 5"))
    assert any("resumes after clip 2 of 2" in text for text in run.texts)
    moved = (frames(server, run) != before).any(axis=-1)
    assert not moved[:9].any() and moved[9:, 16:24, 32:40].mean() > 0.5
    moved[:, 16:24, 32:40] = False
    assert not moved.any()
    other = frames(server, server.run(retaken(picture, mask, "all person 1: 5")))
    moved = (other != before).any(axis=-1)
    assert moved[:9, 16:24, 12:20].mean() > 0.5 and moved[9:, 16:24, 12:20].mean() > 0.5
    moved[:, 16:24, 12:20] = False
    assert not moved.any()
    server.post("/free", {"free_memory": True})
    back = frames(server, server.run(long_video_graph(picture, **FILM)))
    assert np.array_equal(back, before)


def test_an_interrupted_retake_goes_on(server, picture, mask):
    graph = retaken(picture, mask, "all person 2: 6", seed=92, steps=4)
    server.run(long_video_graph(picture, **(FILM | {"seed": 92, "steps": 4})))

    def interrupt_in_the_second_retake(kind, data):
        # 16 steps: two clips from the store, and the first retake
        if kind == "progress_state" and data["nodes"].get("film", {}).get("value", 0) >= 13:
            server.post("/interrupt", {})

    assert server.attempt(graph, interrupt_in_the_second_retake).failure.message == "interrupted"
    files = sorted(
        server.base.glob("user/multitalk/films/*/clip-0001-*"), key=lambda path: path.stat().st_mtime
    )
    written = files[-1].stat().st_mtime_ns
    whole = frames(server, server.run(graph))
    assert files[-1].stat().st_mtime_ns == written and len(whole) == 17


def test_a_prompt_of_the_retake(server, picture, mask):
    graph = retaken(picture, mask, "2 person 1: 5, He laughs.")
    assert "connect the CLIP that encodes your prompt to text_encoder" in server.refuse(graph).message
    graph["film"]["inputs"]["text_encoder"] = ["text", 0]
    graph["text"] = node("TinyTextEncoder")
    silent = retaken(picture, mask, "2 person 1: 5")
    assert not np.array_equal(frames(server, server.run(graph)), frames(server, server.run(silent)))


@pytest.mark.parametrize(
    ("retakes", "sentence"),
    [
        ("2 person 3: 1", "retakes: There is no person 3: the film has 2"),
        ("3 person 1: 1", "retakes: There is no clip 3: the film has 2"),
        ("2: 1 person 1", "is not a retake: write a clip and its seed"),
        ("all: 1", "all retakes one person in every clip"),
    ],
)
def test_what_cannot_be(server, picture, mask, retakes, sentence):
    assert sentence in server.refuse(retaken(picture, mask, retakes)).message


def test_a_drawn_face_needs_a_region_and_the_region_the_pictures_shape(server, picture, mask, tmp_path):
    graph = retaken(picture, mask, "2 person 1: 1")
    del graph["film"]["inputs"]["region"]
    assert "Clip 2: no face of person 1 is seen where the clip begins; give a" in server.refuse(graph).message
    Image.new("RGB", (WIDTH, WIDTH), "white").save(tmp_path / "square.png")
    graph = retaken(picture, server.upload(tmp_path / "square.png"), "2 person 1: 1")
    assert "region: The region is 48×48 and the picture 48×32: give a reg" in server.refuse(graph).message
