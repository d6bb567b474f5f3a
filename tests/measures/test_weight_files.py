"""The weights that users bring: what is missing, converted, refused."""

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from golden_metric_inputs import GoldenMetrics
from multitalk_core.errors import MultiTalkError
from multitalk_core.measures.weight_conversion import convert_measure_weights
from multitalk_core.measures.weight_files import WEIGHT_FILES, missing_weights, read_measure_weights

GOLDEN = GoldenMetrics(Path(__file__).parents[1] / "golden_metrics")
BIAS = "netcnnaud.0.bias"


class Program:
    """Touches a file when it is unpickled."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.touched}",)


@pytest.fixture(scope="module")
def sync() -> dict[str, Tensor]:
    return GOLDEN.weights("syncnet")


def refused(source: Path, folder: Path) -> str:
    with pytest.raises(MultiTalkError) as error:
        convert_measure_weights(source, folder)
    assert not list(folder.glob("*.safetensors"))
    return str(error.value)


def test_missing_weights_are_named_with_their_source(tmp_path):
    for name, entry in WEIGHT_FILES.items():
        sentence = missing_weights(tmp_path, name)
        assert entry.file in sentence and entry.original in sentence and entry.source in sentence
        with pytest.raises(MultiTalkError, match="is not in"):
            read_measure_weights(tmp_path, name)


def test_an_original_that_lies_there_is_to_be_converted(tmp_path):
    original = tmp_path / "sfd_face.pth"
    original.touch()
    assert missing_weights(tmp_path, "s3fd").endswith(f": convert {original} with --convert-weights.")


def test_an_original_of_old_torch_is_converted(sync, tmp_path):
    """Before 2018 there were no counters and no ZIP archives."""
    source = tmp_path / "syncnet_v2.model"
    old = {key: tensor for key, tensor in sync.items() if not key.endswith("num_batches_tracked")}
    torch.save(old, source, _use_new_zipfile_serialization=False)
    assert convert_measure_weights(source, tmp_path).name == "syncnet.safetensors"
    read = read_measure_weights(tmp_path, "syncnet")
    assert read.keys() == old.keys() and all(torch.equal(read[key], old[key]) for key in old)
    assert missing_weights(tmp_path, "syncnet") is None


@pytest.mark.soak
@pytest.mark.parametrize("name", WEIGHT_FILES)
def test_each_original_is_converted(name, tmp_path):
    weights, source = GOLDEN.weights(name), tmp_path / WEIGHT_FILES[name].original
    optimizer = torch.optim.Adam([nn.Parameter(torch.zeros(3))]).state_dict()
    torch.save({"net_recon": weights, "opt_00": optimizer} if name == "deep3d" else weights, source)
    convert_measure_weights(source, tmp_path)
    read = read_measure_weights(tmp_path, name)
    assert read.keys() == weights.keys() and all(torch.equal(read[key], weights[key]) for key in weights)


def test_nothing_in_a_file_is_run(tmp_path):
    touched, folder = tmp_path / "touched", tmp_path / "measures"
    folder.mkdir()
    for number, archive in enumerate((True, False)):
        source = tmp_path / f"{number}.pth"
        content = {BIAS: torch.zeros(64), "x": Program(touched)}
        torch.save(content, source, _use_new_zipfile_serialization=archive)
        assert "could run code" in refused(source, folder)
    bare = tmp_path / "bare.pth"
    bare.write_bytes(pickle.dumps(Program(touched)))
    refused(bare, folder)
    module = tmp_path / "module.pth"
    torch.save(nn.Linear(2, 2), module)
    assert "could run code" in refused(module, folder)
    assert not touched.exists()


def test_programs_are_refused(tmp_path):
    script = tmp_path / "i3d_torchscript.pt"
    with zipfile.ZipFile(script, "w") as archive:  # the entries of torch.jit.save
        for entry in ("data.pkl", "code/__torch__.py", "constants.pkl", "version"):
            archive.writestr(f"i3d/{entry}", b"")
    assert "TorchScript" in refused(script, tmp_path)


def test_archives_that_unpack_to_gigabytes_are_refused(tmp_path):
    bomb = tmp_path / "bomb.pth"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("a/data.pkl")
        archive.writestr(entry, b"\x80\x02}.")
        entry.file_size = 3 * 10**9  # what the directory at the end claims
    assert "more than any of the originals" in refused(bomb, tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty file"),
        (b"<!doctype html><html>Sign in", "damaged or cut short"),
        (b"\x80\x02" + bytes(500), "damaged or cut short"),
        ([1, 2], "no table of weights"),
        (torch.zeros(3), "no table of weights"),
        ({"net_recon": 5}, "no table of weights"),
        ({1: torch.zeros(3)}, "no table of weights"),
        ({}, "another network"),
        (nn.Linear(2, 2).state_dict(), "another network"),
    ],
)
def test_other_files_are_refused(content, sentence, tmp_path):
    source = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        source.write_bytes(content)
    else:
        torch.save(content, source)
    assert sentence in refused(source, tmp_path)


def test_a_download_that_was_cut_short(sync, tmp_path):
    for archive in (True, False):
        source = tmp_path / "syncnet_v2.model"
        torch.save(sync, source, _use_new_zipfile_serialization=archive)
        os.truncate(source, source.stat().st_size // 2)
        assert "damaged or cut short" in refused(source, tmp_path)


def test_an_archive_with_a_damaged_directory(sync, tmp_path):
    source = tmp_path / "syncnet_v2.model"
    torch.save(sync, source)
    whole = source.read_bytes()
    entry = whole.rindex(b"PK\x01\x02")
    damages = {entry: b"XXXX", entry + 6: b"\xff", entry + 46: b"\xff\xff"}  # signature, version and name
    for place, damage in damages.items():
        source.write_bytes(whole[:place] + damage + whole[place + len(damage) :])
        assert "damaged or cut short" in refused(source, tmp_path)


def test_weights_in_another_order_of_numbers(sync, tmp_path):
    turned = {
        key: tensor.to(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor.T.contiguous().T
        for key, tensor in sync.items()
        if tensor.ndim in (2, 4)
    }
    assert not all(tensor.is_contiguous() for tensor in turned.values())
    torch.save(sync | turned, tmp_path / "syncnet_v2.model")
    read = load_file(convert_measure_weights(tmp_path / "syncnet_v2.model", tmp_path))
    assert all(torch.equal(read[key], sync[key]) for key in sync)


def changed(sync: dict[str, Tensor]) -> dict[str, tuple[dict[str, Tensor], str]]:
    """Weights that are nearly right, and what is said of them."""
    others = {key: tensor for key, tensor in sync.items() if key != BIAS}
    return {
        "lacks one": (others, f"{BIAS} is missing"),
        "has more": ({**sync, "module.x": torch.zeros(1)}, "module.x does not belong"),
        "half": ({**sync, BIAS: sync[BIAS].half()}, "float16"),
        "shape": ({**sync, BIAS: torch.zeros(65)}, r"F32 \[65\] and not F32 \[64\]"),
        "infinite": ({**sync, BIAS: sync[BIAS] / 0}, f"not finite, in {BIAS}"),
        "sparse": ({**sync, BIAS: torch.zeros(64).to_sparse()}, "without numbers"),
    }


@pytest.mark.parametrize("kind", ["lacks one", "has more", "half", "shape", "infinite", "sparse"])
def test_nearly_right_weights_are_refused(kind, sync, tmp_path):
    weights, sentence = changed(sync)[kind]
    source = tmp_path / "syncnet_v2.model"
    torch.save(weights, source)
    with pytest.raises(MultiTalkError, match=sentence):
        convert_measure_weights(source, tmp_path)
    if kind == "sparse":  # safetensors knows none
        return
    save_file(weights, tmp_path / "syncnet.safetensors")
    with pytest.raises(MultiTalkError, match=sentence.replace("float16", "F16")):
        read_measure_weights(tmp_path, "syncnet")


def test_a_file_of_another_network_is_refused(sync, tmp_path):
    save_file(sync, tmp_path / "s3fd.safetensors")
    with pytest.raises(MultiTalkError, match=r"does not hold the weights of sfd_face\.pth"):
        read_measure_weights(tmp_path, "s3fd")
    (tmp_path / "i3d.safetensors").write_bytes(b"\x80\x02 a pickle under another name")
    with pytest.raises(MultiTalkError):
        read_measure_weights(tmp_path, "i3d")


def test_safetensors_of_others_are_put_in_place(sync, tmp_path):
    save_file(sync, tmp_path / "repacked.safetensors")
    written = convert_measure_weights(tmp_path / "repacked.safetensors", tmp_path)
    assert load_file(written).keys() == sync.keys()


def test_a_converted_file_does_not_replace_itself(sync, tmp_path):
    save_file(sync, tmp_path / "theirs.safetensors")
    written = convert_measure_weights(tmp_path / "theirs.safetensors", tmp_path)
    before = written.read_bytes()
    with pytest.raises(MultiTalkError, match="is one of the inputs"):
        convert_measure_weights(written, tmp_path)
    assert written.read_bytes() == before


def test_a_folder_that_is_missing(sync, tmp_path):
    torch.save(sync, tmp_path / "syncnet_v2.model")
    with pytest.raises(MultiTalkError, match="does not exist"):
        convert_measure_weights(tmp_path / "syncnet_v2.model", tmp_path / "nowhere")
