"""A farm's films say that they are synthetic, and are signed where the graph and the user's folder say so."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from helpers.exiftool import sources
from helpers.running_farm import PACK, RunningFarm, entries, job_list, tiny_graph

pytest.importorskip("ray")
TRAINED = "trainedAlgorithmicMedia"
WRITE_KEYS = """
import sys
from pathlib import Path
from helpers.signing_keys import write_keys
write_keys(Path(sys.argv[1]))
"""


@pytest.fixture
def comfyui_python(comfyui):
    """Run ComfyUI's interpreter, which has what signs and reads films: its output."""

    def run(*arguments: object) -> str:
        environment = os.environ | {"PYTHONPATH": f"{PACK}:{PACK / 'tests'}"}
        line = [str(comfyui.python), *map(str, arguments)]
        return subprocess.run(
            line, cwd=PACK, env=environment, capture_output=True, text=True, check=True
        ).stdout

    try:
        run("-c", "import c2pa, cryptography")
    except subprocess.CalledProcessError:
        pytest.skip(f"no c2pa-python or cryptography in {comfyui.python}")
    return run


def test_a_film_is_marked_and_signed_and_one_flipped_byte_is_invalid(comfyui_python, tmp_path):
    output, user = tmp_path / "out", tmp_path / "user"
    keys = user / "__multitalk" / "signing"
    keys.mkdir(parents=True)
    comfyui_python("-c", WRITE_KEYS, keys)
    graph = json.loads(tiny_graph(tmp_path, 17).read_text())
    (film,) = (number for number, node in graph.items() if node["class_type"] == "MultiTalkLongVideo")
    video = next(node["inputs"]["video"] for node in graph.values() if node["class_type"] == "SaveVideo")
    inputs = {"video": video, "filename_prefix": "signed", "timestamps": "none"}
    inputs |= {"key": "es256.key.pem", "certificate": "es256.cert.pem"}
    graph["signed"] = {"class_type": "MultiTalkSaveSignedVideo", "inputs": inputs}
    jobs = job_list(tmp_path, {"id": "talk", "graph": graph, "overrides": {f"{film}.seed": 7}})
    with RunningFarm(output, jobs, "--user-folder", user) as farm:
        assert farm.ended() == 0, farm.lines
    (result,) = entries(output / "results.jsonl")
    signed, saved = sorted(
        (output / "films" / "talk" / name for name in result["files"]),
        key=lambda path: not path.name.startswith("signed"),
    )

    def origin(path: Path) -> dict:
        return json.loads(comfyui_python("-m", "multitalk_core", "inspect", path, "--json", "-"))["origin"]

    assert set(sources(signed).values()) == set(sources(saved).values()) == {TRAINED}
    found = origin(signed)
    assert found["synthetic"] and found["signature"]["state"] == "Valid", found
    assert set(found["marks"]) == {"metadata", "XMP", "C2PA"}
    plain = origin(saved)
    assert plain["synthetic"] and plain["signature"] is None, plain
    content = bytearray(signed.read_bytes())
    content[content.index(b"mdat") + 100] ^= 1
    signed.write_bytes(content)
    assert origin(signed)["signature"]["state"] == "Invalid"
