"""Recognise encoders and decoders: VAEs, and the encoders of sound, pictures and text."""

import re
from collections.abc import Mapping

from .tensor_names import Found, Stored, below, count_layers

WAN22_LATENT_CHANNELS = 48
OTHERS = {
    "Whisper audio encoder": re.compile(r"(?:.*\.)?encoder\.conv1\.weight"),
    "VAE of another model": re.compile(
        r"(?:.*\.)?decoder\.(mid\.block_1\.|mid_block\.resnets\.0\.|up_blocks\.0\.|conv_in\.).*"
    ),
    "CLIP text encoder": re.compile(r"(?:.*\.)?text_model\.encoder\.layers\.0\..*|cond_stage_model\..*"),
    "umt5 or t5 text encoder in llama.cpp's names": re.compile(r"enc\.blk\.0\..*"),
    "language model": re.compile(
        r"(?:.*\.)?layers\.0\.self_attn\.(q_proj|qkv_proj)\..*|blk\.0\.(attn_q|attn_qkv)\..*"
    ),
}


def wan_vae(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    """Details of a Wan VAE; None for anything else."""
    original = below(stored, "decoder.head.0.gamma")
    tensors = original or below(stored, "decoder.norm_out.gamma")
    latent = tensors.get("conv2.weight") or tensors.get("post_quant_conv.weight")
    if latent is None:
        return None
    channels = latent.shape[0]
    return "Wan2.2 VAE" if channels == WAN22_LATENT_CHANNELS else "Wan VAE", {
        "latent channels": str(channels),
        "key names": "original" if original else "diffusers",
    }


def wav2vec2(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    """Details of a wav2vec2 encoder; None for anything else."""
    tensors = below(stored, "feature_extractor.conv_layers.0.conv.weight")
    projection = tensors.get("feature_projection.projection.weight")
    if projection is None:
        return None
    layers, width = count_layers(tensors, "encoder.layers."), projection.shape[0]
    wavlm = any("gru_rel_pos" in name for name in tensors)
    return "WavLM audio encoder (MultiTalk needs wav2vec2)" if wavlm else "wav2vec2 audio encoder", {
        "layers": str(layers),
        "width": str(width),
        "feature size": str(layers * width),
    }


def clip_vision(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    """Details of a CLIP vision encoder; None for anything else."""
    open_clip = below(stored, "visual.transformer.resblocks.0.attn.in_proj_weight")
    wan = below(stored, "visual.transformer.0.attn.to_qkv.weight")
    hugging_face = below(stored, "embeddings.class_embedding")
    for tensors, layers, embedding in (
        (open_clip, "visual.transformer.resblocks.", "visual.class_embedding"),
        (wan, "visual.transformer.", "visual.cls_embedding"),
        (hugging_face, "encoder.layers.", "embeddings.class_embedding"),
    ):
        if embedding in tensors:
            width = tensors[embedding].shape[-1]
            return "CLIP vision encoder", {"layers": str(count_layers(tensors, layers)), "width": str(width)}
    return None


def text_encoder(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    """Details of umt5 or t5; None for anything else."""
    original = below(stored, "blocks.0.attn.q.weight")
    hugging_face = below(stored, "encoder.block.0.layer.0.SelfAttention.q.weight")
    for tensors, layers, embedding, second_bias in (
        (original, "blocks.", "token_embedding.weight", "blocks.1.pos_embedding.embedding.weight"),
        (hugging_face, "encoder.block.", "shared.weight",
         "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight"),
    ):  # fmt: skip
        if embedding in tensors:
            words, width = tensors[embedding].shape
            # umt5 has position biases in every layer, t5 in the first only.
            kind = "umt5 text encoder" if second_bias in tensors else "t5 text encoder (Wan needs umt5)"
            return kind, {
                "layers": str(count_layers(tensors, layers)),
                "width": str(width),
                "vocabulary": f"{words:,}",
            }
    return None


def other_encoder(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    """Encoders and VAEs that MultiTalk and Wan2.1 do not use; None for anything else."""
    for kind, pattern in OTHERS.items():
        if any(map(pattern.fullmatch, stored)):
            return kind, {}
    return None
