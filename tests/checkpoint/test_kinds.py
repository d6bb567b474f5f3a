"""Whatever is given instead of an adapter is named, by the loader and by inspect, and what fits loads."""

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from helpers.tiny_adapter import SHAPE, adapter, refused
from multitalk_core.checkpoint import adapter_shape, build_adapter, describe, read_adapter
from multitalk_core.errors import MultiTalkError


def named(*names: str) -> dict[str, Tensor]:
    return {name: torch.zeros(4, 4) for name in names}


def wan(channels: int, *more: str, width: int = 8) -> dict[str, Tensor]:
    """The names that every Wan DiT has, and those of a task."""
    return {
        "patch_embedding.weight": torch.zeros(width, channels, 1, 2, 2),
        "blocks.0.self_attn.norm_q.weight": torch.zeros(width),
        "head.modulation": torch.zeros(1, 2, width),
        **named(*more),
    }


LAYER = "diffusion_model.blocks.0.cross_attn.q"
LORAS = {
    "LoRA": [
        (f"{LAYER}.lora_A.weight", f"{LAYER}.lora_B.weight"),
        (f"{LAYER}.lora_A", f"{LAYER}.lora_B"),
        ("blocks.0.attn1.to_q_lora.down.weight", "blocks.0.attn1.to_q_lora.up.weight"),
        ("base_model.model.blocks.0.q.lora_A.default.weight",),
        (f"{LAYER}.lora_down.weight", f"{LAYER}.lora_mid.weight", f"{LAYER}.diff_b"),
        ("blocks.0.audio_cross_attn.proj.lora_A.weight", "audio_proj.proj1.lora_A.weight"),
    ],
    "DoRA": [
        (f"{LAYER}.lora_down.weight", f"{LAYER}.dora_scale"),
        (f"{LAYER}.lora_A.weight", f"{LAYER}.lora_magnitude_vector.weight"),
        (f"{LAYER}.lora_A.default.weight", f"{LAYER}.lora_magnitude_vector.default.weight"),
    ],
    "LoHa": [("lora_unet_blocks_0_q.hada_w1_a", "lora_unet_blocks_0_q.hada_t1")],
    "LoKr": [("lora_unet_blocks_0_q.lokr_w1",), ("lora_unet_blocks_0_q.lokr_w1_a",)],
    "GLoRA": [tuple(f"lora_unet_blocks_0_q.{part}.weight" for part in ("a1", "a2", "b1", "b2"))],
    "OFT": [
        ("lora_unet_blocks_0_q.oft_blocks",),
        ("base_model.model.q.oft_R.default.weight",),
        ("base_model.model.q.boft_R", "base_model.model.q.boft_s"),
    ],
    "IA3": [("lora_unet_blocks_0_q.on_input", "lora_unet_blocks_0_q.weight"), ("q.ia3_l.weight",)],
    "VeRA": [("base_model.model.q.vera_lambda_b", "base_model.model.q.vera_lambda_d")],
    "LoRA of differences alone": [
        (f"{LAYER}.diff", f"{LAYER}.diff_b"), ("lora_unet_norm.w_norm", "lora_unet_norm.b_norm")
    ],
}  # fmt: skip

AUDIO = ("audio_proj.proj1.weight", "audio_proj.norm.weight", "blocks.0.audio_cross_attn.q_linear.weight",
         "blocks.0.audio_cross_attn.q_norm.weight", "blocks.0.norm_x.weight")  # fmt: skip
WHOLE_MODELS = [
    ("Wan2.1 diffusion transformer", wan(16)),
    ("Wan2.1 diffusion transformer", wan(36, "img_emb.proj.0.bias")),
    ("Wan2.2 diffusion transformer", wan(36)),
    ("Wan2.2 TI2V 5B diffusion transformer", wan(48, width=3072)),
    ("Wan2.1 VACE diffusion transformer", wan(16, "vace_patch_embedding.weight",
                                              "vace_blocks.0.after_proj.weight")),
    ("Wan2.1 VACE module", named("vace_blocks.0.after_proj.weight", "vace_blocks.0.self_attn.q.weight")),
    ("Wan Fun-Control diffusion transformer", wan(48, "img_emb.proj.0.bias")),
    ("Wan Fun-Control diffusion transformer", wan(52, "ref_conv.weight")),
    ("Wan Fun-Camera diffusion transformer", wan(32, "control_adapter.conv.weight", "img_emb.proj.0.bias")),
    ("Wan2.2 S2V diffusion transformer", wan(16, "casual_audio_encoder.encoder.final_linear.weight",
                                             "audio_injector.injector.0.k.weight")),
    ("HuMo diffusion transformer", wan(36, "audio_proj.audio_proj_glob_1.layer.bias",
                                       "blocks.0.audio_cross_attn_wrapper.audio_cross_attn.q.weight")),
    ("Wan2.2 Animate diffusion transformer", wan(36, "face_adapter.fuser_blocks.0.k_norm.weight",
                                                 "img_emb.proj.0.bias", "pose_patch_embedding.weight")),
    ("Wan2.1 FLF2V diffusion transformer", wan(36, "img_emb.emb_pos", "img_emb.proj.0.bias")),
    ("SCAIL diffusion transformer", wan(20, "patch_embedding_pose.weight")),
    ("Uni3C control network for Wan", named("controlnet_patch_embedding.weight")),
    ("ControlNet", named("control_model.input_blocks.0.0.weight")),
    ("IP-Adapter", named("image_proj.proj.weight", "ip_adapter.1.to_k_ip.weight")),
    ("FantasyTalking adapter", named("proj_model.proj.weight", "blocks.0.cross_attn.k_proj.weight")),
    ("LongCat-Video-Avatar diffusion transformer", named(*AUDIO, "x_embedder.proj.weight",
                                                         "blocks.0.audio_adaLN_modulation.1.weight")),
    ("LongCat-Video-Avatar diffusion transformer", wan(16, "multitalk_audio_proj.proj1.weight", *AUDIO[2:])),
    ("LongCat-Video diffusion transformer", named("x_embedder.proj.weight",
                                                  "blocks.0.pre_crs_attn_norm.weight")),
    ("LongCat-Video diffusion transformer", wan(16, "blocks.0.ffn.w1.weight")),
    ("HunyuanVideo or Flux diffusion transformer", named("double_blocks.0.img_attn.qkv.weight")),
    ("LTX-Video diffusion transformer", named("diffusion_model.transformer_blocks.0.scale_shift_table")),
    ("Stable Diffusion model", named("model.diffusion_model.input_blocks.0.0.weight")),
    ("diffusion transformer of another family", named("transformer_blocks.0.attn.to_q.weight")),
]  # fmt: skip
ENCODERS = [
    ("Wan VAE", {"decoder.head.0.gamma": torch.zeros(8), "conv2.weight": torch.zeros(16, 16, 1, 1, 1)}),
    ("Wan2.2 VAE", {"decoder.head.0.gamma": torch.zeros(8), "conv2.weight": torch.zeros(48, 48, 1, 1, 1)}),
    ("VAE of another model", named("first_stage_model.decoder.mid.block_1.conv1.weight")),
    ("VAE of another model", named("decoder.up_blocks.0.resnets.0.conv1.weight")),
    ("wav2vec2 audio encoder", named("wav2vec2.feature_extractor.conv_layers.0.conv.weight",
                                     "wav2vec2.feature_projection.projection.weight")),
    ("WavLM audio encoder", named("feature_extractor.conv_layers.0.conv.weight",
                                  "feature_projection.projection.weight",
                                  "encoder.layers.0.attention.gru_rel_pos_const")),
    ("Whisper audio encoder", named("model.encoder.conv1.weight")),
    ("CLIP vision encoder", named("vision_model.embeddings.class_embedding")),
    ("CLIP text encoder", named("text_model.encoder.layers.0.mlp.fc1.weight")),
    ("umt5 or t5 text encoder in llama.cpp's names", named("enc.blk.0.attn_q.weight", "token_embd.weight")),
    ("language model", named("model.layers.0.self_attn.q_proj.weight")),
]  # fmt: skip
KINDS = [(kind, named(*names)) for kind, forms in LORAS.items() for names in forms] + WHOLE_MODELS + ENCODERS


@pytest.mark.parametrize(("kind", "tensors"), KINDS, ids=[f"{n}-{kind}" for n, (kind, _) in enumerate(KINDS)])
def test_loader_and_inspect_name_the_same_kind(tmp_path, kind, tensors):
    save_file(tensors, tmp_path / "given.safetensors")
    found = describe(tmp_path / "given.safetensors").kind
    assert found.startswith(kind)
    article = "an" if kind[0].lower() in "aeio" else "a"
    assert f"given.safetensors contains no audio adapter, it is {article} {found}: " in refused(
        tmp_path / "given.safetensors"
    )


PROJECTION = "blocks.0.audio_cross_attn.proj"


def quantised_by(*parts: str, weight: torch.dtype | None = torch.uint8) -> dict[str, Tensor]:
    """An adapter with one layer's weight in another form; None leaves the weight itself out."""
    tensors = adapter() | {f"{PROJECTION}.{part}": torch.zeros(4) for part in parts}
    if weight is None:
        del tensors[f"{PROJECTION}.weight"]
    else:
        tensors[f"{PROJECTION}.weight"] = torch.zeros(64, 64, dtype=weight)
    return tensors


UNREAD = {
    "NVFP4": quantised_by("weight_scale", "weight_scale_2"),
    "bitsandbytes in 4 bits": quantised_by("weight.absmax", "weight.quant_map",
                                           "weight.quant_state.bitsandbytes__nf4"),
    "bitsandbytes in 8 bits": quantised_by("SCB", "weight_format", weight=torch.int8),
    "SVDQuant": quantised_by("qweight", "wscales", "smooth_factor", weight=None),
    "GPTQ or AWQ": quantised_by("qweight", "qzeros", "scales", "g_idx", weight=None),
    "Quanto in 4 bits or fewer": quantised_by("weight._data", "weight._scale", "weight._shift", weight=None),
    "compressed-tensors": quantised_by("weight_packed", "weight_scale", "weight_shape", weight=None),
    "fp8 in blocks": quantised_by("weight_scale_inv", weight=torch.float8_e4m3fn),
}  # fmt: skip


@pytest.mark.parametrize("form", UNREAD)
def test_a_quantisation_that_is_not_read_is_named(tmp_path, form):
    save_file(UNREAD[form], tmp_path / "adapter.safetensors")
    said = f"is quantised by {form}, which is not read: use the fp16, bf16 or fp8 version"
    assert said in refused(tmp_path / "adapter.safetensors")
    found = describe(tmp_path / "adapter.safetensors")
    assert said in found.details["fault"] and "fits" not in found.details
    assert found.details["quantised"] == form
    save_file(wan(36, *UNREAD[form]), tmp_path / "wan.safetensors")
    assert describe(tmp_path / "wan.safetensors").details["quantised"] == form


def fp8() -> dict[str, Tensor]:
    return {key: tensor.to(torch.float8_e4m3fn) for key, tensor in adapter().items()}


def quanto() -> dict[str, Tensor]:
    state = adapter()
    weight = state.pop(f"{PROJECTION}.weight")
    data = {
        f"{PROJECTION}.weight._data": weight.to(torch.int8),
        f"{PROJECTION}.weight._scale": torch.ones(64, 1),
    }
    return state | data


CHANGED = [
    adapter(),
    {f"model.diffusion_model.{key}": tensor.half() for key, tensor in adapter().items()},
    {key.replace("audio_proj", "multitalk_audio_proj"): tensor for key, tensor in adapter().items()},
    fp8(),
    fp8() | {f"{PROJECTION}.scale_weight": torch.ones(1), "scaled_fp8": torch.zeros(2)},
    fp8() | {f"{PROJECTION}.weight_scale": torch.ones(64, 4)},
    fp8() | {f"{PROJECTION}.weight_scale": torch.ones(64, 1), f"{PROJECTION}.comfy_quant": torch.zeros(3)},
    quanto(),
    quantised_by(weight=torch.int8),
    quantised_by("weight_scale", weight=torch.int8),
    quantised_by(weight=torch.int64),
    adapter() | {"blocks.7.norm_x.weight": torch.zeros(64)},
    adapter() | {f"{PROJECTION}.bias": torch.zeros(63)},
    adapter() | wan(36, "img_emb.proj.0.bias", width=64),
    adapter() | {"audio_proj.proj4.weight": torch.zeros(3)},
    {key: tensor for key, tensor in adapter().items() if "norm" not in key},
    {key: tensor for key, tensor in adapter().items() if "audio_proj" not in key},
    *UNREAD.values(),
    *(tensors for _, tensors in KINDS),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CHANGED)))
def test_what_inspect_says_fits_loads_and_nothing_else_does(tmp_path, number):
    save_file(CHANGED[number], tmp_path / "given.safetensors")
    assert ("fits" in describe(tmp_path / "given.safetensors").details) == loads(
        tmp_path / "given.safetensors"
    )


def loads(path: object) -> bool:
    """Whether the node and the command line take a file: they read it and build its layers."""
    try:
        build_adapter(read_adapter(path), heads=1)
    except MultiTalkError:
        return False
    assert adapter_shape(read_adapter(path)) == SHAPE
    return True
