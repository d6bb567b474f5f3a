"""The Triton kernels in Triton's interpreter, on random shapes, against float64. `make kernels` runs them."""

import os

import pytest

pytest.importorskip("triton", reason="make kernels")
if os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("make kernels", allow_module_level=True)

from multitalk_core.kernels import configs

SMALL = configs.Config(tokens=32, keys=16, warps=4, stages=1)
