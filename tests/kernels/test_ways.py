"""Every way that runs here gives the same, and the fastest that may be used is chosen."""

import importlib.util

import pytest
import torch

from multitalk_core.errors import MultiTalkError
from multitalk_core.kernels import Way, frame_attention, labels, localize
from multitalk_core.kernels import way as ways
from multitalk_core.kernels.exact import exact_attention, exact_similarity, relative_error
from tools.gpu_day.random_scenes import SCHEMES, random_scene, random_voices

WAYS = [Way.TWIN, Way.SDPA]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(6))
def test_similarity_is_the_mean_attention_to_each_class(seed, way):
    query, key, masks = random_scene(seed, torch.float32)
    assert relative_error(localize(query, key, masks, way), exact_similarity(query, key, masks)) < 2e-6


@pytest.mark.parametrize("dtype, bound", [(torch.float16, 1e-3), (torch.bfloat16, 8e-3)])
def test_torchs_attention_in_half_precision(dtype, bound):
    for seed in range(4):
        query, key, masks = random_scene(seed, dtype)
        exact = exact_similarity(query, key, masks)
        assert relative_error(localize(query, key, masks, Way.SDPA), exact) < bound
        assert relative_error(localize(query, key, masks, Way.TWIN), exact) < 2e-6


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("way", WAYS)
def test_frame_attention_is_the_attention_of_every_token(scheme, way):
    for seed in range(3):
        voices = random_voices(seed, torch.float32, scheme)
        assert relative_error(frame_attention(**voices, way=way), exact_attention(**voices)) < 3e-6


def test_labels_go_from_the_lowest_to_the_highest_of_each_range():
    similarity = torch.tensor([[[0.9, 0.5, 0.1], [0.1, 0.1, 0.2], [0.0, 0.0, 0.0]]])
    bounds = torch.tensor([[0.0, 4.0], [20.0, 24.0]])
    torch.testing.assert_close(labels(similarity, bounds, 12.0), torch.tensor([[4.0, 2.0, 24.0]]))


def test_a_cpu_takes_the_twin_and_a_gpu_the_fastest_that_is_allowed(monkeypatch):
    monkeypatch.setattr(ways, "HAS_TRITON", True)
    gpu = torch.device("cuda")
    assert ways.choose("localize", torch.device("cpu"), True) is Way.TWIN
    assert ways.choose("localize", gpu, True) is Way.TRITON
    assert ways.choose("localize", gpu, False) is Way.SDPA
    for word, way in (("off", Way.TWIN), ("sdpa", Way.SDPA), ("triton", Way.TRITON)):
        monkeypatch.setenv("MULTITALK_KERNELS", word)
        assert ways.choose("localize", gpu, True) is way
    monkeypatch.setenv("MULTITALK_KERNELS", "fast")
    with pytest.raises(MultiTalkError, match='MULTITALK_KERNELS is "fast": use off, sdpa or triton'):
        ways.choose("localize", gpu, True)


def test_without_triton_a_gpu_takes_torchs_attention(monkeypatch):
    monkeypatch.setattr(ways, "HAS_TRITON", False)
    assert ways.choose("localize", torch.device("cuda"), True) is Way.SDPA


def test_a_kernel_that_does_not_run_is_reported_once_and_not_tried_again(monkeypatch, caplog):
    monkeypatch.setattr(ways, "HAS_TRITON", True)
    monkeypatch.setattr(ways, "broken", set())

    def launch():
        raise RuntimeError("PTX was compiled with an unsupported version\nmore")

    assert ways.launched("labels", launch, instead=lambda: 7) == 7
    assert ways.choose("labels", torch.device("cuda"), True) is Way.SDPA
    assert ways.choose("localize", torch.device("cuda"), True) is Way.TRITON
    (record,) = caplog.records
    assert "labels does not run here (RuntimeError: PTX was compiled with" in record.getMessage()


def test_where_no_fused_kernel_takes_the_masks_the_twin_locates(monkeypatch):
    """As on AMD's GPUs: torch refuses values that are narrower than the keys."""
    monkeypatch.setattr(ways, "broken", set())
    module = importlib.import_module("multitalk_core.kernels.localize")  # the function hides it
    monkeypatch.setattr(module, "choose", lambda *_: Way.SDPA)

    def refused(*_, **backends):
        raise RuntimeError("No available kernel. Aborting execution.")

    monkeypatch.setattr(module, "_sdpa", refused)
    scene = random_scene(2, torch.float32)
    for _ in range(2):
        assert torch.equal(localize(*scene), localize(*scene, Way.TWIN))
    assert ways.broken == {"localize by cuDNN's attention", "localize by torch's attention"}


def test_where_cudnn_refuses_narrow_masks_torchs_other_kernel_takes_them(monkeypatch):
    monkeypatch.setattr(ways, "broken", set())
    module = importlib.import_module("multitalk_core.kernels.localize")
    monkeypatch.setattr(module, "choose", lambda *_: Way.SDPA)
    plain = module._sdpa

    def without_cudnn(*given, backends=module.NARROW):
        if backends is module.NARROW:
            raise RuntimeError("cuDNN Frontend error: [cudnn_frontend] No execution plans support the graph.")
        return plain(*given, backends=backends)

    monkeypatch.setattr(module, "_sdpa", without_cudnn)
    scene = random_scene(2, torch.float32)
    assert torch.equal(localize(*scene), plain(*scene))
    assert ways.broken == {"localize by cuDNN's attention"}


@pytest.mark.skipif(importlib.util.find_spec("triton") is not None, reason="Triton is installed")
def test_a_triton_that_cannot_be_imported_is_a_kernel_that_does_not_run(monkeypatch, caplog):
    monkeypatch.setattr(ways, "broken", set())
    for name in ("localize", "token_labels", "frame_attention"):
        module = importlib.import_module(f"multitalk_core.kernels.{name}")
        monkeypatch.setattr(module, "choose", lambda *_: Way.TRITON)
    scene, voices = random_scene(2, torch.float32), random_voices(2, torch.float32, "routed")
    similarity = localize(*scene)
    assert torch.equal(similarity, localize(*scene, Way.SDPA))
    bounds = torch.rand(similarity.shape[1] - 1, 2)
    assert torch.equal(labels(similarity, bounds, 1.0), labels(similarity, bounds, 1.0, way=Way.TWIN))
    assert torch.equal(frame_attention(**voices), frame_attention(**voices, way=Way.SDPA))
    assert ways.broken == {"localize", "labels", "frame_attention"}
    assert all("No module named 'triton'" in record.getMessage() for record in caplog.records)


def test_only_one_way_has_no_fallback():
    voices = random_voices(2, torch.float32, "routed")
    with ways.only(Way.TRITON), pytest.raises(ZeroDivisionError):
        ways.launched("labels", lambda: 1 / 0, instead=lambda: 7)
    assert ways.only_way() is None
    with ways.only(Way.TWIN):
        assert ways.choose("labels", torch.device("cuda"), True) is Way.TWIN
        half = {
            name: each.half() if name in ("query", "key", "value") else each for name, each in voices.items()
        }
        assert relative_error(frame_attention(**half), exact_attention(**half)) < 1e-3


def test_what_the_kernels_are_not_written_for():
    def keys(voices, tokens, dtype=torch.float16, channels=128):
        return torch.empty(1, 1, voices, tokens, 1, channels, dtype=dtype)

    query = torch.empty(1, 1, 1, 128, dtype=torch.float16)
    module = importlib.import_module("multitalk_core.kernels.frame_attention")
    assert module.fits(query, keys(8, 32)) and module.fits(query.bfloat16(), keys(4, 64))
    assert not module.fits(query, keys(9, 32)) and not module.fits(query, keys(1, 128))
    assert not module.fits(query.float(), keys(2, 32)) and not module.fits(query[..., :96], keys(2, 32))
    many = torch.rand(1, 17, 40)
    with pytest.MonkeyPatch.context() as patch:
        seen = []
        labels_module = importlib.import_module("multitalk_core.kernels.token_labels")
        patch.setattr(labels_module, "choose", lambda *given: seen.append(given[2]) or Way.TWIN)
        labels(many, torch.rand(16, 2), 0.0)
        labels(many[:, :16], torch.rand(15, 2), 0.0)
    assert seen == [False, True]


@pytest.mark.parametrize("way", ["", "sdpa"])
def test_operations_are_what_they_tell_the_compiler(way):
    """Shapes, strides and types of the results, and that nothing given is written to."""
    scene = random_scene(1, torch.float32)
    torch.library.opcheck(torch.ops.multitalk.localize.default, (*scene, way))
    similarity = localize(*scene)
    given = similarity, torch.rand(similarity.shape[1] - 1, 2), 12.0, way
    torch.library.opcheck(torch.ops.multitalk.labels.default, given)


def test_full_memory_is_not_taken_for_a_broken_kernel(monkeypatch):
    monkeypatch.setattr(ways, "broken", set())

    def launch():
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        ways.launched("labels", launch, instead=lambda: 7)
    assert not ways.broken


def test_compiled_models_see_one_operation_each():
    """torch.compile traces over the kernels without a break, and gives the same."""
    query, key, masks = random_scene(1, torch.float32)
    voices = random_voices(1, torch.float32, "l-rope")

    def step(query, key, masks, voices):
        return localize(query, key, masks), frame_attention(**voices)

    compiled = torch.compile(step, fullgraph=True, backend="aot_eager")
    inputs = query, key, masks, voices
    torch.testing.assert_close(compiled(*inputs), step(*inputs))


def test_compiled_models_choose_again_when_the_choice_changes(monkeypatch):
    """The way is a constant of the traced graph, and is traced again where it is another one."""
    monkeypatch.setattr(ways, "HAS_TRITON", True)
    monkeypatch.setattr(ways, "broken", set())
    gpu = torch.device("cuda")

    def step(number):
        return number + [*Way].index(ways.choose("localize", gpu, True))

    compiled = torch.compile(step, fullgraph=True, backend="eager")

    def chosen():
        return [*Way][int(compiled(torch.zeros(1)))]

    assert chosen() is Way.TRITON
    with ways.only(Way.TWIN):
        assert chosen() is Way.TWIN
    ways.broken.add("localize")
    assert chosen() is Way.SDPA
