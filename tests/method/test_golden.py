"""The reference implementation's numbers, case by case, and the runner's own verdicts."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import golden

GOLDEN = Path(__file__).parents[1] / "golden"
MANIFEST = json.loads((GOLDEN / "manifest.json").read_text())


@pytest.mark.parametrize("case", MANIFEST["cases"], ids=lambda case: case["case"])
@torch.inference_mode()
def test_case(case: dict) -> None:
    name = case["case"]
    if name in golden.SKIPPED:
        pytest.skip(golden.SKIPPED[name])
    error, where = golden.check_by_every_way(name, case, GOLDEN)
    assert error <= golden.TOLERANCES.get(name, golden.TOLERANCE), where


def test_the_runner_names_a_wrong_number(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    case = next(case for case in MANIFEST["cases"] if case["case"] == "lrope")
    tensors = load_file(GOLDEN / case["file"])
    tensors["output"][0, 0, 0, 0] += 1e-3
    save_file(tensors, tmp_path / case["file"])
    (tmp_path / "manifest.json").write_text(json.dumps({"cases": [case]}))
    assert golden.main(tmp_path) == 1
    assert "FAILED" in capsys.readouterr().out
    shutil.copy(GOLDEN / case["file"], tmp_path)
    assert golden.main(tmp_path) == 0
