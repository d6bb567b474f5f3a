"""GGUF files: adapters in it are read, other models in it are named, damaged ones refused."""

import random
import sys

import gguf
import numpy as np
import pytest
import torch

from helpers.tiny_adapter import SHAPE, adapter, refused
from multitalk_core.checkpoint import adapter_shape, describe, read_adapter, read_tensors, write_adapter
from multitalk_core.checkpoint.recognition import ADAPTER
from multitalk_core.errors import MultiTalkError

Kind = gguf.GGMLQuantizationType


def write(
    path: object, tensors: dict[str, np.ndarray], kind: Kind = Kind.F32, architecture: str = "wan"
) -> None:
    """Write tensors; matrices in `kind`, the rest in float32, as converters do."""
    writer = gguf.GGUFWriter(path, "wan")
    for name, numbers in tensors.items():
        own = kind if numbers.ndim == 2 else Kind.F32
        writer.add_tensor(name, gguf.quants.quantize(numbers, own), raw_dtype=own)
    finish(writer)


def finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def numbers() -> dict[str, np.ndarray]:
    return {key: tensor.numpy() for key, tensor in adapter().items()}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Kind.F32, 0),
        (Kind.F16, 0.001),
        (Kind.BF16, 0.01),
        (Kind.Q8_0, 0.02),
        (Kind.Q5_1, 0.1),
        (Kind.Q4_0, 0.2),
    ],
)
def test_an_adapter_in_gguf_is_read(tmp_path, kind, error):
    write(tmp_path / "adapter.gguf", numbers(), kind)
    found = describe(tmp_path / "adapter.gguf")
    assert found.kind == ADAPTER and found.details["fits"] == "models 64 wide with at least 2 blocks"
    assert kind.name in found.precisions or kind.name in ("F32", "F16", "BF16")
    state = read_adapter(tmp_path / "adapter.gguf", torch.float32)
    assert set(state) == set(adapter())
    for key, tensor in adapter().items():
        assert (state[key] - tensor).abs().max() <= error * tensor.abs().max()
    own = {Kind.F32: torch.float32, Kind.F16: torch.float16}.get(kind, torch.bfloat16)
    assert read_adapter(tmp_path / "adapter.gguf")["audio_proj.proj1.weight"].dtype == own
    write_adapter(tmp_path / "plain.safetensors", state)


@pytest.mark.parametrize("prefix", ["model.diffusion_model.", "diffusion_model."])
def test_its_prefix_and_other_names_are_dropped(tmp_path, prefix):
    tensors = {
        f"{prefix}{key}".replace("audio_proj", "multitalk_audio_proj"): n for key, n in numbers().items()
    }
    write(tmp_path / "adapter.gguf", tensors | {f"{prefix}patch_embedding.bias": np.zeros(64, np.float32)})
    assert set(read_adapter(tmp_path / "adapter.gguf")) == set(adapter())


@pytest.mark.parametrize("kind", ["Q4_K", "Q6_K", "IQ4_XS", "IQ1_S", "TQ2_0"])
def test_blocks_of_256_are_read(tmp_path, kind):
    shapes = {"a.weight": (3, 256), "b.weight": (2, 1024)}
    block, size = gguf.GGML_QUANT_SIZES[Kind[kind]]
    writer = gguf.GGUFWriter(tmp_path / "model.gguf", "wan")
    for name, (rows, columns) in shapes.items():
        raw = np.zeros((rows, columns // block * size), np.uint8)
        writer.add_tensor(name, raw, raw_dtype=Kind[kind])
    finish(writer)
    tensors, _ = read_tensors(tmp_path / "model.gguf")
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == shapes
    assert describe(tmp_path / "model.gguf").precisions.keys() == {kind}


OTHERS = {
    "a Wan2.1 diffusion transformer": {
        "patch_embedding.weight": np.zeros((32, 36, 1, 2, 2), np.float32),
        "blocks.0.self_attn.norm_q.weight": np.zeros(32, np.float32),
        "img_emb.proj.0.bias": np.zeros(4, np.float32),
    },
    "a umt5 or t5 text encoder": {"enc.blk.0.attn_q.weight": np.zeros((32, 32), np.float32)},
    "a language model": {"blk.0.attn_q.weight": np.zeros((32, 32), np.float32)},
    "a LoRA": {"blocks.0.q.lora_down.weight": np.zeros((4, 32), np.float32)},
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_models_in_gguf_are_named(tmp_path, kind):
    write(tmp_path / "model.gguf", OTHERS[kind])
    assert f"contains no audio adapter, it is {kind}" in refused(tmp_path / "model.gguf")
    assert describe(tmp_path / "model.gguf").kind.startswith(kind.removeprefix("a "))


def test_a_shape_that_the_converter_flattened_is_restored(tmp_path):
    writer = gguf.GGUFWriter(tmp_path / "model.gguf", "wan")
    shape = (32, 36, 1, 2, 2)
    writer.add_array("comfy.gguf.orig_shape.patch_embedding.weight", list(shape))
    writer.add_tensor("patch_embedding.weight", np.zeros((32, 144), np.float32))
    writer.add_tensor("blocks.0.self_attn.norm_q.weight", np.zeros(32, np.float32))
    finish(writer)
    assert describe(tmp_path / "model.gguf").details["input channels"] == "36"


def test_without_the_package_it_is_refused_by_name(tmp_path, monkeypatch):
    write(tmp_path / "adapter.gguf", numbers())
    monkeypatch.setitem(sys.modules, "gguf", None)
    assert "read with the package gguf: install it with `pip install gguf`" in refused(
        tmp_path / "adapter.gguf"
    )


COUNTS = [(2**62, 0), (0, 2**62), (1, 0), (0, 1), (2**32, 2**32)]


@pytest.mark.parametrize("counts", COUNTS)
def test_a_header_that_claims_more_than_there_is(tmp_path, counts):
    (tmp_path / "a.gguf").write_bytes(
        b"GGUF" + np.array([3], "<u4").tobytes() + np.array(counts, "<u8").tobytes()
    )
    assert "ends too early" in refused(tmp_path / "a.gguf")


def test_an_endless_array_in_the_header(tmp_path):
    key = np.array([1], "<u8").tobytes() + b"k"
    array = np.array([9, 0], "<u4").tobytes() + np.array([2**60], "<u8").tobytes()
    header = b"GGUF" + np.array([3], "<u4").tobytes() + np.array([0, 1], "<u8").tobytes()
    (tmp_path / "a.gguf").write_bytes(header + key + array + bytes(5000))
    assert "ends too early" in refused(tmp_path / "a.gguf")


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.99])
def test_a_download_that_was_cut_short(tmp_path, share):
    write(tmp_path / "adapter.gguf", numbers(), Kind.Q8_0)
    whole = (tmp_path / "adapter.gguf").read_bytes()
    (tmp_path / "adapter.gguf").write_bytes(whole[: int(len(whole) * share)])
    for reader in (read_adapter, describe):
        with pytest.raises(MultiTalkError, match="download it again"):
            reader(tmp_path / "adapter.gguf")


def test_damaged_headers_are_refused_or_harmless(tmp_path):
    write(tmp_path / "adapter.gguf", numbers(), Kind.Q8_0)
    whole, draw = (tmp_path / "adapter.gguf").read_bytes(), random.Random(1)
    for _ in range(80):
        damaged = bytearray(whole)
        for _ in range(draw.choice((1, 3))):
            damaged[draw.randrange(4, 2600)] = draw.choice((0, 1, 127, 255))
        (tmp_path / "adapter.gguf").write_bytes(damaged)
        try:
            assert read_adapter(tmp_path / "adapter.gguf").keys() == adapter().keys()
        except MultiTalkError as error:
            assert str(error).endswith(".")


def test_the_shape_is_that_of_the_adapter(tmp_path):
    write(tmp_path / "adapter.gguf", numbers(), Kind.Q8_0)
    assert adapter_shape(read_adapter(tmp_path / "adapter.gguf")) == SHAPE
