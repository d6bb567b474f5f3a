"""What ComfyUI's own loaders load, taken over by this pack's sockets."""

import os
from pathlib import Path

import folder_paths
import numpy as np
import torch
from comfy.audio_encoders.audio_encoders import load_audio_encoder_from_sd
from comfy_extras.nodes_model_patch import ModelPatchLoader
from multitalk_pack.nodes.host.adapter_patch import adapter_for, load_adapter
from multitalk_pack.nodes.host.managed_encoder import manage, managed_encoder
from safetensors.torch import load_file, save_file
from torch import Tensor

EXCHANGE = Path(os.environ["EXCHANGE"])
HEADS = 40  # ComfyUI's adapter has no other number


def adapters(name: str) -> dict[str, Tensor]:
    """An adapter through both loaders: what it makes of windows, and what its first layer norm does."""
    native = ModelPatchLoader().load_model_patch(name)[0]
    own = adapter_for(load_adapter(folder_paths.get_full_path("model_patches", name), None), HEADS)
    taken = adapter_for(native, HEADS)
    windows = torch.randn(1, 5, 5, 12, 768, generator=torch.Generator().manual_seed(1))
    hidden = 1e-3 * torch.randn(1, 6, 80, generator=torch.Generator().manual_seed(2))
    outputs = {}
    for source, patcher in (("own", own), ("taken", taken)):
        outputs[f"{source}.tokens"] = patcher.model.voice_tokens(windows)
        outputs[f"{source}.norm"] = patcher.model.blocks["0"].norm_x(hidden)
    weight, native_weight = (
        patcher.model.get_parameter("blocks.39.norm_x.weight") for patcher in (taken, native)
    )
    outputs["shared"] = torch.tensor(weight.data_ptr() == native_weight.data_ptr())
    return outputs


def encoders(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A voice through ComfyUI's encoder taken over, and through ours with the same weights."""
    from multitalk_pack.multitalk_core.audio.features import AudioEncoder

    voice = np.random.default_rng(1).standard_normal(16000).astype(np.float32) * 0.1
    native = load_audio_encoder_from_sd(dict(state))
    own = manage(AudioEncoder.from_state({name: tensor.to(native.dtype) for name, tensor in state.items()}))
    taken = managed_encoder(native)
    return {"own.voice": own.encoder.encode(voice), "taken.voice": taken.encoder.encode(voice)}


with torch.no_grad():
    folder_paths.add_model_folder_path("model_patches", str(EXCHANGE))
    inputs = load_file(EXCHANGE / "inputs.safetensors")
    wav2vec2 = {name: tensor for name, tensor in inputs.items() if name.startswith("wav2vec2.")}
    save_file(
        {name: tensor for name, tensor in inputs.items() if name not in wav2vec2},
        EXCHANGE / "adapter.safetensors",
    )
    outputs = adapters("adapter.safetensors") | encoders(wav2vec2)
    save_file(
        {name: tensor.contiguous() for name, tensor in outputs.items()}, EXCHANGE / "outputs.safetensors"
    )
