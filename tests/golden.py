"""Check the core's public functions against numbers of the reference implementation.

    python tests/golden.py DIR

DIR holds manifest.json and safetensors in the format of tests/golden. One line a case with its
relative error, max|a − b| / max|b|; indices and decisions must be equal. Exit code 1 beyond tolerance.
Cases that go through the kernels are computed by every way that runs on a CPU.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))  # runs from a clone where nothing is installed

from safetensors.torch import load_file
from torch import Tensor

from golden_cases import CASES, SKIPPED
from multitalk_core.kernels import Way
from multitalk_core.kernels.way import only

TOLERANCE = 1e-5
# The released colour match runs scikit-image in float32: against float64 that alone is off by up to 1e-5.
TOLERANCES = {"colour": 5e-5}

# Triton's way runs in its interpreter: tests/kernels/test_golden_by_triton.py.
WAYS = dict.fromkeys(
    ("localization", "audio_cross_attention", "dit_block", "dit_model"), (Way.TWIN, Way.SDPA)
)

# What a case yields: a name, what the core gives, what the reference implementation gave.
Comparison = tuple[str, Tensor, Tensor]


def relative_error(ours: Tensor, released: Tensor) -> float:
    """max|a − b| / max|b|, infinite for different shapes or any difference of integers."""
    if ours.shape != released.shape:
        return float("inf")
    if not released.is_floating_point():
        return 0.0 if torch.equal(ours.to(released.dtype), released) else float("inf")
    difference = (ours.double() - released.double()).abs().max()
    error = float(difference / released.double().abs().max().clamp(min=1e-30))
    return error if error == error else float("inf")


def check_case(compare: Callable[..., Iterator[Comparison]], case: dict, folder: Path) -> tuple[float, str]:
    """Largest relative error of a case and the name of the value that has it."""
    tensors = load_file(folder / case["file"])
    worst, where = 0.0, "nothing compared"
    for name, ours, released in compare(case["config"], tensors, case):
        error = relative_error(ours, released)
        if error >= worst:
            worst, where = error, name
    return (float("inf"), where) if where == "nothing compared" else (worst, where)


def check_by_every_way(name: str, case: dict, folder: Path) -> tuple[float, str]:
    """The same for a case of CASES, by every way of the kernels that it goes through."""
    if name not in WAYS:
        return check_case(CASES[name], case, folder)
    found = []
    for way in WAYS[name]:
        with only(way):
            error, where = check_case(CASES[name], case, folder)
        found.append((error, f"{where} by {way}"))
    return max(found)


def main(folder: Path) -> int:
    """Check every case of a folder; the exit code."""
    manifest = json.loads((folder / "manifest.json").read_text())
    failed = 0
    for case in manifest["cases"]:
        name = case["case"]
        if name in SKIPPED:
            print(f"{name:24} skipped: {SKIPPED[name]}")
        elif name not in CASES:
            print(f"{name:24} FAILED  no comparison is written for it")
            failed += 1
        else:
            try:
                error, where = check_by_every_way(name, case, folder)
            except Exception as broken:  # one case must not hide the others
                error, where = float("inf"), repr(broken)
            within = error <= TOLERANCES.get(name, TOLERANCE)
            verdict = "ok" if within else "FAILED"
            failed += not within
            print(f"{name:24} {verdict:7} {error:.1e}  (largest at {where})")
    if not manifest["cases"]:
        print(f"{folder} has no cases")
    return 1 if failed or not manifest["cases"] else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with torch.inference_mode():
        sys.exit(main(Path(sys.argv[1])))
