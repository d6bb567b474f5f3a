"""Wan's original key names for the tensors of diffusers' classes: the inverse of `from_single_file`.

ComfyUI's native loaders and diffusers' `from_single_file` both read files with these names.
"""

import re
from collections.abc import Sequence

from torch import Tensor

Rules = Sequence[tuple[str, str]]

TRANSFORMER_RULES: Rules = (
    (r"^condition_embedder\.time_embedder\.linear_1\.", "time_embedding.0."),
    (r"^condition_embedder\.time_embedder\.linear_2\.", "time_embedding.2."),
    (r"^condition_embedder\.text_embedder\.linear_1\.", "text_embedding.0."),
    (r"^condition_embedder\.text_embedder\.linear_2\.", "text_embedding.2."),
    (r"^condition_embedder\.time_proj\.", "time_projection.1."),
    (r"^condition_embedder\.image_embedder\.norm1\.", "img_emb.proj.0."),
    (r"^condition_embedder\.image_embedder\.ff\.net\.0\.proj\.", "img_emb.proj.1."),
    (r"^condition_embedder\.image_embedder\.ff\.net\.2\.", "img_emb.proj.3."),
    (r"^condition_embedder\.image_embedder\.norm2\.", "img_emb.proj.4."),
    (r"^scale_shift_table$", "head.modulation"),
    (r"^proj_out\.", "head.head."),
    (r"\.scale_shift_table$", ".modulation"),
    (r"\.attn1\.", ".self_attn."),
    (r"\.attn2\.", ".cross_attn."),
    (r"\.to_([qkv])\.", r".\1."),
    (r"\.to_out\.0\.", ".o."),
    (r"\.add_([kv])_proj\.", r".\1_img."),
    (r"\.norm_added_k\.", ".norm_k_img."),
    (r"\.norm2\.", ".norm3."),  # the norm before the text attention
    (r"\.ffn\.net\.0\.proj\.", ".ffn.0."),
    (r"\.ffn\.net\.2\.", ".ffn.2."),
)

VAE_RULES: Rules = (
    (r"^quant_conv\.", "conv1."),
    (r"^post_quant_conv\.", "conv2."),
    (r"\.conv_in\.", ".conv1."),
    (r"\.norm_out\.", ".head.0."),
    (r"\.conv_out\.", ".head.2."),
    (r"\.mid_block\.resnets\.0\.", ".middle.0."),
    (r"\.mid_block\.attentions\.0\.", ".middle.1."),
    (r"\.mid_block\.resnets\.1\.", ".middle.2."),
    (r"\.down_blocks\.", ".downsamples."),
    (r"\.(downsamples|middle|resnets)\.(\d+)\.norm1\.", r".\1.\2.residual.0."),
    (r"\.(downsamples|middle|resnets)\.(\d+)\.conv1\.", r".\1.\2.residual.2."),
    (r"\.(downsamples|middle|resnets)\.(\d+)\.norm2\.", r".\1.\2.residual.3."),
    (r"\.(downsamples|middle|resnets)\.(\d+)\.conv2\.", r".\1.\2.residual.6."),
    (r"\.conv_shortcut\.", ".shortcut."),
)
# Wan numbers the decoder's layers consecutively: each level is three residual blocks and an upsampler.
DECODER_LEVEL = re.compile(r"\.up_blocks\.(\d+)\.(?:resnets|upsamplers)\.(\d+)\.")
LAYERS_PER_LEVEL = 4


def transformer_to_wan(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of a `WanTransformer3DModel` under Wan's original names."""
    return {_renamed(name, TRANSFORMER_RULES): tensor for name, tensor in state.items()}


def vae_to_wan(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of an `AutoencoderKLWan` (Wan2.1) under Wan's original names."""
    return {
        DECODER_LEVEL.sub(_decoder_layer, _renamed(name, VAE_RULES)): tensor for name, tensor in state.items()
    }


def _renamed(name: str, rules: Rules) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def _decoder_layer(found: re.Match[str]) -> str:
    level, block = int(found[1]), int(found[2])
    layer = block if ".resnets." in found[0] else LAYERS_PER_LEVEL - 1
    return f".upsamples.{LAYERS_PER_LEVEL * level + layer}."
