"""The Triton kernels in Triton's interpreter, on random shapes, against float64. `make kernels` runs them."""

import os

import pytest
import torch
from torch import Tensor

pytest.importorskip("triton", reason="make kernels")
if os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("make kernels", allow_module_level=True)

from multitalk_core.kernels import Way, labels
from multitalk_core.kernels.compiled.configs import Config
from multitalk_core.kernels.compiled.frame_attention_kernel import frame_attention_by_triton
from multitalk_core.kernels.compiled.localize_kernel import localize_by_triton
from multitalk_core.kernels.compiled.token_labels_kernel import labels_by_triton
from multitalk_core.kernels.exact import exact_attention, exact_similarity, relative_error
from multitalk_core.kernels.rotation import BASE
from tools.gpu_day.random_scenes import SCHEMES, random_scene, random_voices

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


@pytest.mark.parametrize("persons", range(1, 9))
@pytest.mark.parametrize("empty", ["background", "person", "nobody"])
def test_every_number_of_persons_with_and_without_an_empty_class(persons, empty):
    generator = torch.Generator().manual_seed(persons)
    query, key = (torch.randn(2, 77, 3, 64, generator=generator) for _ in range(2))
    owner = torch.arange(41) % (persons + 1)
    if empty != "nobody":
        owner[owner == (persons if empty == "background" else 0)] = -1
    masks = (owner == torch.arange(persons + 1)[:, None])[None]
    found = localize_by_triton(query, key, masks, config=SMALL)
    assert relative_error(found, exact_similarity(query, key, masks)) < BOUNDS[torch.float32]
    bounds = torch.tensor([[20.0 * person, 20.0 * person + 4] for person in range(persons)])
    labelled = labels_by_triton(found, bounds, 12.0)
    torch.testing.assert_close(labelled, labels(found, bounds, 12.0, way=Way.TWIN), atol=2e-5, rtol=0)
    assert labelled.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float16, torch.float32])
def test_masks_of_any_type_and_layout(dtype):
    query, key, masks = random_scene(3, torch.float32)
    exact = exact_similarity(query, key, masks)
    given = masks.to(dtype)
    turned = given.transpose(1, 2).contiguous().transpose(1, 2)
    for each in (given, turned, given[:1].expand(len(query), -1, -1) if len(masks) == 1 else given):
        found = localize_by_triton(query, key, each, config=SMALL)
        assert relative_error(found, exact) < BOUNDS[torch.float32]


def far_apart(tensor: Tensor, axis: int) -> Tensor:
    """The same numbers, so far apart along an axis that 32 bits do not count to the last one."""
    strides = list(tensor.stride())
    strides[axis] = (2**31 // (tensor.shape[axis] - 1) + 16) // 16 * 16
    length = 1 + sum((size - 1) * step for size, step in zip(tensor.shape, strides, strict=True))
    assert length > 2**31
    memory = torch.empty(length, dtype=tensor.dtype)  # taken from the machine where it is written
    return memory.as_strided(tensor.shape, strides).copy_(tensor)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_no_offset_is_too_large_for_its_number(axis):
    """Six rows at 720p have more than 2^31 numbers."""
    generator = torch.Generator().manual_seed(1)
    query, key = (torch.randn(2, 20, 3, 64, generator=generator).half() for _ in range(2))
    masks = (torch.arange(10) % 3 == torch.arange(3)[:, None])[None].float()
    found = localize_by_triton(far_apart(query, axis), far_apart(key, axis), masks, config=SMALL)
    assert torch.equal(found, localize_by_triton(query, key, masks, config=SMALL))


def test_no_token_lies_too_far_for_audio_attention():
    voices = {"query_labels": None, "key_labels": None, "may_attend": None, "summed": False}
    voices |= random_voices(2, torch.float16, "concat")
    plain = frame_attention_by_triton(**voices, base=BASE, config=SMALL)
    voices["query"] = far_apart(voices["query"], 1)
    assert torch.equal(frame_attention_by_triton(**voices, base=BASE, config=SMALL), plain)


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


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("voices", range(1, 9))
def test_every_number_of_voices_beside_a_row_without_audio(voices, scheme):
    given = {"query_labels": None, "key_labels": None, "may_attend": None, "summed": False}
    given |= random_voices(voices, torch.float32, scheme, rows=2, voices=voices)
    found = frame_attention_by_triton(**given, base=BASE, config=SMALL)
    assert relative_error(found, exact_attention(**given)) < 4e-6  # float32's, at labels up to 160
    if scheme in ("routed", "split"):
        nobody = ~given["may_attend"].any(-1)
        assert nobody.any() and (found[nobody] == 0).all()


def test_queries_and_keys_are_read_where_they_lie():
    given = {"query_labels": None, "key_labels": None, "may_attend": None, "summed": False}
    given |= random_voices(4, torch.float32, "l-rope", rows=2, voices=3)
    plain = frame_attention_by_triton(**given, base=BASE, config=SMALL)
    for name, axes in (("query", (1, 2)), ("key", (2, 3)), ("value", (3, 4))):
        given[name] = given[name].transpose(*axes).contiguous().transpose(*axes)
        assert not given[name].is_contiguous()
    assert torch.equal(frame_attention_by_triton(**given, base=BASE, config=SMALL), plain)
