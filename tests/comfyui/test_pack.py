"""The pack as ComfyUI loads it."""

import json
import re
import urllib.request

import pytest
from comfy_process import run_in_comfyui

import multitalk_core


def test_pack_loads(server):
    line = re.search(r"[\d.]+ seconds(.*): .*ComfyUI-MultiTalk", server.log.read_text())
    assert "FAILED" not in line[1]


def test_log_tells_the_version(server):
    assert f"[MultiTalk] version {multitalk_core.__version__}\n" in server.log.read_text()


@pytest.mark.parametrize(
    ("loader", "choice", "file"),
    [
        ("UNETLoader", "unet_name", "multitalk_demo_dit.safetensors"),
        ("VAELoader", "vae_name", "multitalk_demo_vae.safetensors"),
        ("ModelPatchLoader", "name", "multitalk_demo_adapter.safetensors"),
        ("AudioEncoderLoader", "audio_encoder_name", "multitalk_demo_wav2vec2.safetensors"),
        ("MultiTalkAudioAdapterLoader", "adapter", "multitalk_demo_adapter.safetensors"),
        ("MultiTalkAudioEncoderLoader", "audio_encoder", "multitalk_demo_wav2vec2.safetensors"),
    ],
)
def test_demo_models_are_listed_by_loaders(server, loader, choice, file):
    kind, *described = server.object_info[loader]["input"]["required"][choice]
    assert file in (kind if isinstance(kind, list) else described[0]["options"])


def test_help_pages_are_served(server):
    address = f"http://{server.address}/extensions/ComfyUI-MultiTalk/docs/MultiTalkDemo.md"
    with urllib.request.urlopen(address) as page:
        assert page.read().startswith(b"# MultiTalk Demo Scene")


def test_model_folders_are_listed_beside_files(server):
    folder = server.models / "audio_encoders" / "chinese-wav2vec2-base"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_text("{}")
    info = server.get("/object_info/MultiTalkAudioEncoderLoader")["MultiTalkAudioEncoderLoader"]
    options = info["input"]["required"]["audio_encoder"][1]["options"]
    assert "chinese-wav2vec2-base" in options
    assert "chinese-wav2vec2-base/model.safetensors" not in options


def test_files_of_its_own_are_whole_and_named_by_what_they_are(tmp_path):
    """Examples are complete or absent, a warning names what is missing, and a WebM is not called mp4."""
    run_in_comfyui("pack_files", tmp_path, {})
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["names"] == ["dubbed.mp4", "dubbed.webm", "dubbed.avi"]
    assert "multitalk_two_people.png" in found["all"] and found["no warnings"]
    assert found["full"] == found["missing"] == []
    full, missing = found["warnings"]
    assert f"{tmp_path / 'full'}" in full and "No space left on device" in full
    assert f"{tmp_path / 'no examples'}: No such file" in missing


def test_old_comfyui_is_refused_in_a_sentence(tmp_path):
    outputs = run_in_comfyui("version", tmp_path, {})
    assert outputs["0.3.76"] and outputs["0.15.0"]
    assert not outputs["0.15.1"] and not outputs["0.33.0"] and not outputs["1.0.0"]
