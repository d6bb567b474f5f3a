"""Write the demo's models with seeded random weights.

`PYTHONPATH=. python tools/make_demo_weights.py [FOLDER]`. The shapes are the ones that the demo's training
starts from; the same seed gives the same numbers.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import Wav2Vec2Config, Wav2Vec2Model

from multitalk_core.adapter import AudioAdapter
from multitalk_core.checkpoint.adapter_shape import AdapterShape
from multitalk_core.standalone.models import EMBEDDED, EMBEDDED_FILES, I2V_CHANNELS
from multitalk_core.standalone.wan_keys import transformer_to_wan, vae_to_wan

SEED = 2025
WIDTH, HEADS, BLOCKS, TEXT_WIDTH, TEXT_TOKENS = 128, 4, 6, 64, 8
AUDIO_LAYERS, AUDIO_WIDTH = 4, 64


def make_transformer() -> WanTransformer3DModel:
    return WanTransformer3DModel(
        in_channels=I2V_CHANNELS,
        num_attention_heads=HEADS,
        attention_head_dim=WIDTH // HEADS,
        num_layers=BLOCKS,
        ffn_dim=4 * WIDTH,
        text_dim=TEXT_WIDTH,
    )


def make_vae() -> AutoencoderKLWan:
    return AutoencoderKLWan(base_dim=8)


def make_adapter() -> AudioAdapter:
    shape = AdapterShape(
        blocks=tuple(range(BLOCKS)),
        width=WIDTH,
        audio_width=64,
        context_tokens=4,
        intermediate=128,
        window=5,
        feature_size=AUDIO_LAYERS * AUDIO_WIDTH,
    )
    return AudioAdapter(shape, HEADS)


def make_wav2vec2() -> Wav2Vec2Model:
    return Wav2Vec2Model(
        Wav2Vec2Config(
            hidden_size=AUDIO_WIDTH,
            num_hidden_layers=AUDIO_LAYERS,
            num_attention_heads=4,
            intermediate_size=4 * AUDIO_WIDTH,
            conv_dim=(AUDIO_WIDTH,) * 7,
            num_conv_pos_embeddings=32,
            num_conv_pos_embedding_groups=4,
            mask_time_prob=0.0,
        )
    )


def save(path: Path, state: dict[str, Tensor], precision: torch.dtype, **metadata: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {name: tensor.detach().to(precision).contiguous() for name, tensor in state.items()}
    save_file(stored, path, {"format": "pt", "multitalk": f"seeded random weights, seed {SEED}", **metadata})
    print(f"{path.stat().st_size / 1e6:6.2f} MB  {path}")


def main(folder: Path) -> None:
    torch.manual_seed(SEED)
    files = {name: folder / file for name, file in EMBEDDED_FILES.items()}

    transformer = make_transformer()
    transformer.save_config(folder / "diffusers" / "transformer")
    # What ComfyUI cannot read off the weights: it takes heads of 128 and umt5-xxl's text for granted.
    config = json.dumps({"transformer": {"num_heads": HEADS, "text_dim": TEXT_WIDTH}})
    save(files["transformer"], transformer_to_wan(transformer.state_dict()), torch.float16, config=config)

    vae = make_vae()
    vae.save_config(folder / "diffusers" / "vae")
    save(files["vae"], vae_to_wan(vae.state_dict()), torch.float16)

    save(files["adapter"], make_adapter().state_dict(), torch.float16)

    wav2vec2 = make_wav2vec2()
    config = wav2vec2.config.to_json_string(use_diff=True)
    save(files["audio_encoder"], wav2vec2.state_dict(), torch.float32, config=config)

    text = {name: torch.randn(TEXT_TOKENS, TEXT_WIDTH) for name in ("prompt", "negative")}
    save(files["text"], text, torch.float32)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EMBEDDED)
