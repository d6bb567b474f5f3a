"""The Triton kernels in Triton's interpreter, on random shapes, against float64. `make kernels` runs them."""

import os

import pytest
import torch

pytest.importorskip("triton", reason="make kernels")
if os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("make kernels", allow_module_level=True)

from kernels.exact import (
    SCHEMES,
    exact_attention,
    exact_similarity,
    random_scene,
    random_voices,
    relative_error,
)
from multitalk_core.kernels import Way, labels
from multitalk_core.kernels.compiled.configs import Config
from multitalk_core.kernels.compiled.frame_attention_kernel import frame_attention_by_triton
from multitalk_core.kernels.compiled.localize_kernel import localize_by_triton
from multitalk_core.kernels.compiled.token_labels_kernel import labels_by_triton
from multitalk_core.kernels.rotation import BASE

SMALL = Config(tokens=32, keys=16, warps=4, stages=1)
# Bfloat16 is wrong in the interpreter: its products are read as whole numbers.
BOUNDS = {torch.float32: 2e-6, torch.float16: 1.5e-3}


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("seed", range(8))
def test_localize(seed, dtype):
    query, key, masks = random_scene(seed, dtype)
    found = localize_by_triton(query, key, masks, config=SMALL)
    assert relative_error(found, exact_similarity(query, key, masks)) < BOUNDS[dtype]
    assert found.dtype == torch.float32


def test_localize_reads_queries_where_they_lie():
    query, key, masks = random_scene(3, torch.float32)
    wide = torch.cat([query, key], dim=-1)
    within = wide[..., : query.shape[-1]]
    assert not within.is_contiguous()
    plain = localize_by_triton(query, key, masks, config=SMALL)
    torch.testing.assert_close(localize_by_triton(within, key, masks, config=SMALL), plain)


@pytest.mark.parametrize("level", [60.0, -60.0])
def test_very_unlike_tokens_stay_finite(level):
    query, key, masks = random_scene(5, torch.float16)
    query[:], key[:] = abs(level), level / 10
    found = localize_by_triton(query, key, masks, config=SMALL)
    assert relative_error(found, exact_similarity(query, key, masks)) < 1e-3


@pytest.mark.parametrize("seed", range(8))
def test_labels(seed):
    similarity = exact_similarity(*random_scene(seed, torch.float32)).float()
    bounds = torch.tensor([[20.0 * person, 20.0 * person + 4] for person in range(similarity.shape[1] - 1)])
    found = labels_by_triton(similarity, bounds, 12.0)
    torch.testing.assert_close(found, labels(similarity, bounds, 12.0, way=Way.TWIN), atol=2e-5, rtol=0)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("dtype", BOUNDS)
def test_frame_attention(scheme, dtype):
    for seed in range(3):
        voices = {"query_labels": None, "key_labels": None, "may_attend": None, "summed": False}
        voices |= random_voices(seed, dtype, scheme)
        found = frame_attention_by_triton(**voices, base=BASE, config=SMALL)
        assert relative_error(found, exact_attention(**voices)) < BOUNDS[dtype]
        assert found.dtype == dtype
