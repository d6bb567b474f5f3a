"""tools/gpu_day.py in ComfyUI's own interpreter: its conditions on two cards, for which a CPU stands in."""

import json
import subprocess
from pathlib import Path

import pytest
from comfy_server import find_comfyui

from tools.gpu_day.two_cards import SPLIT, WAYS

TOOL = Path(__file__).parents[2] / "tools" / "gpu_day.py"


def test_conditions_of_a_step_on_two_cards(tmp_path):
    found = find_comfyui()
    if found is None:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")
    comfyui, python = found
    asked = ["--part", "two-cards", "--device", "cpu", "--tiny", "--comfyui", comfyui, "--output", "day"]
    run = subprocess.run([python, TOOL, *asked], cwd=tmp_path, capture_output=True, text=True)
    known = json.loads((tmp_path / "day" / "two-cards.json").read_text())
    assert run.returncode == 0, known["failed"]
    split = known["items"][SPLIT]
    assert split["adapters"] == ["cpu", "cpu:0"] and split["error"] < 1e-5
    assert split["one"]["ms"] > 0 and split["two"]["ms"] > 0
    assert {*WAYS} <= {*known["items"], *known["skipped"]}  # with diffusers, or it is named
