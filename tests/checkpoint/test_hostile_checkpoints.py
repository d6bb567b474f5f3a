"""Weights from strangers: hostile headers, other kinds, other files; refused by loader and inspect alike."""

import json

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from multitalk_core.checkpoint import describe, read_adapter
from multitalk_core.errors import MultiTalkError


def sentence(path: object) -> str:
    with pytest.raises(MultiTalkError) as refusal:
        read_adapter(path)
    return str(refusal.value)


def safetensors(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(shape: object, begin: object, end: object, dtype: object = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


ONE = b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
HOSTILE = {
    "negative offsets": safetensors({"a": entry([2], -8, 0)}),
    "overlap": safetensors({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, bytes(12)),
    "hole": safetensors({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, bytes(12)),
    "hole before the first": safetensors({"a": entry([1], 4, 8)}, bytes(8)),
    "floats": safetensors({"a": entry([1.0], 0.0, 4.0)}, bytes(4)),
    "negative shape": safetensors({"a": entry([-2, -1], 0, 8)}, bytes(8)),
    "a word as shape": safetensors({"a": entry("12", 0, 8)}, bytes(8)),
    "a doubled name": safetensors(b"{" + ONE + b"," + ONE + b"}", bytes(4)),
    "doubled offsets": safetensors(b"{" + ONE.replace(b'"shape"', b'"dtype":"I8","shape"') + b"}", bytes(4)),
    "infinite shape": safetensors(b"{" + ONE.replace(b"[1]", b"[Infinity]") + b"}", bytes(4)),
    "true as shape": safetensors({"a": entry([True], 0, 4)}, bytes(4)),
    "a shape past 64 bits": safetensors({"a": entry([2**32, 2**32], 0, 0)}),
    "5000 digits": safetensors(b"{" + ONE.replace(b"[1]", b"[" + b"1" * 5000 + b"]") + b"}", bytes(4)),
    "unknown precision": safetensors({"a": entry([1], 0, 4, "F128")}, bytes(4)),
    "a list as precision": safetensors({"a": entry([1], 0, 4, ["F32"])}, bytes(4)),
    "three offsets": safetensors({"a": {**entry([1], 0, 4), "data_offsets": [0, 4, 4]}}, bytes(4)),
    "metadata of numbers": safetensors({"__metadata__": {"a": 1}, "b": entry([1], 0, 4)}, bytes(4)),
    "metadata as a list": safetensors({"__metadata__": ["a"], "b": entry([1], 0, 4)}, bytes(4)),
    "nested deeply": safetensors(b"[" * 200_000),
    "a list": safetensors([]),
    "more than is there": safetensors({"a": entry([1], 0, 4)}, bytes(9)),
    "a lone surrogate": safetensors({"\udc80": entry([1], 0, 4)}, bytes(4)),
    "a header of many megabytes": safetensors(b"{" + b" " * 10_000_000 + b"}"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_refused_by_the_loader_and_by_inspect(tmp_path, name):
    file = tmp_path / "hostile.safetensors"
    file.write_bytes(HOSTILE[name])
    assert "is damaged" in sentence(file)
    with pytest.raises(MultiTalkError, match="is damaged"):
        describe(file)


def named(*names: str) -> dict[str, Tensor]:
    return {name: torch.zeros(4, 4) for name in names}


WAN = {
    "patch_embedding.weight": torch.zeros(4, 36, 1, 2, 2),
    "blocks.0.self_attn.norm_q.weight": torch.zeros(4),
    "img_emb.proj.0.weight": torch.zeros(4),
}
T5 = named("blocks.0.attn.q.weight", "token_embedding.weight", "blocks.1.pos_embedding.embedding.weight")
OTHER_KINDS = [
    (named("diffusion_model.blocks.0.self_attn.q.lora_down.weight"), ", it is a LoRA:"),
    (named("transformer.blocks.0.attn1.to_q.lora_A.default.weight"), ", it is a LoRA:"),
    (named("lora_unet_blocks_0_self_attn_q.lora_down.weight"), ", it is a LoRA:"),
    (named("blocks.0.audio_cross_attn.proj.lora_down.weight"), ", it is a LoRA:"),
    (named("lycoris_blocks_0_self_attn_q.hada_w1_a"), ", it is a LoHa:"),
    (named("lycoris_blocks_0_self_attn_q.lokr_w1"), ", it is a LoKr:"),
    (named("diffusion_model.blocks.0.norm3.diff"), ", it is a LoRA of differences alone:"),
    (named("diffusion_model.blocks.0.norm3.diff_b"), ", it is a LoRA of differences alone:"),
    (named("decoder.head.0.gamma", "conv2.weight"), ", it is a Wan VAE:"),
    (T5, ", it is a umt5 text encoder:"),
    (WAN, ", it is a Wan2.1 diffusion transformer:"),
    (named("something.else"), " (tensors audio_proj.* and"),
]


@pytest.mark.parametrize(("tensors", "said"), OTHER_KINDS)
def test_the_loader_says_what_is_given_instead_of_an_adapter(tmp_path, tensors, said):
    save_file(tensors, tmp_path / "other.safetensors")
    assert f"contains no audio adapter{said}" in sentence(tmp_path / "other.safetensors")


OTHER_FILES = {
    "is text and not weights, it begins with “Access": b"Access to this model is restricted. Log in first.",
    "it begins with “Not Found": b"Not Found",
    "is text and not weights": b'{"error": "Unauthorized", "message": "Log in to download"}',
    "it begins with “<?xml": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "it begins with “Zugriff": "Zugriff verweigert: für diese Datei müssen Sie sich anmelden – ü".encode(),
    "is a web page": b"\n<HTML><body>Log in</body></HTML>",
    "is an ONNX file": b"\x08\x07\x12\x07pytorch" + bytes(99),
    "is a GGUF file without tensors": b"GGUF\3" + bytes(83),
    "is an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(99),
    "is a packed archive": b"\x1f\x8b\x08\0" + b"\x99" * 99,
    "is a picture": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "is a video": b"\0\0\0\x20ftypisom" + bytes(99),
    "begins with zeros, the download is incomplete": bytes(4096),
    "is a pickle": b"\x80\x04\x95\x0a\0\0\0\0\0\0\0}\x94\x8c\x01a\x94K\x01s.",
}


@pytest.mark.parametrize("said", OTHER_FILES)
def test_a_file_of_another_kind_is_named(tmp_path, said):
    (tmp_path / "weights.safetensors").write_bytes(OTHER_FILES[said])
    assert said in sentence(tmp_path / "weights.safetensors")


@pytest.mark.parametrize(
    "shard", ["../a.safetensors", "a/b.safetensors", "", ".", 3, None, "a\0b", "x" * 300]
)
def test_an_index_names_files_beside_it(tmp_path, shard):
    index = tmp_path / "adapter.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": shard}}))
    assert "cannot be read" in sentence(index) or "is missing" in sentence(index)


def test_names_of_any_length_and_kind_are_reported_short_and_printable(tmp_path):
    names = ["x" * 100_000, "\x1b[31m\n<b>", f"blocks.{'9' * 5000}.norm_x.weight", "a." * 50_000]
    file = tmp_path / "names.safetensors"
    tensors = {name: torch.zeros(1) for name in names}
    save_file(tensors, file, {"config": "[" * 100_000, "about": "y" * 100_000})
    lines = describe(file).lines()
    assert all(line.isprintable() and len(line) < 600 for line in lines)
    assert len(sentence(file)) < 1100


@pytest.mark.parametrize(
    "names",
    [
        ["a.lora_down.weight"],
        ["decoder.head.0.gamma", "conv2.weight"],
        ["blocks.0.attn.q.weight", "token_embedding.weight"],
        ["feature_extractor.conv_layers.0.conv.weight", "feature_projection.projection.weight"],
        ["visual.transformer.0.attn.to_qkv.weight", "visual.cls_embedding"],
        list(WAN),
    ],
)
def test_the_names_of_a_kind_with_other_dimensions_are_unknown(tmp_path, names):
    save_file({name: torch.zeros(()) for name in names}, tmp_path / "scalars.safetensors")
    assert describe(tmp_path / "scalars.safetensors").kind == "unknown"
