"""Long films as a file that grows: a server that is killed, what is in memory, the sound, the cache."""

import io
import wave
from itertools import pairwise

import av
import numpy as np
import pytest
import torch
from comfy_process import run_in_comfyui
from comfy_server import ComfyServer
from graphs import HEIGHT, WIDTH, frame_paths, long_video_graph, node
from PIL import Image
from websocket import WebSocketException

from hosts.contract import draw_scene
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.video_writer import read_video

RATE, CLICK = 44100, 20 / 25  # of the sound; seconds until it clicks


@pytest.fixture(scope="module")
def picture(server, tmp_path_factory):
    return server.upload(write_picture(tmp_path_factory.mktemp("long") / "long.png"))


def write_picture(path):
    Image.open(EMBEDDED / "picture.png").convert("RGB").resize((WIDTH, HEIGHT)).save(path)
    return path


def pictures(server, run):
    return np.stack([np.asarray(Image.open(path)) for path in frame_paths(server, run, "images")])


def film_graph(picture, clips, clip_frames=9, **changes):
    """Clips that share one frame, of one step; frames are saved as pictures too."""
    length = clip_frames + (clips - 1) * (clip_frames - 1)
    small = {"clip_frames": clip_frames, "motion_frames": 1, "steps": 1, "text_scale": 1.0}
    graph = long_video_graph(picture, length=length, **small, **changes)
    graph["audio"]["inputs"]["length.frames"] = length
    return graph


def test_a_film_goes_on_after_its_server_was_killed(server, picture, tmp_path):
    graph = film_graph(picture, clips=5, clip_frames=33, seed=90)
    unbroken = pictures(server, server.run(graph))
    with ComfyServer(tmp_path) as killed:
        killed.upload(write_picture(tmp_path / picture))

        def kill_in_the_last_clips(kind, data):
            if kind == "progress_state" and data["nodes"].get("film", {}).get("value", 0) >= 4:
                killed.process.kill()

        with pytest.raises((WebSocketException, OSError)):
            killed.attempt(graph, kill_in_the_last_clips)
        (growing,) = tmp_path.glob("temp/multitalk/*.growing.mp4")
        assert len(read_video(growing)[0]) >= 25  # it could be watched meanwhile
    with ComfyServer(tmp_path) as again:
        resumed = pictures(again, again.run(graph))
        log = again.log.read_text()
    assert "resumes after clip 3 of 5" in log or "resumes after clip 4 of 5" in log
    assert np.array_equal(resumed, unbroken)


def test_clips_are_shown_as_they_are_finished(server, picture):
    run = server.run(film_graph(picture, clips=3, seed=91))
    shown = [Image.open(io.BytesIO(preview)).resize((WIDTH, HEIGHT)) for preview in run.previews]
    assert len(shown) == 3
    made = pictures(server, run)
    for preview, last in zip(shown, (8, 16, 24), strict=True):
        assert abs(np.asarray(preview).astype(int) - made[last]).mean() < 12  # JPEG
    assert any("clip 2 of 3, step 1 of 1" in text for text in run.texts)
    states = [
        data["nodes"]["film"]["value"]
        for kind, data in run.events
        if kind == "progress_state" and "film" in data["nodes"]
    ]
    assert states[-1] == 3 and all(earlier <= later for earlier, later in pairwise(states))


def test_the_node_says_when_nobody_can_be_followed(server, tmp_path):
    Image.new("RGB", (WIDTH, HEIGHT), "grey").save(tmp_path / "blank.png")
    graph = film_graph(server.upload(tmp_path / "blank.png"), clips=1, seed=94)
    graph["clip_settings"]["inputs"]["follow_persons"] = True
    assert any("nobody is followed" in text for text in server.run(graph).texts)


def test_the_video_has_the_frames_and_the_users_own_sound(server, picture):
    write_click(server.input / "click.wav")
    graph = film_graph(picture, clips=4, seed=92)
    graph["voice"] = node("LoadAudio", audio="click.wav")
    graph["audio"]["inputs"] |= {"speaker_1": ["voice", 0], "speakers": 2}
    del graph["audio"]["inputs"]["speaker_2"]
    run = server.run(graph)
    saved = server.path(run.outputs["save"]["images"][0])
    newest = max(server.base.glob("temp/multitalk/*.mp4"), key=lambda path: path.stat().st_mtime)
    for path in (saved, newest):
        frames, fps, sound = read_video(path)
        assert (len(frames), fps) == (33, 25)
        assert abs(frames.numpy() * 255 - pictures(server, run)).mean() < 6  # H.264
        assert (sound.rate, sound.channels) == (RATE, 2)
        assert sound.samples.shape[1] == pytest.approx(33 / 25 * RATE, abs=1024)
        assert abs(np.abs(sound.samples[1]).argmax() / RATE - CLICK) < 0.001
        assert np.abs(sound.samples[0]).max() < 0.1  # it clicks to the right
        content = path.read_bytes()
        assert content.index(b"moov") < content.index(b"mdat")  # it starts before the end is loaded


def write_click(path):
    """Silence and one click, to the right alone."""
    samples = np.zeros((2 * RATE, 2), "<i2")
    samples[round(CLICK * RATE), 1] = 30000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def test_images_are_made_when_something_takes_them_and_a_cleared_video_is_made_again(server, picture):
    graph = film_graph(picture, clips=2, seed=93)
    alone = {name: given for name, given in graph.items() if name != "images"}
    assert "film" in server.run(alone).executed
    assert "film" in server.run(alone).cached
    wired = server.run(graph)
    assert "film" in wired.executed and len(pictures(server, wired)) == 17
    assert "film" in server.run(graph).cached
    for video in server.base.glob("temp/multitalk/*.mp4"):
        video.unlink()
    graph["save"]["inputs"]["filename_prefix"] = "again"
    again = server.run(graph)
    assert "film" in again.executed
    with av.open(str(server.path(again.outputs["save"]["images"][0]))) as film:
        assert sum(1 for _ in film.decode(video=0)) == 17


def test_binding_preview_reads_the_video_too(server, picture):
    graph = film_graph(picture, clips=2, seed=94)
    for name, output in {"of_images": 0, "of_video": 2}.items():
        graph[name] = node("MultiTalkBindingPreview", images=["film", output], binding=["film", 3])
    run = server.run(graph)
    images, video = (
        [np.asarray(Image.open(server.path(shown))).astype(int) for shown in run.outputs[name]["images"]]
        for name in ("of_images", "of_video")
    )
    assert len(images) == len(video) == 1  # both clips in one picture
    assert all(abs(one - other).mean() < 4 for one, other in zip(images, video, strict=True))


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    return run_in_comfyui("long_film", tmp_path_factory.mktemp("counted"), draw_scene())


def test_no_more_than_two_clips_of_frames_are_in_memory(counted):
    streamed, with_images = counted["streamed"], counted["with_images"]
    assert len(streamed) == 10
    # Two clips, the frame that they share, the one measured last, the picture as it came and as it is made.
    assert streamed.max() <= 2 * 9 + 4
    assert len(streamed[2:].unique()) == 1, "memory grows with every clip"
    assert torch.equal(with_images - streamed, torch.full((10,), 81.0))  # all frames, from the beginning


def test_many_images_are_warned_of_with_what_they_take(counted):
    assert not counted["short_warned"]
    assert counted["long_says_10_gb"]
