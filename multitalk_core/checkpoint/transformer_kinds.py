"""Recognise diffusion transformers: Wan for every task, LongCat, and those of other families."""

import json
import re
from collections.abc import Mapping

from ..method.wan import I2V_CHANNELS, LATENT_CHANNELS
from .reading import StoredTensor
from .tensor_names import Found, Stored, below, count_layers

KNOWN_MODELS = {"Wan2.1 14B": (5120, 40), "Wan2.1 1.3B": (1536, 30)}
# The beginning of a name that only the model for this task has, in original or diffusers names.
TASKS = (
    (("vace_patch_embedding.", "vace_blocks."), "Wan2.1 VACE", "video editing"),
    (("casual_audio_encoder.", "audio_injector."), "Wan2.2 S2V", "speech to video"),
    (("audio_proj.audio_proj_glob_1.",), "HuMo", "speech to video"),
    (("face_adapter.", "pose_patch_embedding."), "Wan2.2 Animate", "animation of a character"),
    (("patch_embedding_mask.", "patch_embedding_pose."), "SCAIL", "animation of a character"),
    (("patch_embedding_global.",), "WanDancer", "dance to music"),
    (("control_adapter.",), "Wan Fun-Camera", "camera control"),
    (("blocks.0.cam_encoder.",), "ReCamMaster", "camera control"),
    (("blocks.0.cross_attn.k_fusion.", "audio_model."), "Ovi", "video with sound"),
    (("ref_conv.",), "Wan Fun-Control", "video control"),
    (("img_emb.emb_pos", "condition_embedder.image_embedder.pos_embed"), "Wan2.1 FLF2V",
     "first and last picture to video"),
)  # fmt: skip
LONGCAT = re.compile(r"(?:.*\.)?blocks\.\d+\.(pre_crs_attn_norm|audio_adaLN_modulation|ffn\.w1)\..*")
LONGCAT_AUDIO = re.compile(r"(?:.*\.)?blocks\.\d+\.audio_cross_attn\.(q_norm|k_norm)\..*")
OTHER_FAMILIES = {
    "HunyuanVideo or Flux diffusion transformer": re.compile(r"(?:.*\.)?double_blocks\.0\..*"),
    "LTX-Video diffusion transformer": re.compile(r"(?:.*\.)?transformer_blocks\.0\.scale_shift_table"),
    "diffusion transformer of another family": re.compile(
        r"(?:.*\.)?(transformer_blocks|joint_blocks|single_transformer_blocks)\.0\..*"
    ),
    "Uni3C control network for Wan": re.compile(r"(?:.*\.)?controlnet_patch_embedding\..*"),
    "ControlNet": re.compile(r"(?:.*\.)?(control_model|controlnet_cond_embedding|controlnet_blocks)\..*"),
    "IP-Adapter": re.compile(r"(?:.*\.)?(ip_adapter|image_proj)\..*"),
    "FantasyTalking adapter": re.compile(r"(?:.*\.)?proj_model\.proj\.weight"),
    "Stable Diffusion model": re.compile(r"(?:.*\.)?(input_blocks|down_blocks)\.0\..*"),
}


def wan_transformer(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    """Details of a Wan DiT for any task; None for anything else."""
    original = below(stored, "blocks.0.self_attn.norm_q.weight")
    tensors = original or below(stored, "blocks.0.attn1.norm_q.weight")
    patch = tensors.get("patch_embedding.weight")
    if patch is None or len(patch.shape) != 5:
        return None
    width, channels = patch.shape[:2]
    depth = count_layers(tensors, "blocks.")
    image_embedder = _any(tensors, ("img_emb.", "condition_embedder.image_embedder."))
    names = [name for name, size in KNOWN_MODELS.items() if size == (width, depth)]
    family, purpose = _task(tensors, channels, width, image_embedder=image_embedder)
    details = {
        "model": f"{names[0]}, {purpose}" if names else f"{purpose}, of a size of its own",
        "input channels": str(channels),
        "image embedder": "yes" if image_embedder else "no",
        "depth": f"{depth} blocks",
        "width": str(width),
        "heads": str(_heads(width, metadata)),
        "key names": "original" if original else "diffusers",
    }
    return f"{family} diffusion transformer", details


def _task(
    tensors: Mapping[str, StoredTensor], channels: int, width: int, *, image_embedder: bool
) -> tuple[str, str]:
    """Family and task of a Wan DiT."""
    for beginnings, family, purpose in TASKS:
        if _any(tensors, beginnings):
            return family, purpose
    if channels == LATENT_CHANNELS:
        return "Wan2.1", "text to video"
    if channels == I2V_CHANNELS:
        return "Wan2.1" if image_embedder else "Wan2.2", "image to video"
    if channels == 48 and width == 3072:
        return "Wan2.2 TI2V 5B", "text or image to video"
    return "Wan Fun-Control", "video control or another task"


def _any(tensors: Mapping[str, StoredTensor], beginnings: tuple[str, ...]) -> bool:
    return any(name.startswith(beginnings) for name in tensors)


def _heads(width: int, metadata: Mapping[str, str]) -> int:
    """Wan's heads are 128 wide, unless ComfyUI's metadata or a diffusers config.json say otherwise."""
    try:
        config = json.loads(metadata["config"])
        return int(config.get("transformer", {}).get("num_heads") or config["num_attention_heads"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return width // 128


def longcat(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    """LongCat-Video and its avatars, whose audio layers have MultiTalk's names and more; else None."""
    audio = any(map(LONGCAT_AUDIO.fullmatch, stored))
    if not audio and not any(map(LONGCAT.fullmatch, stored)):
        return None
    tensors = below(stored, "blocks.0.ffn.w1.weight") or stored
    name = "LongCat-Video-Avatar" if audio else "LongCat-Video"
    return f"{name} diffusion transformer", {"depth": f"{count_layers(tensors, 'blocks.')} blocks"}


def other_transformer(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    """Models for pictures and videos that have nothing to do with MultiTalk; None for anything else."""
    if any(re.fullmatch(r"(?:.*\.)?vace_blocks\.\d+\.after_proj\.weight", name) for name in stored):
        return "Wan2.1 VACE module without its model", {}
    for kind, pattern in OTHER_FAMILIES.items():
        if any(map(pattern.fullmatch, stored)):
            return kind, {}
    return None
