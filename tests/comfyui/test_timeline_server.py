"""What the timeline asks the server for, and what its tables make of everyone's own voice."""

import io
import json
import urllib.error
import urllib.parse
import urllib.request
import wave

import numpy as np
import pytest
from graphs import node, scene
from PIL import Image

from helpers.sound_files import write_sound
from multitalk_core.drawing.palette import speaker_colour

BADGES = 60  # columns with the speakers' numbers
HEADER = "speaker,start,end,voice_of,voice_start\n"


def conversation(turns: str, **changes: object) -> dict:
    """The demo's two voices with a table."""
    graph = scene("unused.png")
    table = {"timing": "table", "timing.turns": HEADER + turns, "timing.names": ""}
    audio = graph["audio"]["inputs"] | table | {"length": "until the voices end"} | changes
    return {
        "demo": graph["demo"],
        "encoder": graph["encoder"],
        "audio": graph["audio"] | {"inputs": {key: each for key, each in audio.items() if each is not None}},
        "lanes": node("PreviewImage", images=["audio", 2]),
        "frames": node("PreviewAny", source=["audio", 3]),
    }


def coloured(server, run, speaker: int) -> np.ndarray:
    """Which columns of the timeline's picture show the voice of a speaker."""
    with Image.open(server.path(run.outputs["lanes"]["images"][0])) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.int16)
    own = np.abs(pixels - speaker_colour(speaker - 1)).max(axis=-1) < 12
    return BADGES + np.flatnonzero(own[:, BADGES:].sum(axis=0) > 4)


def test_a_turn_of_ones_own_voice_is_moved_and_the_film_is_as_long(server):
    run = server.run(conversation("1,0,1,,0\n2,2,2.8,,1.4\n"))
    first, second = coloured(server, run, 1), coloured(server, run, 2)
    assert run.outputs["frames"]["text"] == ["70"]
    assert first.max() < second.min()
    shown = run.outputs["audio"]["multitalk_voices"]
    assert [voice["speaker"] for voice in shown] == [1, 2]
    with wave.open(str(server.path(shown[1])), "rb") as file:
        assert file.getnchannels() == 1 and file.getnframes() / file.getframerate() > 1


def test_an_unplugged_voice_drives_nobody_else(server):
    sockets = {"speaker_2": None}
    message = server.refuse(conversation("1,0,1,,0\n2,1,2,,0", **sockets)).message
    assert "gives 2 a turn at 1 seconds from the voice of speaker 2, who has none" in message
    run = server.run(conversation("1,0,1,,0\n# 2,1,2,,0", **sockets, speakers=2))
    assert not len(coloured(server, run, 2))


def test_one_recording_of_everyone_is_reported(server):
    run = server.run(conversation("1,0,1,,\n2,1,2,,", speaker_2=None))
    sentence = "speaker_1 is the only voice: every turn of the table is cut from it, whoever speaks."
    assert sentence in "\n".join(run.texts)
    assert len(coloured(server, run, 2))


def test_a_voice_without_a_turn_is_reported(server):
    run = server.run(conversation("2,0,1,,1.4"))
    assert "The voice of speaker 1 has no turn in the table and is not heard." in "\n".join(run.texts)


def ask(server, path: str, data: dict | None = None) -> bytes:
    """The body of an answer."""
    body = None if data is None else json.dumps(data).encode()
    with urllib.request.urlopen(f"http://{server.address}{path}", body, timeout=30) as answer:
        return answer.read()


def test_the_server_reads_tables_of_any_form(server):
    rttm = "SPEAKER talk 1 0.5 1.5 <NA> <NA> Anna <NA> <NA>\nSPEAKER talk 1 2 1 <NA> <NA> Ben <NA> <NA>"
    read = json.loads(ask(server, "/multitalk/turns", {"text": rttm, "names": "Ben, Anna"}))
    assert read["names"] == ["Ben", "Anna"]
    assert [(turn["speaker"], turn["start"], turn["end"]) for turn in read["turns"]] == [
        (2, 0.5, 2),
        (1, 2, 3),
    ]
    refused = json.loads(ask(server, "/multitalk/turns", {"text": "Anna,0", "names": ""}))
    assert "neither a header nor a turn" in refused["error"]


def test_a_voice_is_heard_in_the_page_as_the_node_reads_it(server):
    tone = np.full((2, 16000), 0.25, np.float32)
    tone[1] = 0
    write_sound(server.input / "late.wav", [[(0.0, tone)]])
    query = urllib.parse.urlencode({"audio": "late.wav", "channel": "right"})
    with wave.open(io.BytesIO(ask(server, f"/multitalk/voice?{query}"))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert len(samples) == 24000 and not samples.any()


def refusal(server, path: str, body: bytes | None = None) -> tuple[int, str]:
    """The status of an answer that refuses a request, and its sentence."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://{server.address}{path}", body, timeout=30)
    return refused.value.code, json.load(refused.value)["error"]


def test_a_malformed_request_is_answered_with_a_sentence(server):
    bodies = [
        b"",
        b"speaker,start,end",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"text": "1,0,1"}',
        b'{"text": 1, "names": ""}',
        b'{"text": "1,0,1", "names": ["Anna"]}',
        b'{"text": {"text": ""}, "names": null}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b"9" * 5000,
    ]
    answers = {refusal(server, "/multitalk/turns", body) for body in bodies}
    assert [status for status, _ in answers] == [400]
    assert "no JSON of the form" in answers.pop()[1]
    huge = refusal(server, "/multitalk/turns", b'{"text": "' + b"x" * 13_000_000 + b'", "names": ""}')
    assert huge == (400, "The table has more than 2,000,000 characters: split the film.")
    assert refusal(server, "/multitalk/voice?track=1")[1].startswith("The request names no file")


def test_what_is_wrong_within_a_request_is_said_on_the_timeline(server):
    """Not as a failed request, which the browser's console would report."""

    def said(path: str, data: dict | None = None) -> str:
        return json.loads(ask(server, path, data))["error"]

    write_sound(server.input / "said.wav", [[(0.0, np.zeros((1, 1600), np.float32))]])
    assert "surrogate" not in said("/multitalk/turns", {"text": "\ud800", "names": "\udfff"})
    assert "at most 8" in said("/multitalk/turns", {"text": "1,0,1", "names": "a,b,c,d,e,f,g,h,i"})
    assert "2,000,000" in said("/multitalk/turns", {"text": "1,0,1\n" * 400_000, "names": ""})
    for channel in ("sideways", "-1", "2", "\0", "9" * 5000, ""):
        query = urllib.parse.urlencode({"audio": "said.wav", "channel": channel})
        assert "channel" in said(f"/multitalk/voice?{query}")
    assert "there is no file" in said(f"/multitalk/voice?{urllib.parse.urlencode({'audio': chr(0)})}")


@pytest.mark.parametrize("name", ["..", "missing.wav", "../../etc/passwd", "late.wav [nowhere]"])
def test_no_other_file_is_read(server, name):
    refused = json.loads(ask(server, f"/multitalk/voice?{urllib.parse.urlencode({'audio': name})}"))
    assert "there is no file" in refused["error"]
