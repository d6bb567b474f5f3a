"""What the kernels compile to for six architectures: recorded figures, and the code compared with them."""

import json
import os

import pytest

from tools import kernel_figures

RECORDED = json.loads(kernel_figures.FIGURES.read_text())
SPILLS_ALLOWED = {"90": 16}  # instructions: a sweep on an H100 found these launches the fastest
CASES = [
    (version, name, architecture, figures)
    for version, kernels in RECORDED["triton"].items()
    for name, architectures in kernels.items()
    for architecture, figures in architectures.items()
]


def test_the_figures_are_of_these_kernels():
    advice = "run tools/kernel_figures.py --write in .venv-kernels"
    assert RECORDED["sources"] == kernel_figures.sources_digest(), advice


@pytest.mark.parametrize("version, name, architecture, figures", CASES)
def test_no_kernel_spills_more_than_where_it_was_timed_and_each_fits_its_card(
    version, name, architecture, figures
):
    assert figures["spills"] <= SPILLS_ALLOWED.get(architecture, 0)
    assert figures["stack"] <= 4 * SPILLS_ALLOWED.get(architecture, 0)
    assert figures["shared"] <= kernel_figures.SHARED_LIMITS[int(architecture)]
    if name.startswith(("localize", "frame attention")):
        assert figures["tensor_core"] > 0 and figures["wide_loads"] > 0


def test_the_figures_are_what_triton_makes_here():
    triton = pytest.importorskip("triton", reason="make kernels")
    if os.environ.get("TRITON_INTERPRET") == "1":
        pytest.skip("the interpreter compiles nothing")
    if triton.__version__ not in RECORDED["triton"]:
        pytest.skip(f"nothing is recorded for Triton {triton.__version__}")
    assert kernel_figures.measured() == RECORDED["triton"][triton.__version__]
