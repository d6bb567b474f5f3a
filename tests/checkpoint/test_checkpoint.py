"""Adapter checkpoints: what is read back, what is refused, and that nothing is left half-written."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from multitalk_core.checkpoint import (
    adapter_shape,
    check_adapter,
    read_adapter,
    read_stored_adapter,
    read_tensors,
    write_adapter,
)
from multitalk_core.checkpoint.adapter_sizes import expected_sizes
from multitalk_core.errors import MultiTalkError
from multitalk_core.method.adapter_shape import AdapterShape

TINY = AdapterShape((0, 1, 2), 16, 8, context_tokens=4, intermediate=12, window=5, feature_size=6)
RELEASED = AdapterShape(
    tuple(range(40)), 5120, 768, context_tokens=32, intermediate=512, window=5, feature_size=9216
)


def adapter(shape: AdapterShape = TINY, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(7)
    return {
        key: torch.randn(size, generator=generator).to(dtype) for key, size in expected_sizes(shape).items()
    }


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert set(found) == set(expected)
    for key, tensor in expected.items():
        assert found[key].dtype == tensor.dtype and torch.equal(found[key], tensor), key


def sentence(paths: object) -> str:
    with pytest.raises(MultiTalkError) as refusal:
        read_adapter(paths)
    return str(refusal.value)


# Reading what is in the wild


def test_the_released_shape_has_the_released_count():
    with torch.device("meta"):
        state = {key: torch.empty(size) for key, size in expected_sizes(RELEASED).items()}
    assert len(state) == 330
    assert sum(tensor.numel() for tensor in state.values()) == 2_487_168_000
    assert adapter_shape(state) == RELEASED


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_written_is_what_is_read_back(tmp_path, dtype):
    state = adapter(dtype=dtype)
    write_adapter(tmp_path / "adapter.safetensors", state, {"made by": "a test"})
    assert_same(read_adapter(tmp_path / "adapter.safetensors"), state)
    assert read_tensors(tmp_path / "adapter.safetensors")[1]["made by"] == "a test"
    assert [file.name for file in tmp_path.iterdir()] == ["adapter.safetensors"]


def test_a_read_adapter_can_be_written_over_its_own_file(tmp_path):
    file, state = tmp_path / "adapter.safetensors", adapter()
    write_adapter(file, state)
    write_adapter(file, read_adapter(file))
    assert_same(read_adapter(file), state)


def test_an_adapter_may_sit_on_a_subset_of_blocks(tmp_path):
    shape = AdapterShape((0, 7, 30), 16, 8, 4, 12, 3, 6)
    save_file(adapter(shape), tmp_path / "subset.safetensors")
    assert adapter_shape(read_adapter(tmp_path / "subset.safetensors")) == shape


@pytest.mark.parametrize(
    "prefix",
    ["model.", "diffusion_model.", "model.diffusion_model.", "transformer.", "module.", "_orig_mod."],
)
def test_any_prefix_and_the_rest_of_the_model_are_dropped(tmp_path, prefix):
    state = adapter()
    stored = {prefix + key: tensor for key, tensor in state.items()}
    stored |= {f"{prefix}patch_embedding.weight": torch.zeros(16, 36, 1, 2, 2)}
    stored |= {f"{prefix}blocks.{block}.self_attn.q.weight": torch.zeros(16, 16) for block in range(3)}
    save_file(stored, tmp_path / "whole.safetensors")
    assert_same(read_adapter(tmp_path / "whole.safetensors"), state)


def test_the_projection_under_its_name_in_wan_video_wrapper(tmp_path):
    state = adapter()
    save_file(
        {key.replace("audio_proj", "multitalk_audio_proj"): t for key, t in state.items()},
        tmp_path / "a.safetensors",
    )
    assert_same(read_adapter(tmp_path / "a.safetensors"), state)


def shards_of(state: dict[str, Tensor], folder: Path) -> list[Path]:
    keys, files = sorted(state), []
    for number in range(3):
        files.append(folder / f"adapter-{number + 1:05d}-of-00003.safetensors")
        save_file({key: state[key] for key in keys[number::3]}, files[-1])
    return files


def test_shards_as_a_list_a_folder_an_index_or_any_one_of_them(tmp_path):
    state = adapter()
    files = shards_of(state, tmp_path)
    assert_same(read_adapter(files), state)
    assert_same(read_adapter(tmp_path), state)
    assert_same(read_adapter(files[1]), state)
    index = tmp_path / "adapter.safetensors.index.json"
    index.write_text(
        json.dumps({"weight_map": {key: files[i % 3].name for i, key in enumerate(sorted(state))}})
    )
    assert_same(read_adapter(index), state)
    assert_same(read_adapter(tmp_path), state)


# Precisions


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_plain_fp8_becomes_bfloat16_unless_asked(tmp_path, dtype):
    stored = {key: tensor.to(dtype) for key, tensor in adapter().items()}
    save_file(stored, tmp_path / "fp8.safetensors")
    assert_same(read_adapter(tmp_path / "fp8.safetensors"), {key: t.bfloat16() for key, t in stored.items()})
    assert_same(
        read_adapter(tmp_path / "fp8.safetensors", torch.float32),
        {key: t.float() for key, t in stored.items()},
    )


@pytest.mark.parametrize("name", ["scale_weight", "weight_scale"])
@pytest.mark.parametrize("scale_shape", ["scalar", "one", "rows"])
def test_scaled_fp8_is_number_times_scale(tmp_path, name, scale_shape):
    """As ComfyUI and kijai's repacks write it: matrices in fp8 with a scale, the rest in bfloat16."""
    stored = {"scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn)}
    expected = {}
    for key, tensor in adapter().items():
        layer = key.rsplit(".", 1)[0]
        if tensor.dim() < 2:
            stored[key] = tensor.bfloat16()
            expected[key] = stored[key].float()
            continue
        rows = tensor.abs().amax(dim=1) / 448
        scale = {"scalar": rows.max(), "one": rows.max().reshape(1), "rows": rows[:, None]}[scale_shape]
        stored[key] = (tensor / scale).to(torch.float8_e4m3fn)
        stored[f"{layer}.{name}"] = scale.clone()
        stored[f"{layer}.scale_input"] = torch.ones(())
        expected[key] = stored[key].float() * scale
        assert (expected[key] - tensor).abs().max() < 0.07 * tensor.abs().max()
    save_file(
        {f"model.diffusion_model.{key}": t for key, t in stored.items()}, tmp_path / "scaled.safetensors"
    )
    assert_same(read_adapter(tmp_path / "scaled.safetensors", torch.float32), expected)
    as_stored = read_stored_adapter(tmp_path / "scaled.safetensors")
    assert as_stored.full_precision  # by the marker's two numbers
    if scale_shape == "rows":
        assert not as_stored.scales
        assert_same(as_stored.state, read_adapter(tmp_path / "scaled.safetensors"))
    else:
        matrices = {key: tensor for key, tensor in adapter().items() if tensor.dim() == 2}
        assert as_stored.scales.keys() == matrices.keys()
        assert_same(as_stored.state, {key: stored[key] for key in adapter()})
        for key, scale in as_stored.scales.items():
            assert torch.equal(as_stored.state[key].float() * scale, expected[key])


def test_fp8_without_scales_stays_as_stored(tmp_path):
    stored = {key: tensor.to(torch.float8_e4m3fn) for key, tensor in adapter().items()}
    save_file(stored, tmp_path / "fp8.safetensors")
    as_stored = read_stored_adapter(tmp_path / "fp8.safetensors")
    assert not as_stored.full_precision
    assert as_stored.scales
    assert all(scale == 1 for scale in as_stored.scales.values())
    assert_same(as_stored.state, {key: t if t.dim() == 2 else t.bfloat16() for key, t in stored.items()})


@pytest.mark.parametrize(
    ("note", "asked"),
    [
        (b'{"format": "float8_e4m3fn", "full_precision_matrix_mult": true}', True),
        (b'{"format":"float8_e4m3fn","full_precision_matrix_mult":false}', False),
        (b'{"format": "float8_e4m3fn"}', False),
        (b"[1]", False),
        (b"\x00\xff", False),
    ],
)
def test_full_precision_by_a_layers_note(tmp_path, note, asked):
    stored = {key: tensor.to(torch.float8_e4m3fn) for key, tensor in adapter().items()}
    stored["blocks.0.audio_cross_attn.proj.comfy_quant"] = torch.tensor(list(note), dtype=torch.uint8)
    save_file(stored, tmp_path / "noted.safetensors")
    assert read_stored_adapter(tmp_path / "noted.safetensors").full_precision is asked


@pytest.mark.parametrize("dtype", [torch.int8, torch.float8_e4m3fn])
def test_quanto_is_number_times_row_scale(tmp_path, dtype):
    stored, expected = {}, {}
    for key, tensor in adapter().items():
        if tensor.dim() < 2:
            stored[key] = expected[key] = tensor
            continue
        scale = tensor.abs().amax(dim=1, keepdim=True) / 127
        stored[f"{key}._data"] = (tensor / scale).round().to(dtype)
        stored[f"{key}._scale"] = scale
        stored[f"{key.removesuffix('weight')}input_scale"] = torch.ones(())
        stored[f"{key.removesuffix('weight')}output_scale"] = torch.ones(())
        expected[key] = stored[f"{key}._data"].float() * scale
    save_file(stored, tmp_path / "quanto.safetensors")
    assert_same(read_adapter(tmp_path / "quanto.safetensors", torch.float32), expected)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"blocks.1.audio_cross_attn.proj.weight": torch.zeros(16, 8, dtype=torch.uint8)}, "stored as uint8"),
        ({"blocks.1.audio_cross_attn.proj.weight": torch.zeros(16, 16, dtype=torch.int8)}, "stored as int8"),
        (
            {"blocks.1.audio_cross_attn.proj.weight_scale": torch.zeros(16, 4)},
            "scale of blocks.1.audio_cross_attn.proj",
        ),
        ({"blocks.1.audio_cross_attn.proj.weight._scale": torch.zeros(16)}, "unknown kind of quantisation"),
    ],
)
def test_other_quantisations_are_refused_by_name(tmp_path, change, said):
    save_file(adapter() | change, tmp_path / "quantised.safetensors")
    assert said in sentence(tmp_path / "quantised.safetensors")


# Refusals


def test_missing_and_unexpected_tensors_are_named(tmp_path):
    file, state = tmp_path / "adapter.safetensors", adapter()
    half = {key: tensor for key, tensor in state.items() if not key.startswith("blocks.1.audio_cross_attn.")}
    save_file(half, file)
    assert "lacks blocks.1.audio_cross_attn.q_linear.weight" in sentence(file)
    assert "(6 tensors in all)" in sentence(file)
    save_file(state | {"blocks.2.audio_cross_attn.gate.weight": torch.zeros(4)}, file)
    assert "also has blocks.2.audio_cross_attn.gate.weight" in sentence(file)
    save_file({"blocks.0.self_attn.q.weight": torch.zeros(4, 4)}, file)
    assert "contains no audio adapter" in sentence(file)
    save_file(state | {f"ema.{key}": tensor.clone() for key, tensor in state.items()}, file)
    assert "contains two adapters" in sentence(file)


def test_a_missing_shard_is_named(tmp_path):
    files = shards_of(adapter(), tmp_path)
    files[1].unlink()
    for paths in (tmp_path, files[0], [files[0], files[2]]):
        assert "The shard adapter-00002-of-00003.safetensors" in sentence(paths)
    index = tmp_path / "adapter.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "adapter-00009.safetensors"}}))
    assert "The shard adapter-00009.safetensors" in sentence(index)
    index.write_text("{}")
    assert "index" in sentence(index) and "cannot be read" in sentence(index)


def test_two_checkpoints_at_once_are_refused(tmp_path):
    for name in ("one.safetensors", "two.safetensors"):
        save_file(adapter(), tmp_path / name)
    assert "choose one" in sentence(tmp_path)
    assert "at least one" in sentence([])


def test_what_is_not_safetensors_is_recognised(tmp_path):
    def refusal(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return sentence(tmp_path / name)

    torch.save({"a": torch.zeros(2)}, tmp_path / "zip.pt")
    torch.save({"a": torch.zeros(2)}, tmp_path / "old.bin", _use_new_zipfile_serialization=False)
    zipped, old = (tmp_path / "zip.pt").read_bytes(), (tmp_path / "old.bin").read_bytes()
    for name in ("zip.pt", "old.bin"):
        assert "is a pickle" in sentence(tmp_path / name)
        assert "safetensors.torch.save_file" in sentence(tmp_path / name)
    assert "is a pickle" in refusal("zip.safetensors", zipped)
    assert "is a pickle" in refusal("old.safetensors", old)
    assert "Git LFS pointer" in refusal(
        "lfs.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n"
    )
    assert "GGUF" in refusal("model.gguf", b"GGUF\3\0\0\0" + bytes(50))
    assert "web page" in refusal("page.safetensors", b"<!DOCTYPE html><html></html>")
    assert "empty file" in refusal("empty.safetensors", b"")
    assert "ends too early" in refusal("short.safetensors", b"\1\2\3")
    assert "ends too early" in refusal("long_header.safetensors", (1 << 40).to_bytes(8, "little") + b"{}")
    assert "damaged" in refusal("noise.safetensors", (9).to_bytes(8, "little") + b"not json!")
    assert "does not exist" in sentence(tmp_path / "absent.safetensors")
    (tmp_path / "folder").mkdir()
    assert "contains no .safetensors" in sentence(tmp_path / "folder")
    (tmp_path / "folder" / "pytorch_model.bin").write_bytes(zipped)
    assert "pytorch_model.bin is a pickle" in sentence(tmp_path / "folder")


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory) -> bytes:
    file = tmp_path_factory.mktemp("whole") / "adapter.safetensors"
    write_adapter(file, adapter())
    return file.read_bytes()


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True), from_header=st.booleans())
def test_a_file_cut_anywhere_is_refused_with_a_sentence(whole_file, tmp_path_factory, share, from_header):
    end = 8 + int.from_bytes(whole_file[:8], "little") if from_header else len(whole_file)
    file = tmp_path_factory.getbasetemp() / "cut.safetensors"
    file.write_bytes(whole_file[: int(share * end)])
    assert "download it again" in sentence(file)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_header_is_refused_or_harmless(whole_file, tmp_path_factory, data):
    """A flipped byte may spell another name or shape: then a sentence names it, never a traceback."""
    position = data.draw(st.integers(0, 8 + int.from_bytes(whole_file[:8], "little")))
    damaged = bytearray(whole_file)
    damaged[position] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    file.write_bytes(damaged)
    try:
        adapter_shape(read_adapter(file))
    except MultiTalkError as error:
        assert str(error).endswith((".", ")"))


# Shapes and models


@pytest.mark.parametrize(
    "key",
    ["audio_proj.proj1_vf.weight", "audio_proj.proj2.bias", "audio_proj.norm.weight", "blocks.2.norm_x.bias",
     "blocks.1.audio_cross_attn.kv_linear.weight"],
)  # fmt: skip
@pytest.mark.parametrize("size", [(), (0,), (7,), (12, 7), (3, 3, 3)])
def test_a_tensor_of_the_wrong_size_is_named(key, size):
    with pytest.raises(MultiTalkError, match=r"The adapter's tensor (audio_proj|blocks)\.") as refusal:
        adapter_shape(adapter() | {key: torch.zeros(size)})
    assert key.split(".")[0] in str(refusal.value)


def test_an_adapter_for_another_model_is_refused():
    check_adapter(RELEASED, model_width=5120, model_depth=40)
    check_adapter(TINY, model_width=16, model_depth=30)
    with pytest.raises(MultiTalkError, match=r"5120 wide and Wan2.1 1.3B is 1536 wide"):
        check_adapter(RELEASED, model_width=1536, model_depth=30, model_name="Wan2.1 1.3B")
    with pytest.raises(MultiTalkError, match=r"reaches to block 39 and the model has only blocks 0 to 29"):
        check_adapter(RELEASED, model_width=5120, model_depth=30)


# Writing


def test_only_adapters_and_only_safetensors_are_written(tmp_path):
    with pytest.raises(MultiTalkError, match=r"name the file .*adapter\.safetensors"):
        write_adapter(tmp_path / "adapter.pt", adapter())
    with pytest.raises(MultiTalkError, match="contains no audio adapter"):
        write_adapter(tmp_path / "adapter.safetensors", {"a": torch.zeros(2)})
    with pytest.raises(MultiTalkError, match="could not be written"):
        write_adapter(tmp_path / "no such folder" / "adapter.safetensors", adapter())
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    file, state = tmp_path / "adapter.safetensors", adapter()
    write_adapter(file, state)
    program = f"""
        import resource, signal, sys
        from multitalk_core.checkpoint import read_adapter, write_adapter
        from multitalk_core.errors import MultiTalkError

        state = {{key: tensor + 1 for key, tensor in read_adapter({str(file)!r}).items()}}
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            write_adapter({str(file)!r}, state)
        except MultiTalkError as error:
            sys.exit(str(error))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "could not be written" in done.stderr and "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]
    assert_same(read_adapter(file), state)
