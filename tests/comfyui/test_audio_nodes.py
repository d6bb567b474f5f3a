"""Audio encoder loader, audio encoder and its timeline, on a real ComfyUI."""

import json

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from multitalk_core.audio.sound_file import read_audio
from multitalk_core.demo.files import EMBEDDED

ONE, TWO = (read_audio(EMBEDDED / f"voice_{number}.flac").seconds for number in (1, 2))
FPS = 25
DEMO_ENCODER = "multitalk_demo_wav2vec2.safetensors"


def conversation(**inputs) -> dict:
    """The demo's voices, encoded; what comes out is shown by ComfyUI's own nodes."""
    encode = {
        "audio_encoder": ["encoder", 0],
        "speaker_1": ["demo", 1],
        "speaker_2": ["demo", 2],
        "timing": "together",
        "length": "until the voices end",
        "speakers": 0,
        "normalise_loudness": True,
        "fps": 25.0,
        "seconds_per_piece": 0.0,
    } | inputs
    return {
        "demo": {"class_type": "MultiTalkDemo", "inputs": {}},
        "encoder": {
            "class_type": "MultiTalkAudioEncoderLoader",
            "inputs": {"audio_encoder": DEMO_ENCODER},
        },
        "encode": {
            "class_type": "MultiTalkAudioEncoder",
            "inputs": {name: value for name, value in encode.items() if value is not None},
        },
        "frames": {"class_type": "PreviewAny", "inputs": {"source": ["encode", 3]}},
        "sound": {"class_type": "PreviewAudio", "inputs": {"audio": ["encode", 1]}},
    }


def frames(run) -> int:
    return int(run.outputs["frames"]["text"][0])


def seconds_of_sound(server, run) -> float:
    import av

    with av.open(str(server.path(run.outputs["sound"]["audio"][0]))) as container:
        return float(container.duration / av.time_base)


def test_voices_together_last_as_long_as_the_longest(server):
    run = server.run(conversation())
    longest = int(max(ONE, TWO) * FPS)
    assert frames(run) == longest
    assert seconds_of_sound(server, run) == pytest.approx(longest / FPS, abs=0.03)
    with Image.open(server.path(run.outputs["encode"]["images"][0])) as picture:
        lanes = np.asarray(picture.convert("RGB"))
    # Each lane shows its own voice in its own colour.
    assert lanes.shape[1] >= 1000
    assert len({tuple(colour) for colour in lanes.reshape(-1, 3)}) > 10


def test_voices_in_turn(server):
    run = server.run(conversation(**{"timing": "in turn", "timing.gap": 0.5}))
    assert frames(run) == int((ONE + 0.5 + TWO) * FPS)


def test_table_of_one_recording(server):
    table = json.dumps(
        [{"speaker": "Ann", "start": 0, "end": 1}, {"speaker": "Bo", "start": 1.2, "end": 2.5}]
    )
    inputs = {"timing": "table", "timing.turns": table, "timing.names": "Bo, Ann, Cy"}
    run = server.run(conversation(**inputs, **{"speaker_2": None}))
    assert frames(run) == int(ONE * FPS)


def test_given_length_in_frames_and_in_seconds(server):
    assert frames(server.run(conversation(**{"length": "frames", "length.frames": 49}))) == 49
    run = server.run(conversation(**{"length": "seconds", "length.seconds": 4.0}))
    assert frames(run) == 100
    assert seconds_of_sound(server, run) == pytest.approx(4.0, abs=0.03)


def lanes_height(server, graph):
    with Image.open(server.path(server.run(graph).outputs["encode"]["images"][0])) as picture:
        return picture.height


def test_speaker_without_a_voice_listens(server):
    run = server.run(conversation(**{"speaker_1": None, "speakers": 3}))
    with Image.open(server.path(run.outputs["encode"]["images"][0])) as three:
        assert three.height > lanes_height(server, conversation())
    assert "Speakers 1, 3 say nothing and listen." in run.texts


def test_a_voice_after_a_gap_stays_the_third(server):
    run = server.run(conversation(**{"speaker_2": None, "speaker_3": ["demo", 2]}))
    assert "Speaker 2 says nothing and listens." in run.texts
    with Image.open(server.path(run.outputs["encode"]["images"][0])) as three:
        assert three.height > lanes_height(server, conversation())


def test_only_what_changed_runs_again(server):
    server.run(conversation())
    run = server.run(conversation(**{"length": "frames", "length.frames": 33}))
    assert {"demo", "encoder"} <= run.cached
    assert "encode" in run.executed


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"speaker_1": None, "speaker_2": None}, "speaker_1: no speaker has a voice"),
        ({"speakers": 1}, "speakers is 1, but there is a voice for speaker 2"),
        (
            {"timing": "table", "timing.turns": "1,0,1\n3,1,2", "timing.names": ""},
            "timing.turns: The table gives 3 a turn at 1 seconds from the voice of speaker 3, who has none",
        ),
        (
            {"speaker_2": None, "timing": "table", "timing.turns": "1,2", "timing.names": ""},
            "neither a header nor a turn (1, 2)",
        ),
        (
            {
                "speaker_2": None,
                "timing": "table",
                "timing.turns": "speaker,start,end\n1,0,99",
                "timing.names": "",
            },
            "within the recording",
        ),
        (
            {
                "speaker_2": None,
                "timing": "table",
                "timing.turns": "speaker,start,end\n2,0,1",
                "timing.names": "",
                "speakers": 1,
            },
            "timing.turns: it needs 2 speakers, but speakers is 1",
        ),
        ({"fps": 0.0}, "fps is 0.0: give a number from 1.0 to 60.0"),
    ],
)
def test_what_cannot_be_encoded_is_refused_in_a_sentence(server, inputs, sentence):
    failure = server.refuse(conversation(**inputs))
    assert failure.node == "encode"
    assert sentence in failure.message


def test_hugging_face_folder_serves_as_well(server):
    folder = server.models / "audio_encoders" / "hugging_face"
    folder.mkdir(parents=True)
    weights = EMBEDDED / "audio_encoders" / DEMO_ENCODER
    (folder / "model.safetensors").write_bytes(weights.read_bytes())
    with safe_open(weights, "pt") as opened:
        (folder / "config.json").write_text(opened.metadata()["config"])
    graph = conversation(**{"length": "frames", "length.frames": 25})
    graph["encoder"]["inputs"]["audio_encoder"] = "hugging_face"
    assert frames(server.run(graph)) == 25


def test_file_that_is_no_audio_encoder_is_refused(server):
    folder = server.models / "audio_encoders"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.safetensors").write_text("<!doctype html>")
    graph = conversation()
    graph["encoder"]["inputs"]["audio_encoder"] = "page.safetensors"
    failure = server.refuse(graph)
    assert failure.node == "encoder"
    assert "is a web page" in failure.message
