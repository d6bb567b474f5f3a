"""A script through a text-to-speech node to a film, on a real ComfyUI with the real eSpeak NG."""

import csv
import shutil

import av
import numpy as np
import pytest
from graphs import long_video_graph, node, script_graph

from multitalk_core.demo.files import EMBEDDED

SCRIPT = """\
Anna: Good morning.
Ben: Hello!
[pause 0.48]
Anna: How are you?
[overlap 0.24]
Ben: Fine.
[reaction] Anna: Mhm."""
CAST = "Anna = en-us+f3\nBen = en-us+m3"
FPS = 25
without_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="no espeak-ng here")


def spoken(script: str = SCRIPT, voices: str = CAST) -> dict:
    return script_graph(script, voices)


def turns_of(run) -> list[dict]:
    return list(csv.DictReader(run.outputs["turns"]["text"][0].splitlines()))


def times(turn: dict) -> tuple[float, float]:
    return float(turn["start"]), float(turn["end"])


@without_espeak
def test_a_script_becomes_a_film_through_any_text_to_speech_node(server):
    """The node has a list of voices, as most have; overlap, pause and reaction land to a frame."""
    graph = long_video_graph(server.upload(EMBEDDED / "picture.png", "script.png"), length=0) | spoken()
    audio = graph["audio"]["inputs"]
    del audio["speaker_2"], audio["length.frames"]
    table = {"timing": "table", "timing.turns": ["join", 1], "timing.names": ""}
    audio |= {"speaker_1": ["join", 0], "length": "until the voices end", **table}
    graph["film"]["inputs"] |= {"steps": 1, "text_scale": 1.0, "audio_scale": 1.0}
    run = server.run(graph)
    turns = turns_of(run)
    assert [turn["speaker"] for turn in turns] == ["Anna", "Ben", "Anna", "Ben", "Anna"]
    (_, hello), (how, are_you), (fine, ended), (mhm, _) = (times(turn) for turn in turns[1:])
    assert how - hello == pytest.approx(0.48, abs=1e-5) and are_you - fine == pytest.approx(0.24, abs=1e-5)
    assert mhm >= are_you  # nobody says two things at once
    assert fine < mhm < ended + 1 / FPS
    assert "By the script, speaker 1 is Anna (3 lines), speaker 2 is Ben (2 lines)" in "\n".join(run.texts)
    (shown,) = run.outputs["save"]["images"]
    with av.open(str(server.path(shown))) as film:
        assert film.streams.video[0].frames == int(max(times(turn)[1] for turn in turns) * FPS)
        rate = film.streams.audio[0].rate
        sound = np.abs(np.concatenate([frame.to_ndarray()[0] for frame in film.decode(audio=0)]))

    def loud(start: float, end: float) -> float:
        return float(sound[round(start * rate) : round(end * rate)].max())

    assert loud(hello + 2 / FPS, how - 2 / FPS) < 0.02 < loud(how + 2 / FPS, are_you - 2 / FPS)


@without_espeak
def test_only_the_voice_of_its_own_line_drives_each_speaker(server):
    """Where two speak at once, the recording has one after the other."""
    turns = turns_of(server.run(spoken("Anna: One two three four.\n[overlap 0.5] Ben: Five six.")))
    (start, end), (other, _) = (times(turn) for turn in turns)
    assert end - other == pytest.approx(0.5, abs=1e-5)
    begins = [float(turn["voice_start"]) for turn in turns]
    assert begins[1] >= begins[0] + end - start and {turn["voice_of"] for turn in turns} == {"1"}


def test_a_wrong_script_is_reported_with_its_line_when_it_is_queued(server):
    for script, words in [
        ("Anna: Hi.\n[puase 1]\nBen: Ho.", "script: Line 2 of the script: [puase 1] is no instruction"),
        ("just words", "script: Line 1 of the script has no speaker (just words)"),
        ("", "script: Nobody says anything in the script"),
    ]:
        failure = server.refuse(spoken(script))
        assert failure.node == "script" and words in failure.message
    failure = server.refuse(spoken(voices="Anna af_heart"))
    assert "voices: Line 1 of voices is Anna af_heart: write a name and its voice" in failure.message


def test_sounds_that_do_not_fit_the_lines_are_refused(server):
    graph = spoken()
    graph["tts"] = node("MultiTalkDemo")
    graph["join"]["inputs"]["sounds"] = ["tts", 1]
    assert "sounds: there are 1 for the 5 lines of the script" in server.refuse(graph).message
    graph = spoken("Anna: Hi.")
    graph["tts"] = node("EmptyAudio", duration=1.0, sample_rate=16000, channels=1)
    assert "sounds: Line 1 of the script (Anna) is silent" in server.refuse(graph).message
    graph["join"]["inputs"]["gap"] = float("nan")
    assert "gap" in server.refuse(graph).message
