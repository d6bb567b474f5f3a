"""Small files under the names that the workflows ask for.

What ComfyUI reads from tiny weights is real: DiT with an image embedder, VAE, LoRA, audio adapter, wav2vec2.
umt5-xxl, CLIP vision ViT-H, Qwen3-VL, SAM 3 and RT-DETR have fixed sizes: of these there is an empty file, so
that a graph can be validated, and `without_absent_weights` takes them out of a graph that is to run.
"""

import shutil
from pathlib import Path

import torch
from comfy_server import ComfyServer
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from multitalk_core.demo.files import EMBEDDED

MODEL = "diffusion_models/wan2.1_i2v_480p_14B_fp8_scaled.safetensors"
LORA = "loras/lightx2v_I2V_14B_480p_cfg_step_distill_rank64_bf16.safetensors"
COPIES = {
    "vae/wan_2.1_vae.safetensors": "vae/multitalk_demo_vae.safetensors",
    "model_patches/multitalk.safetensors": "model_patches/multitalk_demo_adapter.safetensors",
    "audio_encoders/wav2vec2-chinese-base_fp16.safetensors": (
        "audio_encoders/multitalk_demo_wav2vec2.safetensors"
    ),
}
ABSENT = [
    "text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors",
    "text_encoders/qwen3vl_4b_fp8_scaled.safetensors",
    "clip_vision/clip_vision_h.safetensors",
    "checkpoints/sam3.1_multiplex_fp16.safetensors",
    "diffusion_models/rt_detr_v4-x-hgnet_fp16.safetensors",
]
FOUND = {
    "SAM3_Detect": "masks of SAM3 in the template",
    "RTDETR_detect": "persons of RT-DETR",
}  # by the node of odd_values
NEED_ABSENT = ("CLIPTextEncode", "CLIPVisionEncode", "TextGenerate", "PreviewAny", *FOUND)
CLIP_VISION_WIDTH, LORA_RANK = 1280, 4


def put_standins(server: ComfyServer) -> None:
    """Put models where the workflows look for them."""
    for folder in {Path(name).parent for name in [MODEL, LORA, *COPIES, *ABSENT]}:
        (server.models / folder).mkdir(parents=True, exist_ok=True)
    for name, source in COPIES.items():
        shutil.copyfile(EMBEDDED / source, server.models / name)
    for name in ABSENT:
        (server.models / name).touch()
    _write_models(server.models)


def without_absent_weights(graph: dict) -> dict:
    """The graph with the demo's text conditioning, persons found, and without CLIP vision and captions."""
    left_out = {
        number: node
        for number, node in graph.items()
        if node["class_type"] in NEED_ABSENT or loads_absent(node)
    }
    kept = {"demo": {"class_type": "MultiTalkDemo", "inputs": {}}}
    for kind in FOUND.keys() & {node["class_type"] for node in left_out.values()}:
        kept[kind] = {"class_type": "OddValue", "inputs": {"name": FOUND[kind]}}
    for number, node in graph.items():
        if number not in left_out:
            given = {name: _replaced(value, left_out) for name, value in node["inputs"].items()}
            kept[number] = node | {
                "inputs": {name: value for name, value in given.items() if value is not None}
            }
    return kept


def loads_absent(node: dict) -> bool:
    """Whether a node loads a file that is empty here."""
    files = {Path(name).name for name in ABSENT}
    return any(isinstance(value, str) and value in files for value in node["inputs"].values())


def _replaced(value: object, left_out: dict) -> object:
    """An input's value; texts are the demo's, persons stand-ins, and what other left-out nodes give None."""
    if not isinstance(value, list) or value[0] not in left_out:
        return value
    node = left_out[value[0]]
    if node["class_type"] in FOUND:
        return [node["class_type"], 0]
    if node["class_type"] != "CLIPTextEncode":
        return None
    return ["demo", 5 if node["_meta"]["title"] == "Negative prompt" else 4]


def _write_models(models: Path) -> None:
    """The demo's DiT with an image embedder, as Wan2.1 I2V has it, and a LoRA for it."""
    demo = EMBEDDED / "diffusion_models" / "multitalk_demo_dit.safetensors"
    tensors = load_file(demo)
    with safe_open(demo, "pt") as file:
        metadata = file.metadata()
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator) * shape[-1] ** -0.5

    width = len(tensors["blocks.0.cross_attn.norm_k.weight"])
    for layer, (rows, columns) in {1: (CLIP_VISION_WIDTH,) * 2, 3: (width, CLIP_VISION_WIDTH)}.items():
        tensors[f"img_emb.proj.{layer}.weight"] = drawn(rows, columns)
        tensors[f"img_emb.proj.{layer}.bias"] = torch.zeros(rows)
    for layer, size in {0: CLIP_VISION_WIDTH, 4: width}.items():
        tensors[f"img_emb.proj.{layer}.weight"] = torch.ones(size)
        tensors[f"img_emb.proj.{layer}.bias"] = torch.zeros(size)
    lora = {}
    for name in [name.removesuffix(".norm_k.weight") for name in tensors if ".cross_attn.norm_k." in name]:
        tensors[f"{name}.norm_k_img.weight"] = torch.ones(width)
        for layer in ("k_img", "v_img"):
            tensors[f"{name}.{layer}.weight"] = drawn(width, width)
            tensors[f"{name}.{layer}.bias"] = torch.zeros(width)
        lora[f"diffusion_model.{name}.q.lora_down.weight"] = drawn(LORA_RANK, width)
        lora[f"diffusion_model.{name}.q.lora_up.weight"] = drawn(width, LORA_RANK)
    save_file(tensors, models / MODEL, metadata)
    save_file(lora, models / LORA)
