"""The sampling nodes on a real ComfyUI server."""

import av
import numpy as np
import pytest
import torch
from graphs import HEIGHT, WIDTH, custom_graph, frame_paths, long_video_graph, node, sampler_graph
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from multitalk_core.checkpoint import write_adapter
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.adapter_shape import AdapterShape


@pytest.fixture(scope="module")
def picture(server, tmp_path_factory):
    """At the video's size, so that every way of fitting it gives the same."""
    path = tmp_path_factory.mktemp("picture") / "two.png"
    demo = Image.open(EMBEDDED / "picture.png").convert("RGB")
    demo.resize((WIDTH, HEIGHT)).save(path)
    return server.upload(path)


def frames_of(server, run, save="save"):
    return np.stack([np.asarray(Image.open(path)) for path in frame_paths(server, run, save)]).astype(int)


@pytest.fixture(scope="module")
def sampled(server, picture):
    graph = sampler_graph(picture) | {
        "binding": node("MultiTalkBindingPreview", images=["sampler", 1], binding=["sampler", 2]),
        "located": node("PreviewImage", images=["binding", 0]),
        "labelled": node("PreviewImage", images=["binding", 1]),
    }
    return server.run(graph)


def test_sampler_makes_the_asked_frames(server, sampled):
    assert frames_of(server, sampled).shape == (5, HEIGHT, WIDTH, 3)


def test_progress_counts_steps(sampled):
    states = [
        data["nodes"]["sampler"]
        for kind, data in sampled.events
        if kind == "progress_state" and "sampler" in data["nodes"]
    ]
    assert (states[-1]["value"], states[-1]["max"]) == (2, 2)


def test_summary_before_the_first_step(server, sampled):
    log = server.log.read_text()
    assert "1 clip of 5 frames: 5 frames, 0.2 s, 48×32" in log
    assert "12 tokens, 2 steps of 3 passes each" in log


def test_binding_preview_shows_the_persons_and_hands_out_labels(server, sampled):
    shown, persons, labels = (
        [np.asarray(Image.open(server.path(picture))) for picture in sampled.outputs[name]["images"]]
        for name in ("binding", "located", "labelled")
    )
    assert len(shown) == len(persons) == len(labels) == 1
    assert np.array_equal(shown[0], persons[0]) and (labels[0] != persons[0]).any()


def test_same_graph_is_not_run_again(server, picture, sampled):
    again = server.run(sampler_graph(picture))
    assert "sampler" in again.cached
    assert "sampler" not in again.executed


def test_another_seed_runs_the_sampler_alone(server, picture, sampled):
    changed = server.run(sampler_graph(picture, seed=4))
    assert set(changed.executed) == {"sampler", "save"}
    assert (frames_of(server, changed) != frames_of(server, sampled)).any()
    back = server.run(sampler_graph(picture))
    assert np.array_equal(frames_of(server, back), frames_of(server, sampled))


def test_apply_and_guider_make_the_sampler_s_clip(server, picture, sampled):
    custom = server.run(custom_graph(picture))
    assert abs(frames_of(server, custom) - frames_of(server, sampled)).max() <= 1


def test_two_samplers_in_one_graph_keep_their_voices(server, picture, sampled):
    other = dict(sampler_graph(picture)["audio"]["inputs"])
    other["speaker_1"], other["speaker_2"] = ["demo", 2], ["demo", 1]
    swapped = sampler_graph(picture, audio=["swapped", 0])
    graph = sampler_graph(picture) | {
        "swapped": node("MultiTalkAudioEncoder", **other),
        "second": swapped["sampler"],
        "save_second": node("SaveImage", images=["second", 1], filename_prefix="second"),
        "again": node(
            "MultiTalkSampler", **(swapped["sampler"]["inputs"] | {"audio": ["audio", 0], "seed": 3})
        ),
    }
    run = server.run(graph)
    assert np.array_equal(frames_of(server, run), frames_of(server, sampled))
    assert (frames_of(server, run, "save_second") != frames_of(server, sampled)).any()


def test_long_video_has_all_frames_and_the_sound(server, picture):
    run = server.run(long_video_graph(picture))
    assert frames_of(server, run, "images").shape == (13, HEIGHT, WIDTH, 3)
    path = server.path(run.outputs["save"]["images"][0])
    with av.open(str(path)) as film:
        video, sound = film.streams.video[0], film.streams.audio[0]
        assert float(video.average_rate) == 25
        assert (video.width, video.height) == (WIDTH, HEIGHT)
        frames = sum(1 for _ in film.decode(video))
        film.seek(0)
        seconds = sum(frame.samples for frame in film.decode(sound)) / sound.rate
    assert frames == 13
    assert seconds == pytest.approx(13 / 25, abs=0.1)


def test_draft_makes_the_first_clip_alone(server, picture):
    run = server.run(long_video_graph(picture, draft=True))
    assert frames_of(server, run, "images").shape[0] == 9


def test_interrupting_stops_the_sampler_and_the_next_run_is_whole(server, picture, sampled):
    def interrupt(kind, data):
        if kind == "progress_state" and data["nodes"].get("sampler", {}).get("value", 0) >= 1:
            server.post("/interrupt", {})

    stopped = server.attempt(sampler_graph(picture, steps=200, seed=9), interrupt)
    assert stopped.failure is not None and stopped.failure.message == "interrupted"
    assert "save" not in stopped.executed
    whole = server.run(sampler_graph(picture))
    assert np.array_equal(frames_of(server, whole), frames_of(server, sampled))


@pytest.fixture(scope="module")
def text_to_video(server):
    """The demo's DiT with 16 input channels."""
    with safe_open(EMBEDDED / EMBEDDED_FILES["transformer"], "pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    state["patch_embedding.weight"] = state["patch_embedding.weight"][:, :16].contiguous()
    metadata["config"] = metadata["config"].replace('"in_dim": 36', '"in_dim": 16')
    folder = server.models / "diffusion_models"
    folder.mkdir(exist_ok=True)
    save_file(state, folder / "t2v.safetensors", metadata)
    return "t2v.safetensors"


@pytest.fixture(scope="module")
def other_adapters(server):
    """One for a narrower DiT, one for a deeper one."""
    folder = server.models / "model_patches"
    folder.mkdir(exist_ok=True)
    for name, blocks, width in (("narrow", (0, 1), 64), ("deep", tuple(range(9)), 128)):
        shape = AdapterShape(blocks, width, 64, 4, 16, 5, 256)
        torch.manual_seed(0)
        write_adapter(folder / f"{name}.safetensors", AudioAdapter(shape, 1).state_dict())
    return "narrow.safetensors", "deep.safetensors"


def test_no_persons_for_two_voices(server, picture):
    graph = sampler_graph(picture)
    del graph["sampler"]["inputs"]["persons"]
    assert "nobody is marked in the picture" in server.refuse(graph).message


def test_more_persons_than_voices(server, picture):
    graph = sampler_graph(picture)
    graph["persons"]["inputs"]["method.parts"] = 3
    assert "3 persons but only 2 voice" in server.refuse(graph).message


def test_fewer_persons_than_voices(server, picture):
    graph = sampler_graph(picture)
    graph["persons"]["inputs"]["method.parts"] = 1
    assert "2 voices but only 1 person" in server.refuse(graph).message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"frames": 10}, "use 9 or 13"),
        ({"width": 72}, "use 64 or 80"),
        ({"record_block": 6}, "record_block is 6, but the model has blocks 0 to 3"),
        ({"record_step": 2}, "record_step is 2, but the run has steps 0 to 1"),
    ],
)
def test_numbers_that_cannot_be(server, picture, changes, words):
    assert words in server.refuse(sampler_graph(picture, **changes)).message


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"clip_frames": 12}, "use 9 or 13"), ({"motion_frames": 9}, "leave nothing new")],
)
def test_clips_that_cannot_be(server, picture, changes, words):
    assert words in server.refuse(long_video_graph(picture, **changes)).message


def test_text_to_video_model(server, picture, text_to_video):
    graph = sampler_graph(picture)
    graph["model"]["inputs"]["unet_name"] = text_to_video
    assert "16 channels, Wan2.1 I2V takes 36" in server.refuse(graph).message


def test_adapters_of_other_models(server, picture, other_adapters):
    graph = sampler_graph(picture)
    for name, words in zip(other_adapters, ("64 wide", "block 8"), strict=True):
        graph["adapter"]["inputs"]["adapter"] = name
        assert words in server.refuse(graph).message


def test_persons_of_another_picture(server, picture):
    graph = sampler_graph(picture, picture=["demo", 0])
    assert "mark them on the picture that you animate" in server.refuse(graph).message


def test_latent_of_another_length(server, picture):
    graph = custom_graph(picture)
    graph["longer"] = node("EmptyHunyuanLatentVideo", width=WIDTH, height=HEIGHT, length=13, batch_size=1)
    graph["sampled"]["inputs"]["latent_image"] = ["longer", 0]
    graph["noise"]["inputs"]["noise_seed"] = 8
    assert "13 frames, but the voices were prepared for 48×32 with 5 frames" in server.refuse(graph).message


def test_guider_without_voices(server, picture):
    graph = custom_graph(picture)
    graph["guider"]["inputs"]["model"] = ["model", 0]
    assert "put MultiTalk Apply before" in server.refuse(graph).message


def test_voices_twice(server, picture):
    graph = custom_graph(picture)
    graph["twice"] = node("MultiTalkApply", **(graph["apply"]["inputs"] | {"model": ["apply", 0]}))
    graph["guider"]["inputs"]["model"] = ["twice", 0]
    assert "already has voices" in server.refuse(graph).message


def test_nothing_located_to_preview(server, picture):
    graph = sampler_graph(picture, scheme="add") | {
        "binding": node("MultiTalkBindingPreview", images=["sampler", 1], binding=["sampler", 2])
    }
    assert "binding: there is nothing to show" in server.refuse(graph).message


def test_width_and_height_0_mean_as_the_picture(server, tmp_path):
    """The demo's model has sizes of its own."""
    Image.new("RGB", (90, 160), "grey").save(tmp_path / "tall.png")
    as_picture = {"width": 0, "height": 0, "steps": 1, "text_scale": 1.0, "audio_scale": 1.0}
    graph = sampler_graph(server.upload(tmp_path / "tall.png"), **as_picture)
    with Image.open(server.path(server.run(graph).outputs["save"]["images"][0])) as frame:
        assert frame.size == (80, 144)


@pytest.mark.parametrize(
    ("resolution", "size"), [("automatic", "208×64"), ("480p", "1216×320"), ("720p", "2048×448")]
)
def test_the_resolution_that_the_user_names_counts(server, tmp_path, resolution, size):
    """A line of which no video shows enough: the sentence names the size."""
    Image.new("RGB", (640, 4), "grey").save(tmp_path / "line.png")
    name = server.upload(tmp_path / "line.png")
    graph = sampler_graph(name, width=0, height=0, resolution=resolution)
    assert f"of its 640×4 pixels a video of {size} shows less than 5%" in server.refuse(graph).message
