"""Whatever path a user names: a pipe, a device or a folder instead of a file is reported; nothing waits."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.audio.turns import read_turns
from multitalk_core.checkpoint import describe, read_adapter
from multitalk_core.cli.options.dubbing_options import read_region
from multitalk_core.errors import MultiTalkError, printable
from multitalk_core.files.given import read_text
from multitalk_core.hosts.diffusers.wan_folder import load_vae
from multitalk_core.media.picture import read_picture
from multitalk_core.media.video_file import VideoFile
from multitalk_core.persons.detection import find_persons
from multitalk_core.training.manifest import read_lines

READERS: dict[str, Callable] = {
    "picture.png": read_picture,
    "voice.wav": read_audio,
    "video.mp4": VideoFile.open,
    "region.png": read_region,
    "region.mp4": read_region,
    "turns.csv": read_turns,
    "turns.rttm": read_turns,
    "adapter.safetensors": read_adapter,
    "inspected.safetensors": describe,
    "some.safetensors.index.json": read_adapter,
    "model-00001-of-00001.safetensors": read_adapter,
    "encoder.safetensors": AudioEncoder.load,
    "manifest.jsonl": read_lines,
}


def refusal(name: str, path: Path) -> str:
    with pytest.raises(MultiTalkError) as refused:
        READERS[name](path)
    assert printable(path.name[:30], 100) in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file_is_reported_and_nothing_waits(tmp_path, name):
    path = tmp_path / name
    assert re.search("There is no|does not exist|is missing", refusal(name, path))
    os.mkfifo(path)
    assert re.search("is a pipe|is missing", refusal(name, path))
    path.unlink()
    path.symlink_to("/dev/zero")
    assert re.search("or a device|is missing", refusal(name, path))
    path.unlink()
    path.touch()
    assert "empty file" in refusal(name, path)
    path.unlink()
    path.symlink_to(path)  # to itself
    refusal(name, path)
    path.unlink()
    path.mkdir()
    assert "folder" in refusal(name, path)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("path", ["x" * 300, "a\0b", "file.png/below"], ids=["long", "null", "below a file"])
def test_names_that_no_file_has(tmp_path, name, path):
    (tmp_path / "file.png").touch()
    refusal(name, (tmp_path / path).with_suffix(Path(name).suffix))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may read everything")
@pytest.mark.parametrize("name", READERS)
def test_a_file_that_may_not_be_read(tmp_path, name):
    (tmp_path / name).write_bytes(b"x" * 100)
    (tmp_path / name).chmod(0)
    assert "ermission" in refusal(name, tmp_path / name)


@pytest.mark.parametrize(
    ("place", "read"),
    [
        ("model_index.json", load_vae),
        ("transformer/config.json", load_vae),
        ("config.json", AudioEncoder.load),
        ("model.safetensors", AudioEncoder.load),
        ("model.safetensors", read_adapter),
        ("config.json", lambda folder: find_persons(read_picture(folder / "a.png"), model=folder)),
    ],
)
def test_a_pipe_in_a_model_folder_is_reported(tmp_path, place, read):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    for name in ("model_index.json", "transformer/config.json", "config.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    save_file({"weight": torch.zeros(1)}, tmp_path / "model.safetensors")
    (tmp_path / place).unlink(missing_ok=True)
    (tmp_path / place).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / place)
    with pytest.raises(MultiTalkError, match="is a pipe"):
        read(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_text_may_be_in_utf_16(tmp_path, encoding):
    text = "Anna: Good morning, Ben.\n貝恩: 早安\n"
    (tmp_path / "talk.txt").write_bytes(text.encode(encoding))
    assert read_text(tmp_path / "talk.txt", "script", 1000) == text


@pytest.mark.parametrize(("name", "about_csv"), [("talk.txt", False), ("talk.CSV", True)])
def test_a_text_in_another_encoding_is_to_be_saved_again(tmp_path, name, about_csv):
    (tmp_path / name).write_bytes("Zoë: Hé!".encode("latin-1"))
    with pytest.raises(MultiTalkError, match=r"is not UTF-8 text: .* save it as UTF-8") as refused:
        read_text(tmp_path / name, "script", 1000)
    assert ("CSV" in str(refused.value)) == about_csv
