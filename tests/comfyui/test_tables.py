"""Tables as users paste them, and MultiTalk's input JSON, on a real ComfyUI."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from graphs import node, scene
from PIL import Image

from multitalk_core.audio.sound_file import read_audio
from multitalk_core.demo.boxes import BOXES
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.drawing.palette import speaker_colour
from multitalk_core.media.video_writer import VideoWriter

FIELD = Path(__file__).parents[1] / "field" / "tables"
GRAPHS = FIELD.parent / "graphs"
TABLES = sorted(path.name for path in FIELD.iterdir() if path.suffix not in (".TextGrid", ".eaf"))
REFUSED = {
    "spaced_name.rttm": "names a speaker with a blank (Mary Ann",
    "two_recordings.rttm": "of two recordings, talk and other",
    "whisper_plain.json": "there are no speakers in it",
}
VOICES = [read_audio(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)]


def spoken(turns: str, **changes: object) -> dict:
    """The demo's first voice as a recording with a table."""
    graph = scene("unused.png")
    inputs = {"timing": "table", "timing.turns": turns, "timing.names": "", "length": "until the voices end"}
    audio = graph["audio"]["inputs"] | inputs | changes
    del audio["speaker_2"], audio["length.frames"]
    return {
        "demo": graph["demo"],
        "encoder": graph["encoder"],
        "audio": graph["audio"] | {"inputs": audio},
        "lanes": node("PreviewImage", images=["audio", 2]),
    }


def loud(server, run, speaker: int) -> int:
    """How many pixels of the timeline show the voice of a speaker, from 1."""
    with Image.open(server.path(run.outputs["lanes"]["images"][0])) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.int16)
    return int((np.abs(pixels - speaker_colour(speaker - 1)).max(axis=-1) < 12).sum())


def test_number_2_alone_drives_person_2(server):
    graph = json.loads((GRAPHS / "only_number_2.json").read_text())
    run = server.run(graph | {"lanes": graph["out"]})
    assert loud(server, run, 2) > 2 * loud(server, run, 1)  # silence is a line
    said = "\n".join(run.texts)
    assert "The table numbers its speakers: 2.\n" in said and "Speaker 1 says nothing and listens." in said
    run = server.run(spoken("speaker,start,end\n1,0,1", speakers=2))
    assert loud(server, run, 1) > 2 * loud(server, run, 2)


def test_the_node_says_who_is_whom_and_what_it_leaves_out(server):
    run = server.run(spoken((FIELD / "whisperx.json").read_text()))
    said = "\n".join(run.texts)
    assert "speaker 1 is SPEAKER_01, speaker 2 is SPEAKER_00" in said and "1 turn names no speaker" in said
    run = server.run(
        spoken((FIELD / "whisperx.json").read_text(), **{"timing.names": "SPEAKER_00,SPEAKER_01"})
    )
    assert "speaker 1 is SPEAKER_00, speaker 2 is SPEAKER_01" in "\n".join(run.texts)


def test_tables_as_users_paste_them(server):
    """Read as on the command line, up to what lies beyond the end of this recording."""
    for name in TABLES:
        if name == "windows_1252.csv":
            continue  # bytes of a file; a pasted text is Unicode
        graph = spoken((FIELD / name).read_text())
        if name in REFUSED:
            assert REFUSED[name] in server.refuse(graph).message, name
        else:
            failure = server.attempt(graph).failure
            assert failure is None or "turns must lie within the recording's" in failure.message, name


def test_pasted_rttm_is_read_and_reported_as_the_file_is(server):
    failure = server.refuse(json.loads((GRAPHS / "pasted_rttm.json").read_text()))
    assert "lets FEE016 speak from 0 to 5.29 seconds; turns must lie within" in failure.message
    short = (FIELD / "nist.rttm").read_text().replace("5.29", "0.50").replace("5.18 2.88", "0.50 1.00")
    assert "speaker 1 is FEE016, speaker 2 is MEO015." in "\n".join(server.run(spoken(short)).texts)


def input_json(server, **changes: object) -> str:
    """MultiTalk's first example with the demo's picture and voices."""
    server.upload(EMBEDDED / "picture.png", "json_picture.png")
    for number in (1, 2):
        server.upload(EMBEDDED / f"voice_{number}.flac", f"json_{number}.flac")
    film = {
        "prompt": "two people talk",
        "cond_image": "examples/multi/1/json_picture.png",
        "audio_type": "add",
        "cond_audio": {"person1": "examples/multi/1/json_1.flac", "person2": "examples/multi/1/json_2.flac"},
        "bbox": {f"person{n}": [b.top, b.left, b.bottom, b.right] for n, b in enumerate(BOXES, start=1)},
    } | changes
    return json.dumps({key: value for key, value in film.items() if value is not None})


def wired(text: str, second: bool = True) -> dict:
    """What the JSON gives, to the nodes that take it."""
    graph = scene("unused.png")
    audio = graph["audio"]["inputs"] | {"speaker_1": ["json", 3], "length": "until the voices end"}
    del audio["speaker_2"], audio["length.frames"]
    audio |= {"speaker_2": ["json", 4]} if second else {}
    method = {"method": "boxes", "method.boxes": ["json", 5], "method.order": "given"}
    return {
        "json": node("MultiTalkInputJson", text=text, film=1),
        "encoder": graph["encoder"],
        "audio": graph["audio"] | {"inputs": audio},
        "persons": node("MultiTalkPersonLocalizer", image=["json", 1], **method, speaker_order=""),
        "lanes": node("PreviewImage", images=["audio", 2]),
        "masks": node("PreviewImage", images=["persons", 2]),
        "prompt": node("PreviewAny", source=["json", 0]),
        "boxes": node("PreviewAny", source=["json", 5]),
        "frames": node("PreviewAny", source=["audio", 3]),
    }


def shown(run, name: str) -> str:
    return run.outputs[name]["text"][0]


def test_an_input_json_in_turn_with_its_boxes(server):
    run = server.run(wired(input_json(server)))
    assert shown(run, "prompt") == "two people talk"
    assert int(shown(run, "frames")) == int(sum(voice.seconds for voice in VOICES) * 25)
    first = json.loads(shown(run, "boxes"))[0]
    assert first == {"x": BOXES[0].left, "y": BOXES[0].top, "width": 236, "height": 344}


def test_an_input_json_together_without_boxes(server):
    run = server.run(wired(input_json(server, audio_type="para", bbox=None)))
    assert int(shown(run, "frames")) == int(max(voice.seconds for voice in VOICES) * 25)
    boxes = json.loads(shown(run, "boxes"))  # the halves of 640x400, as in the reference implementation
    assert [list(box.values()) for box in boxes] == [[16, 20, 288, 360], [336, 20, 288, 360]]


def test_an_input_json_of_one_voice_does_not_use_its_boxes(server):
    one = {"person1": "json_1.flac"}
    run = server.run(wired(input_json(server, cond_audio=one, audio_type=None), second=False))
    assert json.loads(shown(run, "boxes")) == [{"x": 0, "y": 0, "width": 640, "height": 400}]
    assert "with one voice the bbox is not used" in "\n".join(run.texts)


def test_a_video_of_an_input_json_is_a_video(server):
    with VideoWriter(server.input / "json_talk.mp4", 64, 48, fps=25) as writer:
        writer.append(torch.rand(8, 48, 64, 3))
    text = input_json(server, cond_image=None, cond_video="json_talk.mp4", bbox=None)
    saved = node("SaveVideo", video=["json", 2], filename_prefix="json", format="mp4", codec="h264")
    assert "film" in server.run(wired(text) | {"film": saved}).executed


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"cond_image": "../../secret.png"},
            "no picture or video ../../secret.png in ComfyUI's input folder",
        ),
        ({"cond_image": "/etc/passwd"}, "no picture or video /etc/passwd in ComfyUI's input folder"),
        ({"cond_audio": {"person1": "json_1.flac", "voice2": "x"}}, "names voice2: name person1 to person8"),
        ({"audio_type": "both"}, 'There is no audio type "both": choose "para" or "add".'),
        ({"audio_type": None}, "several voices and no audio_type"),
        ({"bbox": {"person1": [1, 2, 3, 4]}}, "2 voices and boxes of 1 persons"),
        ({"bbox": {"person1": [0, 300, 400, 64], "person2": [0, 0, 9, 9]}}, "[top, left, bottom, right]"),
        ({"tts_audio": {"text": "hi"}, "cond_audio": {}}, "text-to-speech program"),
        ({"cond_audio": {}}, "It names no voice"),
        ({"cond_image": None}, "It names no picture or video"),
    ],
)
def test_an_input_json_that_cannot_be_used(server, changes, sentence):
    failure = server.refuse(wired(input_json(server, **changes)))
    assert sentence in failure.message and failure.node == "json"
