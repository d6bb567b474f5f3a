"""Converted graphs on a real ComfyUI: taken by the server, and run small (test_browser opens them)."""

import json
from pathlib import Path

import pytest
from comfy_server import find_comfyui
from standins import put_standins, without_absent_weights
from test_workflows import check_video, only

from helpers.foreign_graphs import TEMPLATE, infinitetalk_graph, page_of
from multitalk_core.cli.main import main
from multitalk_core.converting.conversion import convert_graph
from multitalk_core.converting.graph_file import read_graph
from multitalk_core.converting.node_list import NodeList, described

WIDTH, HEIGHT, CLIP, OVERLAP = 96, 64, 9, 5
DEMO_FILES = {
    "UNETLoader": {"unet_name": "multitalk_demo_dit.safetensors"},
    "VAELoader": {"vae_name": "multitalk_demo_vae.safetensors"},
    "MultiTalkAudioAdapterLoader": {"adapter": "multitalk_demo_adapter.safetensors"},
    "MultiTalkAudioEncoderLoader": {"audio_encoder": "multitalk_demo_wav2vec2.safetensors"},
}
THEIR_FILES = DEMO_FILES | {
    "ModelPatchLoader": {"name": "multitalk_demo_adapter.safetensors"},
    "AudioEncoderLoader": {"audio_encoder_name": "multitalk_demo_wav2vec2.safetensors"},
    "LoraLoaderModelOnly": {"lora_name": "lightx2v_I2V_14B_480p_cfg_step_distill_rank64_bf16.safetensors"},
}


@pytest.fixture(scope="module")
def stocked(server):
    put_standins(server)
    return server


def template() -> Path:
    """The InfiniteTalk template that comes with ComfyUI."""
    _, python = find_comfyui()
    found = sorted(python.parents[1].glob(TEMPLATE))
    if not found:
        pytest.skip("this ComfyUI has no InfiniteTalk template")
    return found[0]


def small(graph: dict) -> dict:
    """With the demo's models, the stand-ins' picture and voices, a small size and few steps."""
    voices = iter(["multitalk_voice_1.mp3", "multitalk_voice_2.mp3"])
    for node in graph.values():
        node["inputs"] |= DEMO_FILES.get(node["class_type"], {})
        if node["class_type"] == "LoadAudio":
            node["inputs"]["audio"] = next(voices)
        elif node["class_type"] == "LoadImage":
            node["inputs"]["image"] = "multitalk_two_people.png"
        elif node["class_type"] == "MultiTalkLongVideo":
            size = {"width": WIDTH, "height": HEIGHT, "steps": 2}
            node["inputs"] |= size | {"length": 2 * CLIP - OVERLAP}
        elif node["class_type"] == "MultiTalkClipSettings":
            node["inputs"] |= {"clip_frames": CLIP, "motion_frames": OVERLAP}
        elif node["class_type"] == "MultiTalkPersonLocalizer":
            node["inputs"] = {
                "image": node["inputs"]["image"],
                "method": "equal parts",
                "method.parts": 2,
                "speaker_order": "",
            }
    return graph


def without_loras(graph: dict) -> dict:
    """The demo's model has no LoRA; the stand-in's name is that of the released one."""
    for node in graph.values():
        if node["class_type"] == "LoraLoaderModelOnly":
            node["inputs"]["strength_model"] = 0.0
    return graph


def test_the_list_that_ships_is_that_of_this_comfyui(server):
    shipped, now = NodeList.shipped().nodes, server.object_info
    for kind in shipped.keys() & now.keys():
        names = {entry["id"] for entry in described(now[kind])["inputs"]}
        assert {entry["id"] for entry in shipped[kind]["inputs"]} <= names, kind
    ours = {kind for kind in now if kind.startswith("MultiTalk")}
    assert {kind: shipped[kind] for kind in ours} == {
        kind: described(now[kind], with_files=False) for kind in ours
    }, "run tools/make_node_list.py"


def test_comfyuis_own_template_converts_and_runs_small(stocked):
    graph = convert_graph(read_graph(template(), NodeList.shipped()), NodeList.shipped()).api
    graph = without_absent_weights(small(without_loras(graph)))
    run = stocked.run(graph)
    (shown,) = run.outputs[only(graph, "SaveVideo")]["images"]
    check_video(stocked.path(shown), 2 * CLIP - OVERLAP, WIDTH, HEIGHT)


def test_command_checks_against_a_running_server(stocked, tmp_path, capsys):
    source = tmp_path / "theirs.json"
    source.write_text(json.dumps(page_of(infinitetalk_graph())))
    command = ["convert", str(source), "--server", stocked.address, "--output", str(tmp_path / "ours")]
    assert main(command) == 2
    refused = capsys.readouterr().err
    assert "unet_name is" in refused and stocked.address in refused
    assert not (tmp_path / "ours.json").exists()
    graph = infinitetalk_graph()
    names = {
        "audio": "multitalk_voice_1.mp3",
        "image": "multitalk_two_people.png",
        "clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors",
    }
    for node in graph.values():
        node["inputs"] |= THEIR_FILES.get(node["class_type"], {})
        node["inputs"] |= {
            name: value for name, value in names.items() if isinstance(node["inputs"].get(name), str)
        }
    source.write_text(json.dumps(graph))
    assert main(command) == 0, capsys.readouterr().err
    answer = stocked.post("/prompt", {"prompt": json.loads((tmp_path / "ours_api.json").read_text())})
    assert not answer["node_errors"]
    stocked.post("/interrupt", {})
