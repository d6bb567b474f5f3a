"""What no node should be given: reported once, at the right input, before work; the server stays up."""

from pathlib import Path

import numpy as np
import pytest
from graphs import custom_graph, frame_paths, long_video_graph, node, sampler_graph, script_graph
from PIL import Image

from multitalk_core.demo.files import EMBEDDED

PHOTOGRAPH = Path(__file__).parents[1] / "persons" / "pictures" / "s13.jpg"
NAN = float("nan")
QUICK = {"steps": 1, "text_scale": 1.0, "audio_scale": 1.0}
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"


@pytest.fixture(scope="module")
def picture(server):
    return server.upload(EMBEDDED / "picture.png", "wrong_values.png")


def with_changes(graph: dict, name: str, **changes: object) -> dict:
    """A graph in which inputs of one node are changed, or left out where they are None."""
    inputs = graph[name]["inputs"] | changes
    graph[name]["inputs"] = {key: value for key, value in inputs.items() if value is not None}
    return graph


@pytest.mark.parametrize(
    "name, changes, words",
    [
        ("sampler", {"audio_scale": NAN}, "audio_scale: Value nan smaller than min of 0.0"),
        ("sampler", {"shift": float("inf")}, "shift: Value inf bigger than max of 100.0"),
        ("sampler", {"frames": 1_000_001}, "frames is 1000001: give a whole number from 5 to 1001."),
        ("sampler", {"width": 16_400}, "width is 16400: give a whole number from 0 to 16384."),
        ("sampler", {"width": 16384, "height": 16384}, "width, height: The video is 16384×16384: "),
        ("sampler", {"height": 33}, "height is 33, but"),
        ("sampler", {"height": 0}, "width, height: they are 48 and 0: give both"),
        ("sampler", {"steps": 0}, "steps"),  # ComfyUI's own check, at the input itself
        ("binding_settings", {"scheme": "tabel"}, "scheme: 'tabel' not in"),
        ("clip_settings", {"clip_frames": 14}, "clip_frames is 14, but"),
        ("clip_settings", {"motion_frames": 9}, "motion_frames: 9 motion frames leave nothing new"),
        ("film", {"length": 10**9}, "length"),
        ("store_settings", {"store_at_most": NAN}, "store_at_most: Value nan"),
        ("clip_settings", {"codec_correction": -0.1}, "codec_correction: Value -0.1 smaller than min of 0.0"),
        ("film", {"retakes": "this is no retake"}, 'retakes: "this is no retake" is not a retake'),
        ("film", {"retakes": "9" * 5000 + ": 1"}, 'retakes: "999'),
        ("film", {"prompts": "0:" + "9" * 400 + " x"}, 'prompts: "0:999'),
        ("film", {"prompts": "\ud800"}, "prompts contains \\ud800"),
        ("film", {"retakes": "1: 2\n" * 100_000}, "retakes has 500,000 characters"),
        ("audio", {"timing": "tabel"}, 'timing: the value is missing or unknown; choose one of "together", '),
        ("audio", {"length": None}, 'length: the value is missing or unknown; choose one of "until the '),
        ("audio", {"timing": "in turn", "timing.gap": NAN}, "timing.gap is nan"),
        ("audio", {"timing": "in turn"}, "gap"),
        ("audio", {"speakers": 9}, "speakers is 9: give a whole number from 0 to 8."),
        ("audio", {"speakers": 1}, "speakers is 1, but there is a voice for speaker 2"),
        ("audio", {"length.frames": 900_001}, "length.frames is 900001"),
        ("audio", {"length": "seconds", "length.seconds": 36_000.0, "fps": 60.0}, "length.seconds times fps"),
        ("audio", {"speaker_1": 5}, "speaker_1: this is not a sound"),
        ("persons", {"method": None}, 'method: the value is missing or unknown; choose one of "automatic", '),
        ("persons", {"method.parts": 9}, "method.parts"),
        ("persons", {"speaker_order": "2; 1"}, "speaker_order is 2; 1: write"),
        ("persons", {"speaker_order": "1, 1"}, "speaker_order is 1, 1: write"),
        ("persons", {"speaker_order": "\ud800"}, "speaker_order contains \\ud800"),
    ],
)
def test_a_wrong_value_is_reported_once_when_queued_and_at_its_own_input(
    server, picture, name, changes, words
):
    graph = sampler_graph(picture)
    graph = graph if name in graph else long_video_graph(picture)
    ((node_name, sentence),) = server.faults(with_changes(graph, name, **changes))
    assert node_name == name
    assert sentence.startswith(words)
    sentence.encode()


@pytest.mark.parametrize(
    "table, words",
    [
        ({"turns": "", "names": ""}, "timing.turns: "),
        ({"turns": "speaker,start,end\n1,0,x", "names": ""}, "timing.turns: "),
        ({"turns": "speaker,start,end\n1,0,1", "names": ",".join("abcdefghi")}, "timing.names: it names 9"),
        (
            {"turns": "speaker,start,end\n" + "\n".join(f"{name},0,1" for name in "abcdefghi"), "names": ""},
            "timing.turns: ",
        ),
        (
            {"turns": "speaker,start,end\nAnn,0,1", "names": "Bo, Cy"},
            "timing.turns: The table names Ann",
        ),
        ({"turns": "speaker,start,end\nAnn,0,1", "names": "Ann, Ann"}, "timing.turns: Ann is named twice"),
        ({"turns": "x" * 2_000_001, "names": ""}, "timing.turns has 2,000,001 characters"),
    ],
)
def test_a_table_is_read_when_it_is_queued(server, picture, table, words):
    changes = {"timing": "table", "speaker_2": None} | {f"timing.{key}": table[key] for key in table}
    ((node_name, sentence),) = server.faults(with_changes(sampler_graph(picture), "audio", **changes))
    assert node_name == "audio"
    assert sentence.startswith(words)


def inputs_of(info: dict, kind: str):
    for group in info["input"].values():
        yield from (name for name, (each, *_) in group.items() if each == kind)


def test_no_number_of_any_node_may_be_nan_and_no_choice_left_out(server, picture):
    graphs = [sampler_graph(picture), long_video_graph(picture), custom_graph(picture)]
    graphs.append({"kept": node("MultiTalkStoredFilms", clear="nothing")})
    graphs.append(script_graph())
    seen = set()
    for graph in graphs:
        for name, each in list(graph.items()):
            if not each["class_type"].startswith("MultiTalk"):
                continue
            info = server.object_info[each["class_type"]]
            seen.add(each["class_type"])
            wrong = [(number, NAN) for number in inputs_of(info, "FLOAT")]
            wrong += [(choice, value) for choice in inputs_of(info, DYNAMIC_COMBO) for value in (None, "no")]
            for input_id, value in wrong:
                before = dict(each["inputs"])
                ((node_name, sentence),) = server.faults(with_changes(graph, name, **{input_id: value}))
                assert (node_name, sentence[: len(input_id)]) == (name, input_id)
                each["inputs"] = before
    settable = [name for name, info in server.object_info.items() if name.startswith("MultiTalk")]
    with_numbers = [name for name in settable if any(inputs_of(server.object_info[name], "FLOAT"))]
    assert set(with_numbers) <= seen


@pytest.mark.parametrize(
    "name, input_id, value, words",
    [
        ("audio", "speaker_1", "nothing", "speaker_1: the connected input has no sound"),
        ("audio", "speaker_2", "a fast sound", "speaker_2: The sound's rate"),
        ("audio", "speaker_2", "a sound without samples", "speaker_2: "),
        ("audio", "speaker_2", "no sound", "speaker_2: "),
        ("audio", "speaker_2", "two sounds", "speaker_2: this is a batch of 2 sounds"),
        ("audio", "fps", "a broken number", "fps is nan"),
        ("audio", "audio_encoder", "a number", "audio_encoder: this is not an audio encoder"),
        ("persons", "image", "no picture", "image: an IMAGE has"),
        ("persons", "image", "a huge picture", "image: 9000×9000 pixels are too many"),
        ("persons", "speaker_order", "a word", "speaker_order contains \\ud800"),
        ("sampler", "picture", "a picture of one colour", "picture: an IMAGE has"),
        ("sampler", "picture", "a broken picture", "picture: it contains NaN"),
        ("sampler", "picture", "a video that breaks", "picture: it contains NaN"),
        ("sampler", "picture", "no video", "picture: an IMAGE has"),
        ("sampler", "picture", "a thin picture", "picture: of its 9000×1 pixels"),
        ("sampler", "positive", "an empty list", "positive: it contains no prompt"),
        ("sampler", "positive", "another model's prompt", "positive: the text encoder gives 768"),
        ("sampler", "model", "nothing", "model: the connected node returned nothing"),
        ("sampler", "model", "a number", "model: this is not a model"),
        ("sampler", "audio_adapter", "a word", "audio_adapter: this is not an audio adapter"),
        ("sampler", "vae", "an empty dict", "vae: this is not a VAE"),
        ("sampler", "audio", "nothing", "audio: the connected node returned nothing"),
        ("sampler", "persons", "an empty list", "persons: this is not a set of persons"),
        ("sampler", "width", "a number", "width is 5, but sizes must be divisible"),
        ("binding_settings", "scheme", "a word", "scheme is \\ud800 word: choose"),
        ("sampler", "draft", "a word", "draft is \\ud800 word: give true or false"),
        ("sampler", "region", "a broken mask", "region: the mask contains NaN"),
    ],
)
def test_what_a_link_brings_is_checked_when_it_comes(server, picture, name, input_id, value, words):
    graph = with_changes(sampler_graph(picture, **QUICK), name, **{input_id: ["odd", 0]})
    failure = server.refuse(graph | {"odd": node("OddValue", name=value)})
    assert failure.node == name
    assert failure.message.startswith(words)


def test_numbers_of_other_kinds_serve_as_well(server, picture):
    changes = {"width": ["width", 0], "shift": ["shift", 0]}
    odd = {
        "width": node("OddValue", name="a NumPy width"),
        "shift": node("OddValue", name="a number of torch"),
    }
    run = server.run(with_changes(sampler_graph(picture, **QUICK), "sampler", **changes) | odd)
    (shown,) = frame_paths(server, run)[:1]
    assert Image.open(shown).width == 64


@pytest.mark.parametrize(
    "value, words",
    [
        ("no box", "method.boxes: it contains no box: the connected node found nobody; lower its threshold"),
        ("a box turned over", "method.boxes: box 1 is -200 wide"),
        ("a broken box", "method.boxes: box 1 is"),
        ("a box of words", "method.boxes: box 1 is"),
        ("half a box", "method.boxes: box 1 is"),
        ("a box elsewhere", "method.boxes: The box of person 1"),
        ("nine boxes", "method.boxes: There are 9 persons"),
        ("a number", "method.boxes: this is not a box"),
        ("boxes as rows", "method.boxes: box 1 is [64, 56, 300, 400]; a box needs the numbers x, y, width"),
    ],
)
def test_boxes_that_are_none(server, picture, value, words):
    boxes = {"method": "boxes", "method.boxes": ["odd", 0], "method.order": "given"}
    graph = with_changes(sampler_graph(picture), "persons", **boxes) | {"odd": node("OddValue", name=value)}
    failure = server.refuse(graph)
    assert (failure.node, failure.message[: len(words)]) == ("persons", words)


def test_boxes_of_other_kinds_of_numbers_serve_as_well(server, picture):
    boxes = {"method": "boxes", "method.boxes": ["odd", 0], "method.order": "given"}
    graph = with_changes(sampler_graph(picture, **QUICK), "persons", **boxes)
    run = server.run(graph | {"odd": node("OddValue", name="boxes of a detector")})
    assert frame_paths(server, run)


def test_masks_that_are_none(server, picture):
    for value, words in [
        ("no mask", "method.person_1: it contains no mask: the connected node found nobody"),
        ("a flat mask", "method.person_1: a MASK has"),
        ("a broken mask", "method.person_1: the mask contains"),
        ("nine masks", "method: There are 9 masks"),
    ]:
        masks = {"method": "masks", "method.person_1": ["odd", 0], "method.allow_overlap": False}
        graph = with_changes(sampler_graph(picture), "persons", **masks)
        failure = server.refuse(graph | {"odd": node("OddValue", name=value)})
        assert (failure.node, failure.message[: len(words)]) == ("persons", words)


def test_latents_that_are_none(server, picture):
    for value, words in [
        ("a latent picture", "latent: "),
        ("an odd latent", "latent: "),
        ("a latent of nothing", "latent: "),
        ("a latent without samples", "latent: this is not a latent"),
    ]:
        graph = custom_graph(picture, latent=["odd", 0]) | {"odd": node("OddValue", name=value)}
        failure = server.refuse(graph)
        assert (failure.node, failure.message[: len(words)]) == ("apply", words)


def test_what_the_machine_has_no_memory_for_is_refused_with_the_figures(server, picture):
    graph = sampler_graph(picture, **QUICK, frames=1001, width=8192, height=8192)
    message = server.refuse(graph).message
    assert message.startswith("A clip of 1001 frames of 8192×8192 takes 1,6")
    assert "GB" in message and "MULTITALK_ANY_MEMORY" in message


def test_a_picture_of_another_shape_cuts_persons_and_that_is_reported(server):
    folder = server.input / "tall_persons.png"
    Image.fromarray(np.full((160, 40, 3), 128, np.uint8)).save(folder)
    run = server.run(sampler_graph(folder.name, **QUICK))
    assert "Person 1 is cropped: a video of 48×32 shows" in run.texts[-1]


def test_markup_and_broken_names_are_shown_as_text(server, picture):
    """A film's title holds the id of its node, which is anything that a graph's author has written."""
    name = "<img src=x>\ud800"
    graph = long_video_graph(picture, **QUICK, length=5)
    graph[name] = graph.pop("film")
    del graph["images"]
    graph["save"]["inputs"]["video"] = [name, 2]
    server.run(graph)
    run = server.run({"kept": node("MultiTalkStoredFilms", clear="nothing")})
    (listed,) = run.outputs["kept"]["text"]
    assert r"<img src=x>\ud800" in listed
    assert r"<img src=x>\ud800" in run.texts[-1] and "<img" not in run.marked_up[-1]


def interrupts(server, name: str):
    """What interrupts a run at one of its nodes."""

    def interrupt(kind: str, data: dict) -> None:
        if kind == "executing" and data["node"] == name:
            server.post("/interrupt", {})

    return interrupt


def test_a_long_encoding_of_voices_ends_when_it_is_interrupted(server, picture):
    graph = with_changes(sampler_graph(picture), "audio", **{"length.frames": 100_000})
    failure = server.attempt(graph, interrupts(server, "audio")).failure
    assert (failure.node, failure.message) == ("audio", "interrupted")


def test_an_interrupt_while_persons_are_found_ends_the_run(server):
    """At once, or before the next node: faces are found within a second."""
    photograph = server.upload(PHOTOGRAPH, "interrupted.jpg")
    automatic = {"method": "automatic", "method.persons": 0, "method.model": "faces", "method.parts": None}
    graph = with_changes(sampler_graph(photograph), "persons", **automatic)
    run = server.attempt(graph, interrupts(server, "persons"))
    assert run.failure.message == "interrupted" and "save" not in run.outputs
