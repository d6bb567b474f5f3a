"""Miniatures of Wan, its VAE, the adapter and wav2vec2, and their files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..checkpoint import write_adapter
from ..demo.files import EMBEDDED_FILES
from ..demo.text import DemoText
from ..method.adapter import AudioAdapter
from ..method.adapter_shape import AdapterShape
from ..method.wan import I2V_CHANNELS
from ..training.silent_start import silenced
from .wan_keys import transformer_to_wan, vae_to_wan

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan, WanTransformer3DModel
    from transformers import Wav2Vec2Model

WIDTH, HEADS, BLOCKS = 192, 6, 4
TEXT_WIDTH = 64
VAE_BASE = 16
AUDIO_LAYERS, AUDIO_WIDTH, AUDIO_HEADS = 4, 64, 4
CONTEXT_TOKENS, TOKEN_WIDTH, INTERMEDIATE, WINDOW = 4, 64, 128, 5


def make_transformer() -> "WanTransformer3DModel":
    """Random weights."""
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        in_channels=I2V_CHANNELS,
        num_attention_heads=HEADS,
        attention_head_dim=WIDTH // HEADS,
        num_layers=BLOCKS,
        ffn_dim=4 * WIDTH,
        text_dim=TEXT_WIDTH,
    )


def make_vae() -> "AutoencoderKLWan":
    """Random weights."""
    from diffusers import AutoencoderKLWan

    return AutoencoderKLWan(base_dim=VAE_BASE)


def make_adapter() -> AudioAdapter:
    """Random weights, which add nothing before they are trained."""
    shape = AdapterShape(
        blocks=tuple(range(BLOCKS)),
        width=WIDTH,
        audio_width=TOKEN_WIDTH,
        context_tokens=CONTEXT_TOKENS,
        intermediate=INTERMEDIATE,
        window=WINDOW,
        feature_size=AUDIO_LAYERS * AUDIO_WIDTH,
    )
    return silenced(AudioAdapter(shape, HEADS))


def make_audio_encoder() -> "Wav2Vec2Model":
    """Random weights."""
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    return Wav2Vec2Model(
        Wav2Vec2Config(
            hidden_size=AUDIO_WIDTH,
            num_hidden_layers=AUDIO_LAYERS,
            num_attention_heads=AUDIO_HEADS,
            intermediate_size=4 * AUDIO_WIDTH,
            conv_dim=(AUDIO_WIDTH,) * 7,
            num_conv_pos_embeddings=32,
            num_conv_pos_embedding_groups=4,
            mask_time_prob=0.0,
            layerdrop=0.0,
        )
    )


def write_models(
    folder: Path,
    *,
    transformer: "WanTransformer3DModel",
    adapter: AudioAdapter,
    vae: "AutoencoderKLWan",
    audio_encoder: "Wav2Vec2Model",
    text: DemoText,
    provenance: str,
) -> None:
    """Write the files of the embedded demo, under Wan's original key names.

    Parameters
    ----------
    folder : Path
    transformer : WanTransformer3DModel
    adapter : AudioAdapter
    vae : AutoencoderKLWan
    audio_encoder : Wav2Vec2Model
    text : DemoText
    provenance : str
        How the weights were made, for the files' metadata.
    """
    files = {name: folder / file for name, file in EMBEDDED_FILES.items()}
    transformer.save_config(folder / "diffusers" / "transformer")
    vae.save_config(folder / "diffusers" / "vae")
    # ComfyUI cannot infer these from the weights: it assumes heads of 128 channels and umt5-xxl's text width.
    config = json.dumps({"transformer": {"num_heads": HEADS, "text_dim": TEXT_WIDTH}})
    half, whole = torch.float16, torch.float32
    _write(
        files["transformer"],
        transformer_to_wan(transformer.state_dict()),
        half,
        provenance=provenance,
        config=config,
    )
    _write(files["vae"], vae_to_wan(vae.state_dict()), half, provenance=provenance)
    config = audio_encoder.config.to_json_string(use_diff=True)
    _write(files["audio_encoder"], audio_encoder.state_dict(), whole, provenance=provenance, config=config)
    _write(files["text"], {"vectors": text.vectors}, whole, provenance=provenance, vocabulary=text.metadata())
    files["adapter"].parent.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.half() for name, tensor in adapter.state_dict().items()}
    write_adapter(files["adapter"], state, {"multitalk": provenance})


def _write(
    path: Path, state: dict[str, Tensor], precision: torch.dtype, *, provenance: str, **metadata: str
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {name: tensor.detach().to(precision).contiguous() for name, tensor in state.items()}
    save_file(stored, path, {"format": "pt", "multitalk": provenance, **metadata})
