"""A transformer from one file, safetensors or GGUF, under Wan's, ComfyUI's or diffusers' key names."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ...checkpoint import check_image_to_video, list_tensors
from ...checkpoint.gguf_file import is_gguf
from ...checkpoint.quantised import INSTEAD, SCALES, check_parts, dequantise, unread_quantisation
from ...checkpoint.reading import StoredTensor, load_tensors
from ...checkpoint.recognition import recognise
from ...checkpoint.transformer_kinds import wan_transformer
from ...errors import MultiTalkError
from ...files.given import loading, read_json
from .lora import quoted_kind
from .quantization import Quantization, loader_config

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel

ADVICE = "choose the Wan2.1 I2V transformer that the components belong to"
# What ComfyUI's fp8 files hold beside weights and their scales: the inputs' scales, and marks of the format.
MARKS = ("scale_input", "input_scale", "scaled_fp8", "comfy_quant")


def check_single_file(file: Path, components: Path, quantization: Quantization) -> None:
    """Refuse a file that is no transformer for these components, by its header alone.

    Parameters
    ----------
    file : Path
    components : Path
        A folder in diffusers' format.
    quantization : Quantization
        What the weights are to be stored as.

    Raises
    ------
    MultiTalkError
    """
    stored, metadata = list_tensors(file)
    found = wan_transformer(stored, metadata)
    if found is None:
        kind, _ = recognise(stored, metadata)
        raise MultiTalkError(f"The model {file} is no Wan transformer but {quoted_kind(kind)}: {ADVICE}.")
    if (form := unread_quantisation(stored)) is not None:
        raise MultiTalkError(f"The model {file} is quantised as {form}, which is not read: {INSTEAD}.")
    if is_gguf(file) and quantization != Quantization.NONE:
        raise MultiTalkError(
            f"The model {file} is quantised already, and stays as it is: leave out the quantization "
            f"{quantization}."
        )
    _check_size(found[1], file, components)


def _check_size(details: Mapping[str, str], file: Path, components: Path) -> None:
    config = read_json(components / "transformer/config.json", "model's configuration")
    check_image_to_video(int(details["input channels"]), f"The model {file}", ADVICE + ".")
    expected = {
        "width": str(config["num_attention_heads"] * config["attention_head_dim"]),
        "depth": f"{config['num_layers']} blocks",
        "image embedder": "no" if config.get("image_dim") is None else "yes",
    }
    for name, value in expected.items():
        if details[name] != value:
            raise MultiTalkError(
                f"The model {file} does not fit the components {components}: its {name} is {details[name]}, "
                f"theirs {value}; {ADVICE}."
            )


def read_single_file(
    file: Path, components: Path, dtype: torch.dtype, *, quantization: Quantization = Quantization.NONE
) -> "WanTransformer3DModel":
    """The transformer in a file, on the CPU; nothing is downloaded.

    Parameters
    ----------
    file : Path
        GGUF keeps its own quantization; fp8, with scales or without, is read as `dtype`.
    components : Path
        A folder in diffusers' format, whose transformer/config.json describes the transformer.
    dtype : torch.dtype
        Of plain weights and of the computation.
    quantization : Quantization

    Raises
    ------
    MultiTalkError
        As `check_single_file`, or the file is damaged or incomplete.
    """
    from diffusers import GGUFQuantizationConfig, WanTransformer3DModel

    check_single_file(file, components, quantization)
    config = loader_config(quantization, dtype)
    if is_gguf(file):
        config = GGUFQuantizationConfig(compute_dtype=dtype)
    with loading(file, "model", ADVICE):
        transformer = WanTransformer3DModel.from_single_file(
            _source(file, dtype),
            config=str(components),
            subfolder="transformer",
            torch_dtype=dtype,
            quantization_config=config,
            local_files_only=True,
        )
    for name, tensor in transformer.state_dict().items():
        if tensor.device.type == "meta":
            raise MultiTalkError(f"The model {file} has no weights for {name}: download it again.")
    return transformer


def _source(file: Path, dtype: torch.dtype) -> Any:
    """The file, or its numbers where it has scales, which diffusers leaves out."""
    stored, _ = list_tensors(file)
    if is_gguf(file) or not any(_part(name) in SCALES for name in stored):
        return str(file)
    parameters = _parts_by_parameter(stored)
    for name, parts in parameters.items():
        if any(scale in parts for scale in SCALES):
            check_parts(name, parts)
    loaded = load_tensors(stored)
    state: dict[str, Tensor] = {}
    for name, parts in parameters.items():
        numbers = {part: loaded.pop(f"{name}.{part}".removeprefix(".")) for part in parts}
        if any(scale in parts for scale in SCALES):
            state[f"{name}.weight"] = dequantise(numbers, dtype)
        else:
            state |= {f"{name}.{part}".removeprefix("."): numbers[part] for part in parts}
    return state


def _parts_by_parameter(stored: Mapping[str, StoredTensor]) -> dict[str, dict[str, StoredTensor]]:
    """Weights with their scales, every other tensor alone, by the name of its layer; no marks."""
    found: dict[str, dict[str, StoredTensor]] = {}
    for name, tensor in stored.items():
        part = _part(name)
        if part in MARKS:
            continue
        layer = name.removesuffix(part).removesuffix(".")
        key = layer if part in ("weight", *SCALES) else f"{layer}.{part}".removeprefix(".")
        found.setdefault(key, {})[part] = tensor
    return found


def _part(name: str) -> str:
    return name.rpartition(".")[2]
