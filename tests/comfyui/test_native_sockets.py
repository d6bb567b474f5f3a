"""MODEL_PATCH and AUDIO_ENCODER from ComfyUI's own loaders serve as well as ours."""

import pytest
import torch
from comfy_process import run_in_comfyui
from transformers import Wav2Vec2Config, Wav2Vec2Model

from golden import relative_error
from multitalk_core.checkpoint.adapter_sizes import expected_sizes
from multitalk_core.method.adapter_shape import AdapterShape

# ComfyUI's loader reads nothing but 40 layers and features of 12 × 768; all else may be small.
SHAPE = AdapterShape(
    blocks=tuple(range(40)),
    width=80,
    audio_width=16,
    context_tokens=32,
    intermediate=8,
    window=5,
    feature_size=12 * 768,
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    generator = torch.Generator().manual_seed(0)
    adapter = {
        name: torch.randn(size, generator=generator) * 0.05 for name, size in expected_sizes(SHAPE).items()
    }
    torch.manual_seed(0)
    # Of this encoder ComfyUI fixes everything.
    wav2vec2 = Wav2Vec2Model(Wav2Vec2Config()).half()
    state = {
        f"wav2vec2.{name}".replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in wav2vec2.state_dict().items()
    }
    return run_in_comfyui("native_sockets", tmp_path_factory.mktemp("native"), adapter | state)


def test_adapter_from_model_patch_loader_is_the_same(outputs):
    assert relative_error(outputs["taken.tokens"], outputs["own.tokens"]) < 1e-5


def test_adapter_keeps_the_released_epsilon(outputs):
    # On inputs this small ComfyUI's own epsilon, 1e-5 in place of 1e-6, would more than halve the result.
    assert relative_error(outputs["taken.norm"], outputs["own.norm"]) < 1e-5


def test_adapter_is_not_copied(outputs):
    assert outputs["shared"]


def test_audio_encoder_from_comfyui_hears_the_same(outputs):
    assert outputs["own.voice"].shape == (25, 12, 768)
    assert relative_error(outputs["taken.voice"], outputs["own.voice"]) < 1e-5
