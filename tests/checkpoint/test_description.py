"""`describe` on real tiny checkpoints, as the models' own libraries write them."""

import json

import pytest
import torch
from safetensors.torch import save_file

from multitalk_core.checkpoint import describe, write_adapter
from multitalk_core.checkpoint.adapter_sizes import expected_sizes
from multitalk_core.errors import MultiTalkError
from multitalk_core.method.adapter_shape import AdapterShape


def adapter(blocks: int, width: int) -> dict[str, torch.Tensor]:
    shape = AdapterShape(
        tuple(range(blocks)), width, 8, context_tokens=4, intermediate=12, window=5, feature_size=6
    )
    return {key: torch.zeros(size, dtype=torch.bfloat16) for key, size in expected_sizes(shape).items()}


def tiny_transformer(channels: int, image: int | None):
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        num_attention_heads=2, attention_head_dim=12, in_channels=channels, out_channels=16, text_dim=8,
        freq_dim=8, ffn_dim=16, num_layers=2, image_dim=image, added_kv_proj_dim=24 if image else None,
    )  # fmt: skip


# The names that tell an original Wan DiT; a LoRA, adapter or pipeline must not be taken for one.
def original_transformer(width: int, channels: int, image: bool) -> dict[str, torch.Tensor]:
    tensors = {"patch_embedding.weight": torch.zeros(width, channels, 1, 2, 2)}
    tensors |= {f"blocks.{block}.self_attn.norm_q.weight": torch.zeros(width) for block in range(3)}
    tensors |= {"img_emb.proj.0.weight": torch.zeros(12)} if image else {}
    return tensors


def test_adapter(tmp_path):
    file = tmp_path / "adapter.safetensors"
    write_adapter(file, adapter(30, 16))
    found = describe(file)
    assert found.kind == "MultiTalk or InfiniteTalk audio adapter"
    assert found.tensors == 10 + 30 * 8
    assert found.numbers == sum(tensor.numel() for tensor in adapter(30, 16).values())
    assert found.size == file.stat().st_size
    assert found.precisions == {"bf16": found.numbers}
    text = "\n".join(found.lines())
    for fact in ("30, in blocks 0 to 29", "4 of 8 for each speaker", "5 audio frames of 6", "models 16 wide",
                 f"{found.numbers:,} numbers", "bf16 100 %", str(file)):  # fmt: skip
        assert fact in text


@pytest.mark.parametrize(
    ("blocks", "fits"), [(1, "Wan2.1 1.3B"), (31, "models 1536 wide with at least 31 blocks")]
)
def test_adapter_says_which_model_it_fits(tmp_path, blocks, fits):
    shapes = {key: tensor.to(torch.float8_e4m3fn) for key, tensor in adapter(1, 1536).items()}
    if blocks > 1:
        shapes = {key.replace("blocks.0.", f"blocks.{blocks - 1}."): tensor for key, tensor in shapes.items()}
    save_file(shapes, tmp_path / "adapter.safetensors")
    found = describe(tmp_path / "adapter.safetensors")
    assert found.details["fits"] == fits
    assert set(found.precisions) == {"fp8 (e4m3fn)"}


def test_adapter_together_with_its_transformer_and_a_faulty_one(tmp_path):
    file, state = tmp_path / "whole.safetensors", adapter(3, 128)
    save_file(state | original_transformer(128, 36, image=True), file)
    assert (
        describe(file).kind == "MultiTalk or InfiniteTalk audio adapter with a Wan2.1 diffusion transformer"
    )
    del state["blocks.1.norm_x.bias"]
    save_file(state, file)
    assert describe(file).kind.startswith("incomplete or changed MultiTalk")
    assert "lacks blocks.1.norm_x.bias" in describe(file).details["fault"]


@pytest.mark.parametrize(("channels", "image", "purpose"), [(16, False, "text to"), (36, True, "image to")])
def test_original_transformer(tmp_path, channels, image, purpose):
    tensors = original_transformer(256, channels, image)
    file = tmp_path / "wan.safetensors"
    save_file({f"model.diffusion_model.{key}": tensor for key, tensor in tensors.items()}, file)
    found = describe(file)
    assert found.kind == "Wan2.1 diffusion transformer"
    assert found.details["model"].startswith(f"{purpose} video")
    assert found.details["image embedder"] == ("yes" if image else "no")
    facts = [found.details[label] for label in ("depth", "width", "heads", "key names")]
    assert facts == ["3 blocks", "256", "2", "original"]
    save_file(tensors, file, metadata={"config": json.dumps({"transformer": {"num_heads": 8}})})
    assert describe(file).details["heads"] == "8"


def test_diffusers_folder_and_its_parts(tmp_path):
    from diffusers import AutoencoderKLWan
    from transformers import CLIPVisionConfig, CLIPVisionModel, UMT5Config, UMT5EncoderModel

    tiny_transformer(36, image=20).save_pretrained(tmp_path / "transformer", max_shard_size="20KB")
    AutoencoderKLWan(base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1).save_pretrained(
        tmp_path / "vae"
    )
    CLIPVisionModel(
        CLIPVisionConfig(hidden_size=20, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2)
    ).save_pretrained(tmp_path / "image_encoder")
    UMT5EncoderModel(
        UMT5Config(vocab_size=40, d_model=8, d_kv=4, d_ff=8, num_layers=3, num_heads=2)
    ).save_pretrained(tmp_path / "text_encoder")
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "WanImageToVideoPipeline"}))

    found = describe(tmp_path)
    assert found.kind == "diffusers model folder (WanImageToVideoPipeline)"
    assert found.details["vae"] == "Wan VAE, latent channels 16, key names diffusers"
    assert found.details["image_encoder"] == "CLIP vision encoder, layers 2, width 20"
    assert found.details["text_encoder"] == "umt5 text encoder, layers 3, width 8, vocabulary 40"
    assert found.details["transformer"].startswith("Wan2.1 diffusion transformer, model image to video")
    assert found.numbers == sum(describe(tmp_path / part).numbers for part in found.details)

    transformer = describe(tmp_path / "transformer")
    assert transformer.details["heads"] == "2" and transformer.details["image embedder"] == "yes"
    assert transformer.details["key names"] == "diffusers" and transformer.details["depth"] == "2 blocks"
    assert transformer.numbers == sum(p.numel() for p in tiny_transformer(36, image=20).parameters())

    next((tmp_path / "transformer").glob("*-00001-of-*.safetensors")).unlink()
    with pytest.raises(MultiTalkError, match=r"The shard .*00001-of-.* is missing"):
        describe(tmp_path)
    (tmp_path / "model_index.json").write_text("not json")
    with pytest.raises(MultiTalkError, match=r"model_index\.json cannot be read"):
        describe(tmp_path)


def test_wav2vec2(tmp_path):
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    config = Wav2Vec2Config(
        hidden_size=24, num_hidden_layers=3, num_attention_heads=2, intermediate_size=8, conv_dim=(8,) * 7,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    Wav2Vec2Model(config).save_pretrained(tmp_path)
    found = describe(tmp_path)
    assert found.kind == "wav2vec2 audio encoder"
    assert found.details == {"layers": "3", "width": "24", "feature size": "72"}


def test_original_vae_text_encoder_and_clip(tmp_path):
    file = tmp_path / "model.safetensors"
    save_file(
        {"decoder.head.0.gamma": torch.zeros(8, 1, 1, 1), "conv2.weight": torch.zeros(16, 16, 1, 1, 1)}, file
    )
    assert describe(file).kind == "Wan VAE" and describe(file).details["latent channels"] == "16"
    umt5 = {f"blocks.{block}.attn.q.weight": torch.zeros(8, 8) for block in range(2)}
    umt5 |= {f"blocks.{block}.pos_embedding.embedding.weight": torch.zeros(4, 2) for block in range(2)}
    save_file(umt5 | {"token_embedding.weight": torch.zeros(40, 8)}, file)
    assert describe(file).kind == "umt5 text encoder" and describe(file).details["layers"] == "2"
    clip = {f"visual.transformer.{block}.attn.to_qkv.weight": torch.zeros(24, 8) for block in range(2)}
    save_file(clip | {"visual.cls_embedding": torch.zeros(1, 1, 8)}, file)
    assert describe(file).kind == "CLIP vision encoder" and describe(file).details["width"] == "8"


def test_lora_and_unknown(tmp_path):
    file = tmp_path / "file.safetensors"
    lora = {
        "diffusion_model.blocks.0.audio_cross_attn.proj.lora_down.weight": torch.zeros(4, 16),
        "diffusion_model.blocks.0.audio_cross_attn.proj.lora_up.weight": torch.zeros(16, 4),
    }
    save_file(lora, file)
    assert describe(file).kind == "LoRA"
    assert describe(file).details == {"rank": "4", "layers": "1"}
    save_file({"first.weight": torch.zeros(2), "second.weight": torch.zeros(3, dtype=torch.int64)}, file)
    found = describe(file)
    assert found.kind == "unknown" and found.details == {"names begin with": "first, second"}
    assert found.precisions == {"I64": 3, "fp32": 2}
    assert "kind" in str(found)


def test_what_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(MultiTalkError, match="does not exist"):
        describe(tmp_path / "absent.safetensors")
    (tmp_path / "pickle.ckpt").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(MultiTalkError, match="is a pickle"):
        describe(tmp_path / "pickle.ckpt")
