"""The reference implementation's numbers through the whole method, its kernels in Triton's interpreter."""

import json
import os
from pathlib import Path

import pytest
import torch

pytest.importorskip("triton", reason="make kernels")
if os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("make kernels", allow_module_level=True)

import golden
from multitalk_core.kernels import Way
from multitalk_core.kernels.way import only

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = [
    case
    for case in json.loads((GOLDEN / "manifest.json").read_text())["cases"]
    if case["case"] in golden.WAYS
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
@torch.inference_mode()
def test_case(case):
    with only(Way.TRITON):
        error, where = golden.check_case(golden.CASES[case["case"]], case, GOLDEN)
    assert error <= golden.TOLERANCE, where
