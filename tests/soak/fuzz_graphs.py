"""Small graphs that work, with every node of ours, their files, and texts that are hostile to one input."""

import json
import shutil
from copy import deepcopy
from pathlib import Path

from comfyui.graphs import Graph, custom_graph, long_video_graph, node, sampler_graph, script_graph
from helpers.signing_keys import write_keys
from multitalk_core.demo.files import EMBEDDED

SCRIPT = "Anna: Good morning."
LINES = "Anna: Hello.\nBen: Hello!\n"
INPUT_JSON = {
    "prompt": "two people talk",
    "cond_image": "fuzz_picture.png",
    "audio_type": "para",
    "cond_audio": {"person1": "fuzz_1.flac", "person2": "fuzz_2.flac"},
}
KEYS = {"key": "ed25519.key.pem", "certificate": "ed25519.cert.pem", "timestamps": "none"}
# By node and input: what the general list has no example of.
HOSTILE_BY_INPUT = {
    "MultiTalkScript.script": (
        "Anna: [pause 1e9] Hello.",
        "Anna: [pause nan] Hello.",
        "Anna: Hello.\n[pause inf]\nAnna: Hello.",
        "Anna: Hello.\n[overlap 61] Ben: Hello.",
        "[reaction -1] Anna: Hello.",
        "[pause 60] " * 9000 + "Anna: Hello.",
        "Anna: x\n" * 20_000,
        LINES * 4000,
        "".join(f"Speaker {number}: Hello.\n" for number in range(9)),
        "9: Hello.",
        f"{'x' * 100_000}: Hello.",
        "Anna: " + "[" * 50_000,
        "Anna: " + "*" * 50_000 + "x",
        "Anna: " + "* _" * 20_000,
        "Anna\ud800: Hello.",
        "Anna: \ud800 Hello.",
        ":" * 50_000,
        "(" * 50_000,
        "\x1b[31mAnna: Hello.",
    ),
    "MultiTalkScript.voices": (
        "Anna = en-us\n" * 2,
        "Anna = " + "x" * 100_000,
        "x" * 100_000 + " = en-us",
        "=" * 50_000,
        "".join(f"{number} = en-us\n" for number in range(20_000)),
        "Anna = \ud800",
        "Anna = en; rm -rf /",
    ),
    "MultiTalkInputJson.text": (
        json.dumps(INPUT_JSON | {"cond_image": "/etc/passwd"}),
        json.dumps(INPUT_JSON | {"cond_image": "../../../etc/passwd"}),
        json.dumps(INPUT_JSON | {"cond_image": "fuzz_1.flac"}),
        json.dumps(INPUT_JSON | {"cond_image": "fuzz_pipe.mp4"}),
        json.dumps(INPUT_JSON | {"cond_image": None, "cond_video": "fuzz_picture.png"}),
        json.dumps(INPUT_JSON | {"cond_audio": {"person1": "fuzz_picture.png"}}),
        json.dumps(
            INPUT_JSON | {"cond_audio": {f"person{number}": "fuzz_1.flac" for number in range(1, 10)}}
        ),
        json.dumps(INPUT_JSON | {"cond_audio": {"person2": "fuzz_1.flac"}}),
        json.dumps(INPUT_JSON | {"bbox": {"person1": [float("nan"), 0, 9, 9], "person2": [0, 0, 9, 9]}}),
        json.dumps(INPUT_JSON | {"bbox": {"person1": [0, 0, 1e308, 9], "person2": "left"}}),
        json.dumps(INPUT_JSON | {"prompt": "\ud800"}),
        json.dumps(INPUT_JSON | {"prompt": 3, "audio_type": "sub"}),
        json.dumps([INPUT_JSON] * 101),
        json.dumps(INPUT_JSON)[:-1] + ', "cond_image": ' + "[" * 50_000,
        '{"prompt": ' + "9" * 5000 + "}",
        "null",
        "[]",
    ),
    "MultiTalkLoadVoice.track": ("0", "-1", "99", "ger", "9" * 5000, "nan", "1.5"),
    "MultiTalkSaveSignedVideo.filename_prefix": (
        "../../outside",
        "/tmp/outside",
        "%date:\0%",
        "%year%/%width%",
        "x" * 300,
        "a/" * 3000,
        "con/nul",
        "video/\ud800",
    ),
}


def write_inputs(base: Path) -> None:
    """The files that the graphs name, in a server's folders."""
    for name, file in (
        ("fuzz_picture.png", "picture.png"),
        ("fuzz_1.flac", "voice_1.flac"),
        ("fuzz_2.flac", "voice_2.flac"),
    ):
        shutil.copyfile(EMBEDDED / file, base / "input" / name)
    write_keys(base / "user" / "__multitalk" / "signing", "ed25519")


def base_graphs(picture: str) -> list[Graph]:
    """Small graphs in which every node of ours works."""
    quick = {"steps": 1, "text_scale": 1.0, "audio_scale": 1.0}
    clip = sampler_graph(picture, **quick)
    clip |= {"binding": node("MultiTalkBindingPreview", images=["sampler", 1], binding=["sampler", 2])}
    film = long_video_graph(picture, **quick, **{"store_clips": False, "stop_after": 1, "retakes": ""})
    del film["images"]
    film["clip_settings"]["inputs"] |= {"watermark": "none", "follow_persons": True}
    parts = custom_graph(picture)
    parts["guider"]["inputs"] |= {"text_scale": 1.0, "audio_scale": 1.0}
    mouths = {
        "mouths": node("MultiTalkMouthsPlot", images=["demo", 0], audio=["audio", 0], picture=["demo", 0])
    }
    stored = {"stored": node("MultiTalkStoredFilms", clear="nothing")}
    named = {
        "voices": node("PreviewAudio", audio=["audio", 1]),
        "marks": node("MaskPreview", mask=["persons", 1]),
    }
    shown = {name: clip[name] for name in ("demo", "picture", "encoder", "audio", "persons")}
    one = {"stored": node("MultiTalkStoredFilms", **{"clear": "one film", "clear.film": "none"})}
    graphs = [clip, film, parts, shown | mouths, stored, one, *option_graphs(shown | named)]
    return [*graphs, *speech_graphs(), signed_graph(), doctor_graph(clip)]


def speech_graphs() -> list[Graph]:
    """A script that a program speaks, one whose line is recorded, and voices from files."""
    recorded = {name: each for name, each in script_graph(SCRIPT).items() if name != "tts"} | {
        "demo": node("MultiTalkDemo")
    }
    recorded["join"]["inputs"]["sounds"] = ["demo", 1]
    voice = {
        "voice": node("MultiTalkLoadVoice", audio="fuzz_1.flac", track="", channel="all"),
        "sound": node("PreviewAudio", audio=["voice", 0]),
    }
    given = {
        "json": node("MultiTalkInputJson", text=json.dumps(INPUT_JSON), film=1),
        "seen": node("PreviewImage", images=["json", 1]),
        "sound": node("PreviewAudio", audio=["json", 3]),
        "boxes": node("PreviewAny", source=["json", 5]),
    }
    return [script_graph(SCRIPT), recorded, voice, given]


def signed_graph() -> Graph:
    """A video that is saved signed, and dubbed from itself."""
    return {
        "demo": node("MultiTalkDemo"),
        "video": node("CreateVideo", images=["demo", 0], fps=25.0),
        "signed": node(
            "MultiTalkSaveSignedVideo",
            video=["video", 0],
            filename_prefix="fuzz/signed",
            dubbed=["video", 0],
            **KEYS,
        ),
    }


def doctor_graph(clip: Graph) -> Graph:
    """The doctor, of what a sampler takes."""
    taken = ("model", "audio_adapter", "audio", "persons", "positive", "negative", "vae", "picture")
    given = {name: clip["sampler"]["inputs"][name] for name in taken}
    graph = {name: each for name, each in clip.items() if name not in ("sampler", "save", "binding")}
    graph = {name: each for name, each in graph.items() if not name.endswith("_settings")}
    return graph | {"doctor": node("MultiTalkDoctor", **given)}


def option_graphs(scene: Graph) -> list[Graph]:
    """The scene with each option of its nodes chosen, and all that goes with it."""
    turns = {"timing": "table", "timing.turns": "speaker,start,end\n1,0,0.5", "timing.names": ""}
    choices = [
        ("audio", {"timing": "in turn", "timing.gap": 0.0, "length": "seconds", "length.seconds": 1.0}),
        ("audio", turns | {"length": "until the voices end"}),
        ("persons", {"method": "masks", "method.person_1": ["mask", 0], "method.allow_overlap": True}),
        ("persons", {"method": "boxes", "method.boxes": ["demo", 3], "method.order": "given"}),
        ("persons", {"method": "automatic", "method.persons": 2, "method.model": "faces"}),
    ]
    graphs = [scene]
    for name, chosen in choices:
        graph = deepcopy(scene) | {"mask": node("SolidMask", value=1.0, width=640, height=400)}
        graph[name]["inputs"] |= chosen
        if chosen.get("timing") == "table":
            del graph[name]["inputs"]["speaker_2"]
        graphs.append(graph)
    return graphs
