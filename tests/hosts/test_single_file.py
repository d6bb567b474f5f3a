"""Transformers in one file: safetensors under Wan's names, fp8 with or without scales, Quanto's; and GGUF."""

import json
import shutil

import gguf
import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers.tiny_wan import difference, predict, with_adapter, write_gguf, write_wan_folder
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.offloading import Offload
from multitalk_core.hosts.diffusers.quantization import Quantization
from multitalk_core.hosts.diffusers.single_file import read_single_file
from multitalk_core.hosts.diffusers.video_model import load_adapter
from multitalk_core.hosts.diffusers.wan_folder import load_folder
from multitalk_core.hosts.diffusers.wan_transformer import TransformerOptions, read_transformer
from multitalk_core.toy_world.wan_keys import transformer_to_wan

TRANSFORMER = EMBEDDED / EMBEDDED_FILES["transformer"]
COMPONENTS = EMBEDDED / "diffusers"
ADAPTER = EMBEDDED / EMBEDDED_FILES["adapter"]


@pytest.fixture(scope="module")
def embedded():
    """The embedded model in bfloat16, its adapter, and the file's tensors."""
    return *with_adapter(dtype=torch.bfloat16), load_file(TRANSFORMER)


def linear(name, tensor):
    return tensor.ndim == 2 and name.startswith("blocks.") and name.endswith(".weight")


def scaled(state):
    """As ComfyUI's fp8_scaled files: every linear weight with a scale, and a mark."""
    out = {"scaled_fp8": torch.empty(0, dtype=torch.float8_e4m3fn)}
    for name, tensor in state.items():
        if not linear(name, tensor):
            out[name] = tensor
            continue
        scale = tensor.float().abs().max() / 448
        out[name] = (tensor.float() / scale).to(torch.float8_e4m3fn)
        out[name.replace(".weight", ".scale_weight")] = scale
        out[name.replace(".weight", ".scale_input")] = torch.ones(())
    return out


def quanto(state):
    """As WanGP's int8 files: every linear weight with a scale a row, and scales of inputs and outputs."""
    out = {}
    for name, tensor in state.items():
        if not linear(name, tensor):
            out[name] = tensor
            continue
        scale = tensor.float().abs().amax(1, keepdim=True) / 127
        out[f"{name}._data"] = (tensor.float() / scale).round().to(torch.int8)
        out[f"{name}._scale"] = scale
        for side in ("input", "output"):
            out[name.replace(".weight", f".{side}_scale")] = torch.ones(())
    return out


def repacked(state):
    return {f"model.diffusion_model.{name}": tensor.half() for name, tensor in state.items()}


def cast(state):
    return {
        name: tensor.to(torch.float8_e4m3fn) if linear(name, tensor) else tensor
        for name, tensor in state.items()
    }


@pytest.mark.parametrize(
    ("repack", "error"), [(repacked, 0.03), (cast, 0.08), (scaled, 0.08), (quanto, 0.05)]
)
def test_safetensors_are_read_as_they_were_meant(embedded, tmp_path, repack, error):
    loaded, adapter, state = embedded
    file = tmp_path / "wan.safetensors"
    save_file(repack(state), file)
    expected = predict(loaded, adapter)
    transformer = read_single_file(file, COMPONENTS, torch.bfloat16)
    loaded = type(loaded)(**{**vars(loaded), "transformer": transformer})
    assert difference(predict(loaded, adapter), expected) < error


def test_gguf_stays_quantised_with_voices_and_offloading(embedded, tmp_path):
    loaded, _, state = embedded
    file = write_gguf(tmp_path / "wan-Q8_0.gguf", state, gguf.GGMLQuantizationType.Q8_0)
    expected = {swapped: predict(*with_adapter(), swapped=swapped) for swapped in (False, True)}
    transformer = read_single_file(file, COMPONENTS, torch.bfloat16)
    assert transformer.blocks[0].ffn.net[2].weight.dtype == torch.uint8
    loaded = type(loaded)(**{**vars(loaded), "transformer": transformer})
    adapter = load_adapter(ADAPTER, loaded)
    for swapped in (False, True):
        assert difference(predict(loaded, adapter, swapped=swapped), expected[swapped]) < 0.04


@pytest.fixture(scope="module")
def components(tmp_path_factory):
    """A whole tiny Wan, its transformer moved into one file, in Wan's own names."""
    folder = write_wan_folder(tmp_path_factory.mktemp("parts") / "components")
    weights = folder / "transformer/diffusion_pytorch_model.safetensors"
    state = load_file(weights)
    weights.unlink()
    file = folder.parent / "wan.safetensors"
    save_file(transformer_to_wan(state), file)
    return folder, file, state


def test_a_file_is_cast_as_its_folder_would_be(components, tmp_path):
    """In half precision diffusers keeps norms, modulation and the timestep's embedding in float32."""
    folder, file, state = components
    whole = shutil.copytree(folder, tmp_path / "whole")
    save_file(state, whole / "transformer/diffusion_pytorch_model.safetensors")
    expected = read_transformer(whole, torch.bfloat16).state_dict()
    read = read_transformer(folder, torch.bfloat16, TransformerOptions(file=file)).state_dict()
    assert all(torch.equal(read[name], tensor) for name, tensor in expected.items())
    assert {name: tensor.dtype for name, tensor in read.items()} == {
        name: tensor.dtype for name, tensor in expected.items()
    }


@pytest.mark.parametrize("offload", [Offload.NONE, Offload.GROUP])
def test_a_file_and_its_components_are_one_model(components, offload):
    folder, file, state = components
    for path in (
        file,
        write_gguf(file.with_suffix(".gguf"), transformer_to_wan(state), gguf.GGMLQuantizationType.F16),
    ):
        loaded = load_folder(
            folder, dtype=torch.float32, offload=offload, transformer=TransformerOptions(file=path)
        )
        assert loaded.name == path.name
        text, picture = loaded.text("two people talk"), loaded.image(torch.zeros(1, 3, 32, 48))
        noise = torch.randn(1, 36, 2, 4, 6, generator=torch.manual_seed(1))
        with torch.no_grad():
            ours = loaded.transformer(noise, torch.tensor([500]), text, picture).sample
            plain = loaded.transformer.from_config(loaded.transformer.config)
            plain.load_state_dict(state)
            expected = plain(noise, torch.tensor([500]), text, picture).sample
        assert difference(ours, expected) < 1e-2


def test_what_does_not_fit_is_refused_with_a_sentence(components, tmp_path):
    folder, file, state = components

    def refused(path, quantization=Quantization.NONE, at=folder):
        with pytest.raises(MultiTalkError) as refusal:
            options = TransformerOptions(file=path, quantization=quantization)
            load_folder(at, dtype=torch.float32, transformer=options)
        return str(refusal.value)

    assert "is no Wan transformer but a MultiTalk or InfiniteTalk audio adapter" in refused(ADAPTER)
    assert "its width is 128, theirs 32" in refused(TRANSFORMER)
    named = transformer_to_wan(state)
    for name, tensors, sentence in (
        (
            "short",
            {key: tensor for key, tensor in named.items() if "ffn.0" not in key},
            "has not all weights: download it again",
        ),
        ("t2v", {**named, "patch_embedding.weight": torch.zeros(32, 16, 1, 2, 2)}, "text-to-video"),
        (
            "nf4",
            {**named, "blocks.0.ffn.0.weight.absmax": torch.zeros(1)},
            "quantised as bitsandbytes in 4 bits",
        ),
    ):
        path = tmp_path / f"{name}.safetensors"
        save_file(tensors, path)
        assert sentence in (said := refused(path)), said
    small = write_gguf(tmp_path / "wan.gguf", named, gguf.GGMLQuantizationType.Q8_0)
    assert "is quantised already, and stays as it is: leave out the quantization fp8" in refused(
        small, Quantization.FP8
    )
    with pytest.raises(MultiTalkError, match="cannot be offloaded by sequential: choose"):
        load_folder(folder, offload=Offload.SEQUENTIAL, transformer=TransformerOptions(file=small))
    torch.save({}, tmp_path / "wan.pth")
    assert "wan.pth" in refused(tmp_path / "wan.pth")
    other = shutil.copytree(folder, tmp_path / "other")
    (other / "transformer/config.json").unlink()
    assert "no transformer/config.json" in refused(file, at=other)
    config = json.loads((folder / "transformer/config.json").read_text())
    (other / "transformer/config.json").write_text(json.dumps({**config, "num_layers": 3}))
    assert "its depth is 2 blocks, theirs 3 blocks" in refused(file, at=other)
