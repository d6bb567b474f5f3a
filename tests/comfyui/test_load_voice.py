"""MultiTalk Load Voice, and voices that have no sound, on a real ComfyUI server."""

from pathlib import Path

import numpy as np
import pytest
from graphs import node, scene

from helpers.sound_files import write_sound, write_video
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.demo.files import EMBEDDED

RATE = 16000


def loaded(**inputs) -> dict:
    values = {"audio": "talk.mka", "track": "", "channel": "all"} | inputs
    return {
        "voice": node("MultiTalkLoadVoice", **values),
        "sound": node("SaveAudio", audio=["voice", 0], filename_prefix="voice"),
    }


def samples(server, run) -> np.ndarray:
    return read_audio(server.path(run.outputs["sound"]["audio"][0])).samples


@pytest.fixture
def talk(server) -> Path:
    """Two tracks: the default one is the second, which starts late, has a hole and a voice on the right."""
    path = server.input / "talk.mka"
    silence, voice = np.zeros((2, RATE)), np.stack([np.zeros(RATE // 2), np.full(RATE // 2, 0.25)])
    write_sound(path, [[(0.0, silence)], [(0.5, voice), (1.5, voice)]], default=1, languages=["eng", "ger"])
    return path


def test_a_voice_is_loaded_as_a_player_plays_it(server, talk):
    sound = samples(server, server.run(loaded()))
    assert sound.shape == (2, 2 * RATE) and not sound[0].any()
    played = np.flatnonzero(sound[1]) / RATE
    assert (played[0], played[-1]) == pytest.approx((0.5, 2.0), abs=1e-3)
    assert not sound[1, RATE + 10 : int(1.5 * RATE) - 10].any()


def test_a_track_and_a_channel_are_chosen(server, talk):
    assert samples(server, server.run(loaded(channel="right"))).shape == (1, 2 * RATE)
    assert not samples(server, server.run(loaded(channel="left", track="2"))).any()
    assert samples(server, server.run(loaded(track="ENG"))).shape == (2, RATE)
    failure = server.refuse(loaded(track="fre"))
    assert failure.node == "voice" and "no sound track fre: choose from 1 (eng), 2 (ger)" in failure.message


def test_another_content_under_the_same_name_is_read_again(server, talk):
    server.run(loaded())
    assert "voice" in server.run(loaded()).cached
    write_sound(talk, [[(0.0, np.full((1, RATE), 0.5))]])
    assert samples(server, server.run(loaded())).shape == (1, RATE)


def test_what_is_left_out_is_shown(server, talk):
    (server.input / "hole.mp3").write_bytes(damaged_mp3(server.input / "whole.mp3"))
    before = server.log.read_text()
    server.run(loaded(audio="hole.mp3"))
    assert "damaged and left out, at second" in server.log.read_text()[len(before) :]


def damaged_mp3(path: Path) -> bytes:
    write_sound(path, [[(0.0, np.sin(np.arange(2 * RATE) / 9)[None])]], codec="libmp3lame")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 700] = bytes(700)
    return bytes(content)


@pytest.mark.parametrize(
    "name", ["missing.wav", "../secret.wav", "talk\0.wav", "", "\ud800.wav", "/etc/passwd", 3, "folder.wav"]
)
def test_files_that_are_not_there_are_refused_when_the_graph_is_queued(server, talk, name):
    (server.input / "folder.wav").mkdir(exist_ok=True)
    failure = server.refuse(loaded(audio=name))
    assert failure.node == "voice" and "audio" in failure.message and "Traceback" not in failure.message
    assert server.run(loaded()).failure is None


def test_a_video_without_sound_names_the_speaker_and_the_video(server):
    write_video(server.input / "silent.mp4")
    graph = scene(server.upload(EMBEDDED / "picture.png"))
    graph = {name: graph[name] for name in ("demo", "encoder", "audio")}
    graph["video"] = node("LoadVideo", file="silent.mp4")
    graph["parts"] = node("GetVideoComponents", video=["video", 0])
    graph["frames"] = node("PreviewAny", source=["audio", 3])
    for number in (1, 2):
        inputs = {**graph["audio"]["inputs"], f"speaker_{number}": ["parts", 1]}
        failure = server.refuse({**graph, "audio": {**graph["audio"], "inputs": inputs}})
        assert f"speaker_{number}: the video silent.mp4 has no sound" in failure.message


def test_the_page_offers_sounds_and_videos(server, talk):
    write_video(server.input / "silent.mp4")
    (server.input / "notes.txt").write_text("no sound")
    info = server.get("/object_info/MultiTalkLoadVoice")["MultiTalkLoadVoice"]
    options = info["input"]["required"]["audio"]
    names = options[1]["options"]
    assert {"talk.mka", "silent.mp4"} <= set(names) and not {"notes.txt", "folder.wav"} & set(names)
    assert options[1]["audio_upload"]


def encoded(*voices: str) -> dict:
    """The voices of files, mixed; the first one through ComfyUI's own loader."""
    graph = {name: scene("")[name] for name in ("encoder", "audio")}
    for number, file in enumerate(voices, start=1):
        inputs = {"audio": file} if number == 1 else {"audio": file, "track": "", "channel": "all"}
        graph[f"voice_{number}"] = node("LoadAudio" if number == 1 else "MultiTalkLoadVoice", **inputs)
        graph["audio"]["inputs"][f"speaker_{number}"] = [f"voice_{number}", 0]
    graph["sound"] = node("SaveAudio", audio=["audio", 1], filename_prefix="mix")
    return graph


def test_a_loud_mix_is_lowered_and_told(server):
    loud = 0.9 * np.sin(np.arange(RATE) / 9)[None]
    files = [write_sound(server.input / f"loud_{number}.wav", [[(0.0, loud)]]).name for number in (1, 2)]
    before = server.log.read_text()
    assert 0.9 < np.abs(samples(server, server.run(encoded(*files)))).max() < 1.0
    assert "lowered by 5.4 dB" in server.log.read_text()[len(before) :]


def test_opposite_channels_name_the_speaker_and_a_way_out(server):
    tone = 0.4 * np.sin(np.arange(RATE) / 9)
    opposite = write_sound(server.input / "opposite.wav", [[(0.0, np.stack([tone, -tone]))]]).name
    mono = write_sound(server.input / "mono.wav", [[(0.0, tone[None])]]).name
    for number, files in ((1, (opposite, mono)), (2, (mono, opposite))):
        failure = server.refuse(encoded(*files))
        assert f"speaker {number} is silent in mono" in failure.message
        assert "MultiTalk Load Voice" in failure.message
