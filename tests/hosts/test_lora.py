"""LoRAs: every form of key names gives the weights that it means, and other files are refused."""

import math

import gguf
import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers.tiny_wan import difference, predict, with_adapter, write_gguf
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.lora import Lora
from multitalk_core.hosts.diffusers.models import Models
from multitalk_core.hosts.diffusers.quantization import Quantization
from multitalk_core.hosts.diffusers.video_model import load_adapter
from multitalk_core.hosts.diffusers.wan_transformer import TransformerOptions, read_transformer

WIDTH, RANK, ALPHA = 128, 4, 8.0
LAYERS = {"self_attn.q": "attn1.to_q", "self_attn.k": "attn1.to_k", "cross_attn.o": "attn2.to_out.0"}


def pairs(width=WIDTH):
    """Down and up matrices by block and Wan's name of the layer."""
    generator = torch.manual_seed(4)
    return {
        (block, layer): (
            torch.randn(RANK, width, generator=generator),
            torch.randn(width, RANK, generator=generator),
        )
        for block in range(2)
        for layer in LAYERS
    }


def comfyui(width=WIDTH):
    """With alphas, as ComfyUI's and Kijai's files."""
    state = {}
    for (block, layer), (down, up) in pairs(width).items():
        name = f"diffusion_model.blocks.{block}.{layer}"
        state |= {
            f"{name}.lora_down.weight": down,
            f"{name}.lora_up.weight": up,
            f"{name}.alpha": torch.tensor(ALPHA),
        }
    return state


def kohya():
    """Of attention alone, as its trainer makes where layers are excluded."""
    state = {}
    for (block, layer), (down, up) in pairs().items():
        name = f"lora_unet_blocks_{block}_{layer.replace('.', '_')}"
        state |= {
            f"{name}.lora_down.weight": down,
            f"{name}.lora_up.weight": up,
            f"{name}.alpha": torch.tensor(ALPHA),
        }
    return state


def diffusers():
    return {
        f"transformer.blocks.{block}.{LAYERS[layer]}.lora_{side}.weight": matrix
        for (block, layer), matrices in pairs().items()
        for side, matrix in zip("AB", matrices, strict=True)
    }


def diffsynth():
    return {
        f"blocks.{block}.{layer}.lora_{side}.default.weight": matrix
        for (block, layer), matrices in pairs().items()
        for side, matrix in zip("AB", matrices, strict=True)
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loras")
    for form in (comfyui, diffusers, diffsynth, kohya):
        save_file(form(), folder / f"{form.__name__}.safetensors")
    return folder


def loaded_with(*loras, quantization=Quantization.NONE, dtype=torch.float32):
    return with_adapter(dtype=dtype, transformer=TransformerOptions(loras=loras, quantization=quantization))


@pytest.mark.parametrize(
    ("form", "scale"),
    [("comfyui", ALPHA / RANK), ("kohya", ALPHA / RANK), ("diffusers", 1.0), ("diffsynth", 1.0)],
)
def test_a_lora_changes_the_weights_by_its_product(folder, form, scale):
    plain, _ = with_adapter()
    loaded, adapter = loaded_with(Lora(folder / f"{form}.safetensors", 0.5))
    for (block, layer), (down, up) in pairs().items():
        name = f"blocks.{block}.{LAYERS[layer]}.weight"
        before, after = (models.transformer.state_dict()[name] for models in (plain, loaded))
        torch.testing.assert_close(after, before + 0.5 * scale * up @ down)
    untouched = "blocks.2.attn1.to_q.weight"
    assert torch.equal(loaded.transformer.state_dict()[untouched], plain.transformer.state_dict()[untouched])
    # The voices act on what the LoRA has made of the model.
    voiced, without_audio = predict(loaded, adapter)
    assert difference(voiced, without_audio) > 1e-2


def test_several_loras_add_up_and_strength_0_is_none(folder):
    name = "blocks.0.attn1.to_q.weight"
    weights = {}
    for strengths in ((0.0, 0.0), (1.0, 0.0), (0.0, -1.0), (1.0, -1.0)):
        files = (folder / "comfyui.safetensors", folder / "diffusers.safetensors")
        loaded, _ = loaded_with(*map(Lora, files, strengths))
        weights[strengths] = loaded.transformer.state_dict()[name]
    plain = with_adapter()[0].transformer.state_dict()[name]
    assert torch.equal(weights[0.0, 0.0], plain)
    added = weights[1.0, 0.0] + weights[0.0, -1.0] - plain
    torch.testing.assert_close(weights[1.0, -1.0], added, rtol=1e-4, atol=1e-4)


def test_loras_go_with_quantised_weights(folder, tmp_path):
    """Merged before fp8 is cast, beside the weights of GGUF, which cannot be written."""
    lora = Lora(folder / "comfyui.safetensors", 0.02)
    expected, plain = predict(*loaded_with(lora)), predict(*with_adapter())
    ours = predict(*loaded_with(lora, quantization=Quantization.FP8, dtype=torch.bfloat16))
    assert difference(ours, expected) < 0.08
    state = load_file(EMBEDDED / EMBEDDED_FILES["transformer"])
    file = write_gguf(tmp_path / "wan.gguf", state, gguf.GGMLQuantizationType.Q8_0)
    embedded, _ = with_adapter()
    transformer = read_transformer(
        EMBEDDED / "diffusers", torch.float32, TransformerOptions(file=file, loras=(lora,))
    )
    loaded = Models(**{**vars(embedded), "transformer": transformer})
    ours = predict(loaded, load_adapter(EMBEDDED / EMBEDDED_FILES["adapter"], loaded))
    assert difference(ours, expected) < 0.05 < difference(expected, plain)


def test_other_files_are_refused_with_a_sentence(folder, tmp_path):
    def refused(path, strength=1.0):
        with pytest.raises(MultiTalkError) as refusal:
            loaded_with(Lora(path, strength))
        return str(refusal.value)

    assert "is no LoRA but a MultiTalk or InfiniteTalk audio adapter" in refused(
        EMBEDDED / EMBEDDED_FILES["adapter"]
    )
    assert "strength of the LoRA" in refused(folder / "comfyui.safetensors", math.nan)
    matrices = {"lora_down.weight": torch.zeros(4, 128), "lora_up.weight": torch.zeros(128, 4)}
    for name, state, sentence in (
        ("wide", comfyui(256), "is for a model 256 wide, and the layer blocks.0.attn1.to_q takes 128"),
        ("deep", {f"transformer.blocks.9.attn1.to_q.lora_{side}.weight": torch.zeros(4, 4) for side in "AB"},
         "changes the layer blocks.9.attn1.to_q, which the model does not have"),
        ("other", {f"lora_te_text.{name}": tensor for name, tensor in matrices.items()}, "no layer under a"),
        ("dora", {**diffusers(), "transformer.blocks.0.attn1.to_q.dora_scale": torch.ones(128)}, "is a DoRA"),
        ("kohya", {f"lora_unet_head_head.{name}": tensor for name, tensor in matrices.items()},
         "cannot be loaded"),
    ):  # fmt: skip
        save_file(state, tmp_path / f"{name}.safetensors")
        said = refused(tmp_path / f"{name}.safetensors")
        assert sentence in said and f"{name}.safetensors" in said, said
