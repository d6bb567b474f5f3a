"""The memory of a training: counted on the real model's shapes, and measured on small ones."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import WanTransformer3DModel

from multitalk_core.cli.main import main
from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.adapter_shape import AdapterShape
from multitalk_core.training.memory_table import block_bytes, count_numbers, needed_memory
from multitalk_core.training.recipe import ADAPTER, BASE, FULL, Recipe
from multitalk_core.training.shards import TrainingClip, write_shard
from multitalk_core.training.training_model import TrainingModel

# transformer/config.json of Wan-AI/Wan2.1-I2V-14B-480P-Diffusers
WAN_14B = {
    "_class_name": "WanTransformer3DModel",
    "added_kv_proj_dim": 5120,
    "attention_head_dim": 128,
    "cross_attn_norm": True,
    "eps": 1e-06,
    "ffn_dim": 13824,
    "freq_dim": 256,
    "image_dim": 1280,
    "in_channels": 36,
    "num_attention_heads": 40,
    "num_layers": 40,
    "out_channels": 16,
    "patch_size": [1, 2, 2],
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 1024,
    "text_dim": 4096,
}
DOCUMENT = Path(__file__).parents[2] / "docs" / "training.md"
TOKENS_480 = 21 * 30 * 52


def meta_14b(trained):
    with torch.device("meta"):
        transformer = WanTransformer3DModel.from_config(WAN_14B)
        adapter = AudioAdapter(AdapterShape(tuple(range(40)), 5120, 768, 32, 512, 5, 12 * 768), 40)
    torch.nn.Module.to(transformer, torch.bfloat16 if trained == ADAPTER else torch.float32)
    transformer.enable_gradient_checkpointing()
    return TrainingModel(transformer, adapter, Recipe(steps=1, trained=trained))


def small_model(trained, heads=2, ffn=256, layers=1, dtype=torch.float32):
    transformer = WanTransformer3DModel(
        in_channels=36,
        num_attention_heads=heads,
        attention_head_dim=64,
        num_layers=layers,
        ffn_dim=ffn,
        text_dim=32,
        freq_dim=32,
    )
    torch.nn.Module.to(transformer, dtype)
    shape = AdapterShape(tuple(range(layers)), 64 * heads, 32, 4, 16, 5, 8)
    return TrainingModel(transformer, AudioAdapter(shape, heads), Recipe(steps=1, trained=trained))


def clip(side):
    """Two persons on 2 latent frames of `side` x `side` tokens."""
    latent = (1, 16, 2, 2 * side, 2 * side)
    return TrainingClip(
        torch.randn(latent),
        torch.randn(latent),
        torch.ones(1, 4, *latent[2:]),
        torch.randn(1, 2, 9, 2, 4),
        torch.ones(1, 3, side * side),
        torch.randn(1, 4, 32),
    )


def kept_bytes(model, side):
    """Of all tensors that a forward pass in mixed precision keeps for the backward pass."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes(), tensor
        return tensor

    inputs = clip(side)
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16),
    ):
        model(inputs, inputs.latent, level=torch.tensor([0.5]), audible=torch.tensor([True]))
    return sum(size for size, _ in kept.values())


def kept_a_token(trained, heads, ffn, layers, checkpointing=False):
    """Bytes that each further token costs."""
    dtype = torch.bfloat16 if trained == ADAPTER else torch.float32
    model = small_model(trained, heads, ffn, layers, dtype).train()
    if checkpointing:
        model.transformer.enable_gradient_checkpointing()
    return (kept_bytes(model, 24) - kept_bytes(model, 8)) / (2 * (24**2 - 8**2))


def test_the_numbers_are_those_of_the_released_models():
    model = meta_14b(ADAPTER)
    assert count_numbers(model.transformer) == 16_394_878_784
    assert count_numbers(model.adapter) == 2_487_168_000


@pytest.mark.parametrize(("trained", "all_trained"), [(ADAPTER, False), (FULL, True)])
def test_a_block_keeps_what_the_formula_says(trained, all_trained):
    heads, ffn = 8, 1408
    block = kept_a_token(trained, heads, ffn, 2) - kept_a_token(trained, heads, ffn, 1)
    assert block == pytest.approx(block_bytes(64 * heads, ffn, all_trained), rel=0.05)


def test_with_gradient_checkpointing_each_block_keeps_its_input():
    more = kept_a_token(ADAPTER, 4, 512, 3, True) - kept_a_token(ADAPTER, 4, 512, 1, True)
    assert more == pytest.approx(2 * 2 * 256, rel=0.01)


@pytest.mark.parametrize("trained", [ADAPTER, BASE, FULL])
def test_what_is_stored_is_what_torch_allocates(trained):
    dtype = torch.bfloat16 if trained == ADAPTER else torch.float32
    model = small_model(trained, dtype=dtype)
    need = needed_memory(model, tokens=1, rows=1)
    parameters = list(model.parameters())
    for parameter in parameters:
        if parameter.requires_grad:
            parameter.grad = torch.zeros_like(parameter)
    optimizer = torch.optim.AdamW([parameter for parameter in parameters if parameter.requires_grad])
    optimizer.step()
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    moments = [state[name] for state in optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
    assert need.weights == sum(tensor.nbytes for tensor in parameters)
    assert need.gradients == sum(tensor.nbytes for tensor in gradients)
    assert need.optimizer == sum(tensor.nbytes for tensor in moments)


def test_parts_share_what_is_stored_and_not_what_is_computed():
    model = meta_14b(ADAPTER)
    alone, shared = needed_memory(model, TOKENS_480, 1), needed_memory(model, TOKENS_480, 1, gpus=8)
    assert shared.weights == alone.weights // 8 and shared.optimizer == alone.optimizer // 8
    assert shared.activations == alone.activations
    assert shared.total < 40e9 < 80e9 < alone.total


def test_the_command_prints_the_documented_table(tmp_path, capsys):
    """The real model from its config alone: no weights are there."""
    (tmp_path / "model" / "transformer").mkdir(parents=True)
    (tmp_path / "model" / "transformer" / "config.json").write_text(json.dumps(WAN_14B))
    (tmp_path / "clips").mkdir()
    latent = (16, 21, 60, 104)
    empty = TrainingClip(
        torch.zeros(latent),
        torch.zeros(latent),
        torch.zeros(4, *latent[1:]),
        torch.zeros(1, 85, 12, 768),
        torch.zeros(2, 30 * 52),
        torch.zeros(512, 4096),
        torch.zeros(257, 1280),
    )
    write_shard(tmp_path / "clips", 0, [empty])
    config = 'output = "run"\nclips = "clips"\nmodel = "model"\nprecision = "bf16"\n'
    config += "gradient_checkpointing = true\naccumulation = 8\n[recipe]\nsteps = 1\nbatch = 64\n"
    (tmp_path / "config.toml").write_text(config)
    assert main(["train", str(tmp_path / "config.toml"), "--memory"]) == 0
    said = capsys.readouterr().out
    assert "clip of 32,760 tokens" in said
    totals = {line.split()[0]: line.split()[-1] for line in said.splitlines()[2:-3]}
    need = needed_memory(meta_14b(ADAPTER), TOKENS_480, 1, gpus=8)
    assert totals["8"] == f"{need.total / 1e9:.1f}"
    documented = DOCUMENT.read_text()
    for line in said.splitlines()[1:-3]:
        assert line in documented
