"""wav2vec2 weights on disk: Hugging Face folders and single safetensors files, with or without prefixes."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..errors import MultiTalkError

if TYPE_CHECKING:
    from transformers import Wav2Vec2Model

# What the features need; heads for speech recognition and quantisers are left out.
PARTS = ("feature_extractor.", "feature_projection.", "encoder.")
PREFIX = "wav2vec2."
WEIGHT_NORM = {
    "weight_g": "parametrizations.weight.original0",
    "weight_v": "parametrizations.weight.original1",
}
HEAD_WIDTH = 64  # of base and large alike
STRIDES = (5, 2, 2, 2, 2, 2, 2)


def load_wav2vec2(path: Path, dtype: torch.dtype) -> tuple["Wav2Vec2Model", bool]:
    """The network in eval mode, and whether its preprocessor normalises the wave.

    Parameters
    ----------
    path
        A folder with config.json, model.safetensors and maybe preprocessor_config.json, or one .safetensors
        file, whose metadata may carry the same configuration as JSON under `config`.
    dtype
        The weights' precision.

    Raises
    ------
    MultiTalkError
        When there are no safetensors, or they are damaged or not wav2vec2's.
    """
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    if path.is_dir():
        state, _ = _read_safetensors(_weights_in(path))
        described = _read_json(path / "config.json")
        preprocessor = path / "preprocessor_config.json"
        do_normalize = _read_json(preprocessor).get("do_normalize", False) if preprocessor.exists() else False
    else:
        state, metadata = _read_safetensors(path)
        described = json.loads(metadata.get("config", "{}"))
        do_normalize = described.get("do_normalize", False)
    state = _plain_names(state)
    if described.get("model_type", "wav2vec2") != "wav2vec2" or not state:
        raise MultiTalkError(f"{path} is no wav2vec2 model; choose one such as chinese-wav2vec2-base.")
    # No masking: its learned vector is for training only.
    described |= {"mask_time_prob": 0.0, "mask_feature_prob": 0.0, "add_adapter": False}
    config = Wav2Vec2Config(**{**_dimensions(state, path), **described}, attn_implementation="sdpa")
    with torch.device("meta"):
        model = Wav2Vec2Model(config)
    try:
        model.load_state_dict({name: tensor.to(dtype) for name, tensor in state.items()}, assign=True)
    except RuntimeError as error:
        raise MultiTalkError(
            f"The weights of {path} do not fit its configuration; download it again. ({error})"
        ) from error
    return model.eval().requires_grad_(False), do_normalize


def _weights_in(folder: Path) -> Path:
    weights = folder / "model.safetensors"
    if not weights.exists():
        raise MultiTalkError(
            f"{folder} has no model.safetensors. A pytorch_model.bin is never opened, because it can run "
            "code; convert it: transformers.AutoModel.from_pretrained(folder)"
            ".save_pretrained(folder), or download the safetensors (chinese-wav2vec2-base has it under the "
            "revision refs/pr/1)."
        )
    if not (folder / "config.json").exists():
        raise MultiTalkError(
            f"{folder} has no config.json; download the whole folder, or choose the file itself."
        )
    return weights


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MultiTalkError(f"{path} cannot be read ({error}); download it again.") from error


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        raise MultiTalkError(f"The audio encoder {path} does not exist; check its path.")
    if path.suffix != ".safetensors":
        raise MultiTalkError(
            f"{path} is no .safetensors file; only this format is read, because it runs no code."
        )
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise MultiTalkError(f"The audio encoder {path} is damaged ({error}); download it again.") from error


def _plain_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without prefix, without heads, with today's names of the weight norm."""
    plain = {}
    for name, tensor in state.items():
        name = name.removeprefix(PREFIX)
        for old, new in WEIGHT_NORM.items():
            name = re.sub(rf"\.{old}$", f".{new}", name)
        if name.startswith(PARTS):
            plain[name] = tensor
    return plain


def _dimensions(state: dict[str, Tensor], path: Path) -> dict:
    """What the tensors tell of the configuration; the rest as in wav2vec2 base and large."""
    layers = [name for name in state if re.fullmatch(r"encoder\.layers\.\d+\.layer_norm\.weight", name)]
    convolutions = [
        state[f"feature_extractor.conv_layers.{n}.conv.weight"]
        for n in range(sum(name.endswith(".conv.weight") for name in state))
    ]
    try:
        width = len(state["encoder.layer_norm.weight"])
        position = state["encoder.pos_conv_embed.conv.parametrizations.weight.original1"]
        intermediate = len(state["encoder.layers.0.feed_forward.intermediate_dense.bias"])
    except KeyError as error:
        raise MultiTalkError(
            f"{path} is no wav2vec2 model, it lacks {error}; choose one such as chinese-wav2vec2-base."
        ) from error
    # Models with a layer norm in every convolution also have the stable order in the transformer.
    layer_norm = "feature_extractor.conv_layers.1.layer_norm.weight" in state
    return {
        "hidden_size": width,
        "num_hidden_layers": len(layers),
        "num_attention_heads": max(1, width // HEAD_WIDTH),
        "intermediate_size": intermediate,
        "conv_dim": [weight.shape[0] for weight in convolutions],
        "conv_kernel": [weight.shape[2] for weight in convolutions],
        "conv_stride": STRIDES[: len(convolutions)],
        "conv_bias": "feature_extractor.conv_layers.0.conv.bias" in state,
        "num_feat_extract_layers": len(convolutions),
        "num_conv_pos_embeddings": position.shape[2],
        "num_conv_pos_embedding_groups": width // position.shape[1],
        "feat_extract_norm": "layer" if layer_norm else "group",
        "do_stable_layer_norm": layer_norm,
    }
