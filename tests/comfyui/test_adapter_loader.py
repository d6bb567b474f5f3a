"""Load MultiTalk Audio Adapter on a real ComfyUI server: GGUF files, and what is no adapter."""

import subprocess

import gguf
import numpy as np
import pytest
import torch
from graphs import frame_paths, sampler_graph
from PIL import Image
from safetensors.torch import load_file, save_file

from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES

LOADER = "MultiTalkAudioAdapterLoader"


@pytest.fixture(scope="module")
def folder(server):
    folder = server.models / "model_patches"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def picture(server):
    return server.upload(EMBEDDED / "picture.png", "adapter_loader.png")


@pytest.fixture(scope="module")
def with_gguf(server):
    """ComfyUI's own environment has what requirements.txt asks for."""
    if subprocess.run([server.python, "-c", "import gguf"], capture_output=True).returncode:
        pytest.skip("ComfyUI's environment has no gguf: install requirements.txt there")


@pytest.mark.usefixtures("with_gguf")
def test_an_adapter_in_gguf_is_listed_and_gives_the_same_frames(server, folder, picture):
    writer = gguf.GGUFWriter(folder / "demo.gguf", "wan")
    for name, weight in load_file(EMBEDDED / EMBEDDED_FILES["adapter"]).items():
        writer.add_tensor(name, weight.float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    info = server.get(f"/object_info/{LOADER}")[LOADER]
    assert "demo.gguf" in info["input"]["required"]["adapter"][1]["options"]
    frames = []
    for name in ("demo.gguf", "multitalk_demo_adapter.safetensors"):
        graph = sampler_graph(picture)
        graph["adapter"]["inputs"] |= {"adapter": name, "dtype": "float32"}
        paths = frame_paths(server, server.run(graph))
        frames.append(np.stack([np.asarray(Image.open(path)) for path in paths]))
    assert np.array_equal(*frames)


WRONG = {
    "lora.safetensors": ({"blocks.0.q.lora_A.weight": torch.zeros(4, 8)}, "it is a LoRA"),
    "dora.safetensors": ({"blocks.0.q.dora_scale": torch.zeros(4, 8)}, "it is a DoRA"),
    "vae.safetensors": (EMBEDDED_FILES["vae"], "it is a Wan VAE"),
    "encoder.safetensors": (EMBEDDED_FILES["audio_encoder"], "it is a wav2vec2 audio encoder"),
    "page.safetensors": (b"<!DOCTYPE html><html>Log in</html>", "is a web page and not weights"),
    "answer.safetensors": (b'{"error": "log in to download this"}', "is text and not weights"),
    "cut.gguf": (b"GGUF\3\0\0\0" + bytes([9] * 16), "ends too early"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_adapter_is_named(server, folder, picture, name, request):
    if name.endswith(".gguf"):
        request.getfixturevalue("with_gguf")
    content, said = WRONG[name]
    if isinstance(content, dict):
        save_file(content, folder / name)
    else:
        given = content if isinstance(content, bytes) else (EMBEDDED / content).read_bytes()
        (folder / name).write_bytes(given)
    graph = sampler_graph(picture)
    graph["adapter"]["inputs"]["adapter"] = name
    assert said in server.refuse(graph).message
