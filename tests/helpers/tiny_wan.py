"""Wan2.1-I2V in diffusers' format, every part real and tiny; and passes of the embedded model with voices."""

import json
from pathlib import Path

import gguf
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    PreTrainedTokenizerFast,
    UMT5Config,
    UMT5EncoderModel,
)

from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.models import Models
from multitalk_core.hosts.diffusers.offloading import Offload
from multitalk_core.hosts.diffusers.quantization import Quantization
from multitalk_core.hosts.diffusers.video_model import load_adapter
from multitalk_core.hosts.diffusers.wan_host import WanHost
from multitalk_core.hosts.diffusers.wan_transformer import AS_STORED, TransformerOptions
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.audio_patch import AudioPatch, audio_rows

WORDS = ["<pad>", "</s>", "<unk>", "two", "people", "talk"]


def write_wan_folder(folder: Path) -> Path:
    """A folder as `load_folder` reads it."""
    torch.manual_seed(0)
    tiny_transformer(36).save_pretrained(folder / "transformer")
    AutoencoderKLWan(base_dim=4).save_pretrained(folder / "vae")
    config = UMT5Config(vocab_size=len(WORDS), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    UMT5EncoderModel(config).save_pretrained(folder / "text_encoder")
    config = CLIPVisionConfig(
        hidden_size=48,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=28,
        patch_size=14,
    )
    CLIPVisionModel(config).save_pretrained(folder / "image_encoder")
    words = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder / "tokenizer")
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "WanImageToVideoPipeline"}))
    return folder


def tiny_transformer(channels: int) -> WanTransformer3DModel:
    return WanTransformer3DModel(
        in_channels=channels,
        num_attention_heads=2,
        attention_head_dim=16,
        num_layers=2,
        ffn_dim=64,
        text_dim=32,
        image_dim=48,
        added_kv_proj_dim=32,
    )


def write_gguf(path: Path, state: dict[str, Tensor], kind: gguf.GGMLQuantizationType) -> Path:
    """Matrices of linear layers in `kind`, the rest in float32, as converters do."""
    writer = gguf.GGUFWriter(path, "wan")
    for name, tensor in state.items():
        in_blocks = tensor.ndim == 2 and name.endswith("weight") and tensor.shape[1] % 32 == 0
        own = kind if in_blocks else gguf.GGMLQuantizationType.F32
        numbers = tensor.float().numpy()
        writer.add_tensor(name, gguf.quants.quantize(numbers, own), raw_dtype=own)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def with_adapter(
    *,
    dtype: torch.dtype = torch.float32,
    offload: Offload = Offload.NONE,
    transformer: TransformerOptions = AS_STORED,
) -> tuple[Models, AudioAdapter]:
    """The embedded model and its adapter."""
    loaded = load_embedded(dtype=dtype, offload=offload, transformer=transformer)
    path = EMBEDDED / EMBEDDED_FILES["adapter"]
    return loaded, load_adapter(path, loaded, offload, quantization=Quantization(transformer.quantization))


@torch.no_grad()
def predict(loaded: Models, adapter: AudioAdapter, *, swapped: bool = False) -> Tensor:
    """Velocities [2, 16, 3, 4, 6] of one latent, with two voices and without audio."""
    windows = torch.randn(2, 9, 5, 4, 64, generator=torch.manual_seed(0)).to(loaded.dtype)
    latent = torch.randn(1, 36, 3, 4, 6, generator=torch.manual_seed(1)).to(loaded.dtype)
    columns = torch.tensor([[1, 0, 0], [0, 0, 1], [0, 1, 0]]).float()
    host = WanHost(loaded.transformer, AudioPatch(adapter))
    try:
        voices = adapter.voice_tokens(windows.flip(0) if swapped else windows)
        with host.conditioned(audio_rows(voices, columns.repeat(1, 2), [True, False])):
            return loaded.transformer(
                latent.expand(2, -1, -1, -1, -1),
                torch.full((2,), 700.0),
                loaded.text("").expand(2, -1, -1),
                return_dict=False,
            )[0].float()
    finally:
        host.remove()


def difference(ours: Tensor, theirs: Tensor) -> float:
    """max|a − b| / max|b|."""
    return float((ours - theirs).abs().max() / theirs.abs().max())
