"""The doctor's check of the kernels: right ones pass, a broken one fails by itself, also on a CPU."""

import importlib
import re
from collections.abc import Callable

import pytest
import torch

from multitalk_core.doctor.checkup import Checkup
from multitalk_core.doctor.kernel_check import kernels
from multitalk_core.doctor.report_line import ReportLine, Verdict

KERNELS = ["localize", "labels", "frame_attention"]
means = importlib.import_module("multitalk_core.kernels.localize")._means


def checked(dtype: torch.dtype = torch.float32) -> list[ReportLine]:
    checkup = Checkup((), lambda line: None)
    checkup.run("Kernels", kernels(torch.device("cpu"), dtype, heads=2, channels=64))
    return checkup.sections["Kernels"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_right_kernels_pass_with_the_error_of_their_precision(dtype):
    lines = checked(dtype)
    assert [line.sentence.split()[0] for line in lines] == KERNELS
    assert all(line.verdict is Verdict.PASS for line in lines)
    errors = [float(re.search(r"against float64 is ([\d.e+-]+),", line.sentence)[1]) for line in lines]
    assert all(0 < error < (1e-5 if dtype is torch.float32 else 1e-2) for error in errors)


@pytest.mark.parametrize(
    ("kernel", "module", "function", "broken"),
    [
        ("localize", "localize", "_means", lambda sums, masks, heads: means(sums.flip(1), masks, heads)),
        ("labels", "token_labels", "normalised_similarity", lambda similarity: similarity),
        ("frame_attention", "frame_attention", "rotate", lambda vectors, labels: vectors),
        ("localize", "localize", "_means", lambda *given: means(*given) * torch.nan),
    ],
)
def test_a_broken_kernel_fails_by_itself(
    kernel: str, module: str, function: str, broken: Callable, monkeypatch
):
    monkeypatch.setattr(importlib.import_module(f"multitalk_core.kernels.{module}"), function, broken)
    found = [line for line in checked() if line.verdict is Verdict.FAIL]
    assert [line.sentence.split()[0] for line in found] == [kernel]
    assert "is wrong on this device" in found[0].sentence
