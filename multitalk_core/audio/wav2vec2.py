"""wav2vec2 weights on disk: Hugging Face folders and single safetensors files, with or without prefixes."""

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..checkpoint import read_tensors
from ..errors import MultiTalkError
from ..files.given import read_json
from .blockwise_attention import register

if TYPE_CHECKING:
    from transformers import Wav2Vec2Model

# The parts that make the features; quantisers and heads for speech recognition are skipped.
PARTS = ("feature_extractor.", "feature_projection.", "encoder.")
PREFIX = "wav2vec2."
WEIGHT_NORM = {
    "weight_g": "parametrizations.weight.original0",
    "weight_v": "parametrizations.weight.original1",
}
HEAD_WIDTH = 64  # of base and large alike
STRIDES = (5, 2, 2, 2, 2, 2, 2)


def read_wav2vec2(path: Path) -> tuple[dict[str, Tensor], dict[str, Any], bool]:
    """Read tensors, configuration, and whether the preprocessor normalises the wave.

    Parameters
    ----------
    path : Path
        A folder with config.json, model.safetensors and optionally preprocessor_config.json, or one
        .safetensors file, whose metadata may hold the same configuration (and `do_normalize`) as JSON under
        `config`.

    Raises
    ------
    MultiTalkError
        When there are no safetensors, or a file is damaged.
    """
    if not os.path.isdir(path):
        state, metadata = read_tensors(path)
        config = _parse_json(metadata.get("config", "{}"), path)
        return state, config, bool(config.get("do_normalize", False))
    state, _ = read_tensors(_weights_in(path))
    preprocessor = path / "preprocessor_config.json"
    advice = read_json(preprocessor, "configuration") if preprocessor.exists() else {}
    config = read_json(path / "config.json", "configuration")
    return state, config, bool(advice.get("do_normalize", False))


def build_wav2vec2(state: dict[str, Tensor], config: dict[str, Any], source: str) -> "Wav2Vec2Model":
    """Build the network in float32 and eval mode, without gradients.

    Parameters
    ----------
    state : dict of str to Tensor
        Under their released names, with or without prefix and heads.
    config : dict
        Entries of a config.json; missing ones are read from the tensors.
    source : str
        Where the tensors come from, for error messages.

    Raises
    ------
    MultiTalkError
        When the tensors are not wav2vec2's or do not fit `config`.
    """
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    state = {name: tensor.float() for name, tensor in _plain_names(state).items()}
    if config.get("model_type", "wav2vec2") != "wav2vec2":
        raise MultiTalkError(f"{source} is no wav2vec2 model: choose one such as chinese-wav2vec2-base.")
    # The vectors that mask frames are for training only.
    fixed = {"mask_time_prob": 0.0, "mask_feature_prob": 0.0, "add_adapter": False}
    try:
        described = _dimensions(state) | config | fixed | {"attn_implementation": register()}
        with torch.device("meta"):
            model = Wav2Vec2Model(Wav2Vec2Config(**described))
        model.load_state_dict(state, assign=True)
    except KeyError as error:
        raise MultiTalkError(
            f"{source} is no wav2vec2 model, it lacks {error}: choose one such as chinese-wav2vec2-base."
        ) from error
    except RuntimeError as error:
        raise MultiTalkError(
            f"{source} does not fit its own configuration; download it again. ({error})"
        ) from error
    return model.eval().requires_grad_(False)


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


def _parse_json(text: str, path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (TypeError, ValueError, RecursionError) as error:
        raise MultiTalkError(
            f"The configuration in {path} is damaged ({error}); download it again."
        ) from error


def _plain_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Drop the prefix and the heads, and use the current names of the weight norm."""
    plain = {}
    for name, tensor in state.items():
        name = name.removeprefix(PREFIX)
        for old, new in WEIGHT_NORM.items():
            name = re.sub(rf"\.{old}$", f".{new}", name)
        if name.startswith(PARTS):
            plain[name] = tensor
    return plain


def _dimensions(state: dict[str, Tensor]) -> dict[str, Any]:
    """The configuration as far as the tensors show it; the rest is the same in wav2vec2 base and large."""
    layers = [name for name in state if re.fullmatch(r"encoder\.layers\.\d+\.layer_norm\.weight", name)]
    convolutions = [
        state[f"feature_extractor.conv_layers.{n}.conv.weight"]
        for n in range(sum(name.endswith(".conv.weight") for name in state))
    ]
    width = len(state["encoder.layer_norm.weight"])
    position = state["encoder.pos_conv_embed.conv.parametrizations.weight.original1"]
    # Models with a layer norm in every convolution also have the stable order in the transformer.
    layer_norm = "feature_extractor.conv_layers.1.layer_norm.weight" in state
    return {
        "hidden_size": width,
        "num_hidden_layers": len(layers),
        "num_attention_heads": max(1, width // HEAD_WIDTH),
        "intermediate_size": len(state["encoder.layers.0.feed_forward.intermediate_dense.bias"]),
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
