"""The workflows on a real ComfyUI: all of them validated, and run small, with the video that they save."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
from standins import loads_absent, put_standins, without_absent_weights

from helpers.demo_size import DEMO_HEIGHT, DEMO_WIDTH
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.demo.files import EMBEDDED

FOLDER = Path(__file__).parents[2] / "workflows" / "api"
EXAMPLES = FOLDER.parent / "inputs"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
WITH_VIDEO = [name for name in NAMES if name != "doctor"]
WITH_RELEASED_MODELS = [name for name in NAMES if name != "demo"]
WIDTH, HEIGHT, STEPS = 96, 64, 2
ONE_CLIP, TWO_CLIPS = 9, 13  # frames
DRAWN = [
    {"x": 110, "y": 70, "width": 260, "height": 400},
    {"x": 460, "y": 70, "width": 260, "height": 400},
]  # on multitalk_two_people.png
SMALL = {
    "CreateBoundingBoxes": {"editor_state": {"__value__": DRAWN}},
    "MultiTalkSampler": {"width": WIDTH, "height": HEIGHT, "steps": STEPS},
    "MultiTalkLongVideo": {
        "width": WIDTH,
        "height": HEIGHT,
        "steps": STEPS,
        "length": TWO_CLIPS,  # of a video to dub too
    },
    "MultiTalkClipSettings": {"clip_frames": ONE_CLIP, "motion_frames": 5},
    "WanImageToVideo": {"width": WIDTH, "height": HEIGHT},
    "MultiTalkSigmas": {"steps": STEPS},
}


@pytest.fixture(scope="module")
def stocked(server):
    """The server, with stand-ins for all that the workflows name."""
    put_standins(server)
    return server


def load(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text())


def only(graph: dict, kind: str) -> str:
    (number,) = (number for number, node in graph.items() if node["class_type"] == kind)
    return number


def small(graph: dict) -> dict:
    """The graph with a small size, few steps and few frames."""
    graph = without_absent_weights(graph)
    kinds = {node["class_type"] for node in graph.values()}
    for node in graph.values():
        node["inputs"] |= SMALL.get(node["class_type"], {})
    voices = graph[only(graph, "MultiTalkAudioEncoder")]["inputs"]
    frames = TWO_CLIPS if "MultiTalkLongVideo" in kinds else ONE_CLIP
    voices |= {"length": "frames", "length.frames": frames}
    return graph


def check_video(path: Path, frames: int, width: int, height: int) -> None:
    """Frames, size, rate, duration and audible sound of a saved video; its pictures are not all alike."""
    with av.open(str(path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (width, height, 25)
        assert sound.duration * sound.time_base == pytest.approx(frames / 25, abs=0.05)
        assert container.duration / av.time_base == pytest.approx(frames / 25, abs=0.1)
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video)]
        container.seek(0)
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(sound)])
    assert len(pictures) == frames
    assert np.ptp(pictures[0]) > 20, "the first picture is blank"
    assert np.abs(samples).max() > 0.01, "the film is silent"


def demo_frames() -> int:
    """Of the demo's film: as long as its voices."""
    return int(read_audio(EMBEDDED / "voice_1.flac").seconds * 25)


def test_the_examples_are_in_the_lists_of_comfyuis_loaders(server):
    for kind, name, suffix in (("LoadImage", "image", ".png"), ("LoadAudio", "audio", ".mp3")):
        described = server.object_info[kind]["input"]["required"][name]
        offered = described[0] if isinstance(described[0], list) else described[1]["options"]
        examples = {file.name for file in EXAMPLES.iterdir() if file.suffix == suffix}
        assert examples and examples <= set(offered)


@pytest.mark.parametrize("name", WITH_RELEASED_MODELS)
def test_workflow_is_valid_and_stops_only_where_weights_cannot_be_small(stocked, name):
    """Run: up to CLIP vision ViT-H, umt5-xxl, Qwen3-VL, SAM 3 or RT-DETR, whose files here are empty."""
    graph = load(name)
    failure = stocked.refuse(graph)
    assert failure.traceback, failure.message  # it was valid, and ran
    assert loads_absent(graph[failure.node]), failure.message


@pytest.mark.parametrize("name", WITH_VIDEO)
def test_workflow_runs_small_and_saves_a_video(stocked, name):
    """Not run, for want of small weights: CLIP vision ViT-H, umt5-xxl, Qwen3-VL (texts are the demo's), SAM 3
    and RT-DETR (their masks and boxes are put in).
    """
    graph = small(load(name))
    run = stocked.run(graph)
    (shown,) = run.outputs[only(graph, "SaveVideo")]["images"]
    long = any(node["class_type"] == "MultiTalkLongVideo" for node in graph.values())
    check_video(stocked.path(shown), TWO_CLIPS if long else ONE_CLIP, WIDTH, HEIGHT)


def test_the_doctor_shows_its_report(stocked):
    graph = small(load("doctor"))
    run = stocked.run(graph)
    (report,) = run.outputs[only(graph, "MultiTalkDoctor")]["text"]
    assert "every latent and frame is finite" in report


def test_demo_runs_as_it_is(server):
    """No upload, no download: what somebody sees who has just installed the pack."""
    graph = load("demo")
    run = server.run(graph)
    (shown,) = run.outputs[only(graph, "SaveVideo")]["images"]
    check_video(server.path(shown), demo_frames(), DEMO_WIDTH, DEMO_HEIGHT)
    assert run.outputs[only(graph, "MultiTalkPersonLocalizer")]["images"]
    assert run.outputs[only(graph, "MultiTalkAudioEncoder")]["images"]
    assert run.outputs[only(graph, "MultiTalkBindingPreview")]["images"]
