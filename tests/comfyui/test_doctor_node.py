"""MultiTalk Doctor on a real ComfyUI server: with the demo's weights, and with a damaged adapter."""

import math
import re

import pytest
from graphs import node, scene
from PIL import Image
from safetensors.torch import load_file, save_file

from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

SECTIONS = ["Versions", "Models", "Machine", "Kernels", "Persons", "Trial film", "Costs"]


@pytest.fixture(scope="module")
def graph(server, tmp_path_factory):
    path = tmp_path_factory.mktemp("doctor") / "doctor.png"
    Image.open(EMBEDDED / "picture.png").convert("RGB").save(path)
    return scene(server.upload(path)) | {
        "doctor": node(
            "MultiTalkDoctor",
            model=["model", 0],
            audio_adapter=["adapter", 0],
            audio=["audio", 0],
            persons=["persons", 0],
            positive=["demo", 4],
            negative=["demo", 5],
            vae=["vae", 0],
            picture=["picture", 0],
        )
    }


def test_the_demo_weights_pass_and_the_report_is_saved(server, graph):
    run = server.run(graph)
    (text,) = run.outputs["doctor"]["text"]
    assert re.findall("^## (.*)$", text, re.MULTILINE) == SECTIONS and "**fail**" not in text
    shown = run.texts[-1]  # on the node, which knows no Markdown
    assert re.findall("^(.*):$", shown, re.MULTILINE) == ["MultiTalk doctor", *SECTIONS]
    assert "\npass: " in shown and "**" not in shown
    for name in ("voices exchanged", "silent voices"):
        assert re.search(rf"a film with {name} differs by [1-9\d.]+%", text)
    saved = sorted((server.base / "output" / "MultiTalk").glob("doctor_*.md"))
    assert saved[-1].read_text(encoding="utf-8") == text
    assert "two people talk" not in text and str(server.base) not in text


def test_a_damaged_adapter_fails_and_the_other_checks_run(server, graph):
    tensors = load_file(EMBEDDED / EMBEDDED_FILES["adapter"])
    tensors["blocks.0.norm_x.weight"][3] = math.nan
    folder = server.models / "model_patches"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "nan.safetensors")
    adapter = node("MultiTalkAudioAdapterLoader", adapter="nan.safetensors", dtype="as stored")
    (text,) = server.run(graph | {"adapter": adapter}).outputs["doctor"]["text"]
    assert re.findall("^## (.*)$", text, re.MULTILINE) == SECTIONS
    (found,) = [line for line in text.splitlines() if "**fail**" in line]
    assert "adapter has numbers that are not finite, first in blocks.0.norm_x.weight" in found
    assert "The trial film was not made" in text and "localize is" in text
