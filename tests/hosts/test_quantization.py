"""Weights in 8 bits: smaller, near the plain ones, with the voices in."""

from importlib.util import find_spec

import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers.tiny_wan import difference, predict, with_adapter, write_wan_folder
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.offloading import Offload
from multitalk_core.hosts.diffusers.quantization import Quantization, check_quantization
from multitalk_core.hosts.diffusers.video_model import load_adapter
from multitalk_core.hosts.diffusers.wan_transformer import TransformerOptions, read_transformer

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(scope="module")
def exact():
    return with_adapter()


@pytest.mark.parametrize(("quantization", "error"), [(Quantization.FP8, 0.08), (Quantization.INT8, 0.03)])
def test_quantised_films_are_near_the_plain_ones(exact, quantization, error):
    if quantization == Quantization.INT8:
        pytest.importorskip("torchao")
    loaded, adapter = with_adapter(transformer=TransformerOptions(quantization=quantization))
    plain, ours = (predict(*model) for model in (exact, (loaded, adapter)))
    assert 0 < difference(ours, plain) < error
    # The voices are in it, each with its person: exchanging them changes the film in the same way.
    exchanged = predict(*exact, swapped=True) - plain, predict(loaded, adapter, swapped=True) - ours
    assert torch.cosine_similarity(*(change[0].flatten() for change in exchanged), dim=0) > 0.9


def test_fp8_takes_half_the_memory_of_half_precision():
    loaded, adapter = with_adapter(
        dtype=torch.bfloat16, transformer=TransformerOptions(quantization=Quantization.FP8)
    )
    predict(loaded, adapter)
    for weight in (
        loaded.transformer.blocks[1].ffn.net[2].weight,
        adapter.blocks["1"].audio_cross_attn.proj.weight,
    ):
        assert weight.dtype == torch.float8_e4m3fn
    kept = (loaded.transformer.condition_embedder.time_proj.weight, adapter.audio_proj.proj1.weight)
    assert all(weight.dtype == torch.bfloat16 for weight in kept)


@pytest.mark.parametrize("file", [None, EMBEDDED / EMBEDDED_FILES["transformer"]])
def test_int8_is_stored_whether_a_folder_or_one_file_is_read(tmp_path, file):
    torchao = pytest.importorskip("torchao.quantization")
    folder = EMBEDDED / "diffusers" if file else write_wan_folder(tmp_path)
    options = TransformerOptions(file=file, quantization=Quantization.INT8)
    transformer = read_transformer(folder, torch.bfloat16, options)
    stored = {name for name, each in transformer.named_parameters() if isinstance(each, torchao.Int8Tensor)}
    layers = {name for name in transformer.state_dict() if name.endswith(".weight") and "norm" not in name}
    kept = ("condition_embedder.", "proj_out.", "patch_embedding.")
    assert stored == {name for name in layers if not name.startswith(kept)}


def test_an_fp8_adapter_keeps_its_numbers(tmp_path):
    state = load_file(EMBEDDED / EMBEDDED_FILES["adapter"])
    layers = {name for name in state if "audio_cross_attn" in name}
    path = tmp_path / "adapter_fp8.safetensors"
    eight_bits = {
        name: tensor.to(torch.float8_e4m3fn) if name in layers else tensor for name, tensor in state.items()
    }
    save_file(eight_bits, path)
    loaded = load_embedded(dtype=torch.bfloat16)
    plain = load_adapter(path, loaded)
    small = load_adapter(path, loaded, quantization=Quantization.FP8)
    assert torch.equal(predict(loaded, plain), predict(loaded, small))
    assert torch.equal(small.state_dict()[min(layers)].float(), eight_bits[min(layers)].float())


def test_what_this_machine_cannot_do_is_refused():
    with pytest.raises(MultiTalkError, match="nf4 weights need an NVIDIA GPU, and the device is cpu"):
        check_quantization(Quantization.NF4, CPU, Offload.NONE)
    with pytest.raises(MultiTalkError, match="offloading by group does: choose the offloading model"):
        check_quantization(Quantization.NF4, CUDA, Offload.GROUP)
    with pytest.raises(MultiTalkError, match="is one file, and nf4 weights are made from a folder"):
        load_embedded(transformer=TransformerOptions(quantization=Quantization.NF4))
    for quantization, package in ((Quantization.NF4, "bitsandbytes"), (Quantization.INT8, "torchao")):
        if find_spec(package) is None:
            with pytest.raises(MultiTalkError, match=f"`pip install {package}`"):
                check_quantization(quantization, CUDA, Offload.MODEL)
    check_quantization(Quantization.FP8, CPU, Offload.SEQUENTIAL)


def test_an_unknown_quantization_is_refused():
    with pytest.raises(MultiTalkError, match='no quantization "int4": choose "none", "fp8", "int8" or "nf4"'):
        TransformerOptions(quantization="int4")
