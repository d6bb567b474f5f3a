"""Clips that are stored between runs of a graph, on a real ComfyUI server."""

import json
import math
import os
import shutil

import numpy as np
import pytest
import torch
from comfy_server import ComfyServer
from graphs import HEIGHT, WIDTH, custom_graph, frame_paths, long_video_graph, node, sampler_graph
from PIL import Image
from safetensors.torch import load_file, save_file

from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES


@pytest.fixture(scope="module")
def picture(server, tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "kept.png"
    Image.open(EMBEDDED / "picture.png").convert("RGB").resize((WIDTH, HEIGHT)).save(path)
    return server.upload(path)


@pytest.fixture
def run(server):
    """Run a long video as after a restart; its frames and what the node said of clips."""

    def frames_and_words(graph):
        server.post("/free", {"free_memory": True})
        # Nothing stays cached: what was asked for is done when the next graph has run.
        server.run({"kept": node("MultiTalkStoredFilms", clear="nothing")})
        before = len(server.log.read_text())
        shown = server.run(graph)
        words = [line for line in server.log.read_text()[before:].splitlines() if "clip" in line]
        pictures = [np.asarray(Image.open(path)) for path in frame_paths(server, shown, "images")]
        return np.stack(pictures), "\n".join(words)

    return frames_and_words


def test_a_film_goes_on_after_its_kept_clips(server, picture, run):
    def film(**changes):
        return long_video_graph(picture, seed=77, **changes)

    alone, said = run(film(store_clips=False))
    assert "stored" not in said
    first, said = run(film())
    assert "clips are stored in" in said
    assert (
        abs(first.astype(int) - alone).max() <= 1
    )  # stored frames are rounded to 8 bits, SaveImage cuts off
    again, said = run(film())
    assert "resumes after clip 2 of 2" in said and np.array_equal(again, first)
    _, said = run(film(continuation="multitalk", prompts="", denoise=0.8, seam_frames=4))
    assert "resumes after clip 2 of 2" in said  # what the page adds to a graph from before these inputs
    longer, said = run(film(length=17))
    assert "resumes after clip 2 of 3" in said and len(longer) == 17
    assert np.array_equal(longer[:13], first)
    other, said = run(film(text_scale=4.0))
    assert "every clip differs from the last" in said and "text scale changed" in said
    assert not np.array_equal(other, first)


def test_a_changed_file_is_another_film(server, picture, run):
    graph = long_video_graph(picture, seed=78)
    first, _ = run(graph)
    path = server.input / picture
    Image.open(path).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path)
    changed, said = run(graph)
    assert "resumes" not in said and "picture" in said and not np.array_equal(changed, first)


def test_a_harmed_clip_is_named_and_made_again(server, picture, run):
    graph = long_video_graph(picture, seed=79)
    first, _ = run(graph)
    second = max(
        server.base.glob("user/multitalk/films/*/clip-0002-*"), key=lambda path: path.stat().st_mtime
    )
    second.write_bytes(second.read_bytes()[:-9])
    again, said = run(graph)
    assert "clip 2 is generated again: the stored clip is cut short" in said and np.array_equal(again, first)


def test_an_interrupted_film_goes_on(server, picture, run):
    graph = long_video_graph(picture, seed=80, steps=4)
    server.post("/free", {"free_memory": True})

    def interrupt_in_the_second_clip(kind, data):
        if kind == "progress_state" and data["nodes"].get("film", {}).get("value", 0) >= 5:
            server.post("/interrupt", {})

    assert server.attempt(graph, interrupt_in_the_second_clip).failure.message == "interrupted"
    assert not list(server.base.glob("temp/multitalk/*.growing.mp4"))
    _, said = run(graph)
    assert "resumes after clip 1 of 2" in said


def test_a_film_waits_for_approval_and_goes_on(picture, run):
    whole, _ = run(long_video_graph(picture, seed=82, store_clips=False))
    beginning, said = run(long_video_graph(picture, seed=82, stop_after=1))
    assert "stopped after clip 1 of 2" in said and len(beginning) == 9
    again, said = run(long_video_graph(picture, seed=82))
    assert "resumes after clip 1 of 2" in said and len(again) == 13
    assert np.array_equal(again[:9], beginning) and abs(again.astype(int) - whole).max() <= 1


def test_a_retake_changes_its_clip_and_what_follows(picture, run):
    film = {"seed": 83, "length": 17}
    first, _ = run(long_video_graph(picture, **film))
    retaken, said = run(long_video_graph(picture, **film, retakes="2: 5"))
    assert "resumes after clip 1 of 3" in said and "clips from 2 on differ" in said
    assert "seed of its own changed" in said
    assert np.array_equal(retaken[:9], first[:9])
    assert not np.array_equal(retaken[9:13], first[9:13]) and not np.array_equal(retaken[13:], first[13:])
    back, said = run(long_video_graph(picture, **film))  # the first take is still there
    assert "resumes after clip 3 of 3" in said and np.array_equal(back, first)


def test_prompts_from_a_time_on_begin_with_its_clip(picture, run):
    film = {"seed": 84, "length": 17}
    first, _ = run(long_video_graph(picture, **film))
    graph = long_video_graph(picture, **film, prompts="0:00.6 He nods.", text_encoder=["text", 0])
    graph["text"] = node("TinyTextEncoder")
    nodding, said = run(graph)
    assert "resumes after clip 2 of 3" in said and "prompt of its own, text encoder changed" in said
    assert np.array_equal(nodding[:13], first[:13]) and not np.array_equal(nodding[13:], first[13:])
    graph["film"]["inputs"]["prompts"] = "0:00.6 She laughs out loud."
    laughing, _ = run(graph)
    assert not np.array_equal(laughing[13:], nodding[13:])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"retakes": "3: 1"}, "retakes: There is no clip 3: the film has 2"),
        ({"stop_after": 5}, "stop_after: There is no clip 5"),
        ({"retakes": "again"}, "is not a retake: write a clip and its seed"),
        ({"prompts": "He nods."}, "write the time in the video"),
        (
            {"prompts": "0:09 He nods."},
            "prompts: The prompt at 9 seconds lies after the film's end at 0.52 seconds",
        ),
        ({"retakes": "2: He nods."}, "connect the CLIP that encodes your prompt to text_encoder"),
    ],
)
def test_what_cannot_be(server, picture, changes, sentence):
    assert sentence in server.refuse(long_video_graph(picture, **changes)).message


def test_stored_films_are_listed_and_cleared(server, picture, run):
    def kept(**clear):
        shown = server.run({"kept": node("MultiTalkStoredFilms", **clear)})
        return shown.outputs["kept"]["text"][0]

    run(long_video_graph(picture, seed=85, stop_after=1))
    newest, *_, total = kept(clear="nothing").splitlines()
    name = newest.split()[0]
    assert newest.endswith("1 of 2 clips  MultiTalkLongVideo film") and "films, 0.0" in total
    cleared = kept(**{"clear": "one film", "clear.film": name})
    assert cleared.startswith("1 cleared") and name not in cleared
    assert not (server.base / "user/multitalk/films" / name).exists()
    gone = server.refuse({"kept": node("MultiTalkStoredFilms", **{"clear": "one film", "clear.film": name})})
    assert f'no stored film is named "{name}"' in gone.message
    run(long_video_graph(picture, seed=85))
    assert "0 films, 0.000 GB" in kept(clear="all films")
    _, said = run(long_video_graph(picture, seed=85))
    assert "resumes" not in said


def test_strangers_in_the_store_are_named_and_stay(server, picture, run):
    store = server.base / "user/multitalk/films"
    run(long_video_graph(picture, seed=88, stop_after=1))
    deep, pipe = store / "00000000000000aa", store / "00000000000000bb"
    for folder in (deep, pipe, store / "holiday"):
        folder.mkdir()
        (folder / "lock").touch()
    (deep / "film.json").write_text("[" * 60000 + "]" * 60000)
    os.mkfifo(pipe / "film.json")
    try:
        text = server.run({"kept": node("MultiTalkStoredFilms", clear="all films")}).outputs["kept"]["text"][
            0
        ]
        assert f"{deep.name} is passed over: its film.json was not written by the store." in text
        assert f"{pipe.name} is passed over: its film.json is not a regular file." in text
        assert "holiday is passed over: " in text and "0 films, 0.000 GB" in text
        assert {path.name for path in store.iterdir()} == {deep.name, pipe.name, "holiday"}
        _, said = run(long_video_graph(picture, seed=88, stop_after=1))
        assert "clips are stored in" in said
    finally:
        for folder in (deep, pipe, store / "holiday"):
            shutil.rmtree(folder)


def test_a_store_that_takes_no_files_is_reported_before_sampling(server, picture):
    store = server.base / "user/multitalk/films"
    store.parent.mkdir(exist_ok=True)
    moved = store.with_name("moved")
    if store.exists():
        store.rename(moved)
    store.write_text("a file")
    try:
        refused = server.refuse(long_video_graph(picture, seed=89))
        assert "cannot be written to (it is not a folder)" in refused.message
    finally:
        store.unlink()
        if moved.exists():
            moved.rename(store)


@pytest.mark.parametrize("graph", [long_video_graph, sampler_graph, custom_graph])
def test_a_result_that_is_not_finite_is_neither_kept_nor_shown(server, picture, graph):
    adapter = load_file(EMBEDDED / EMBEDDED_FILES["adapter"])
    nan = {name: torch.full_like(weight, math.nan) for name, weight in adapter.items()}
    (server.models / "model_patches").mkdir(exist_ok=True)
    save_file(nan, server.models / "model_patches/nan.safetensors")
    before = set(server.base.glob("user/multitalk/films/*/clip-*"))
    broken = graph(picture)
    broken["adapter"]["inputs"]["adapter"] = "nan.safetensors"
    failure = server.refuse(broken)
    where = "The sampled latent" if graph is custom_graph else "The latent of clip 1 after step 1"
    assert failure.message.startswith(f"{where} is not finite") and "SageAttention" in failure.message
    assert set(server.base.glob("user/multitalk/films/*/clip-*")) == before
    server.run(graph(picture))


def test_clips_belong_to_how_comfyui_was_started(server, picture, run, tmp_path):
    """A store taken to a ComfyUI that was started with a flag of precision."""
    graph = long_video_graph(picture, seed=90, stop_after=1)
    _, said = run(graph)
    assert "resumes" not in said
    _, said = run(graph)
    assert "resumes after clip 1 of 2" in said
    shutil.copytree(server.base / "user/multitalk", tmp_path / "user/multitalk")
    shutil.copytree(server.input, tmp_path / "input")  # with its files' times
    with ComfyServer(tmp_path, "--fp16-vae", "--use-split-cross-attention") as flagged:
        said = "\n".join(flagged.run(graph).texts)
    assert "resumes" not in said and "every clip differs from the last" in said
    assert "the VAE's precision, attention, --fp16-vae, --use-split-cross-attention changed" in said
    films = (tmp_path / "user/multitalk/films").glob("*/film.json")
    newest = max((json.loads(film.read_text()) for film in films), key=lambda film: film["used"])
    assert {"device", "torch", "ComfyUI", "the model's precision"} <= set(newest["description"])


def test_the_store_keeps_to_its_limit(server, picture, run):
    run(long_video_graph(picture, seed=86))
    _, said = run(long_video_graph(picture, seed=86))
    assert "resumes after clip 2 of 2" in said
    longer = {"length": 61, "steps": 1, "text_scale": 1.0}  # more than a megabyte
    _, said = run(long_video_graph(picture, seed=87, store_at_most=0.001, **longer))
    assert 'the film "MultiTalkLongVideo film" was cleared, 2 clips of' in said
    _, said = run(long_video_graph(picture, seed=86))
    assert "resumes" not in said


def test_what_was_located_is_kept_with_the_clips(server, picture, run):
    graph = long_video_graph(picture, seed=81) | {
        "binding": node("MultiTalkBindingPreview", images=["film", 0], binding=["film", 3])
    }
    run(graph)
    _, said = run(graph)
    assert "resumes after clip 2 of 2" in said
