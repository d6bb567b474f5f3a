"""A transformer from one file, safetensors or GGUF, under Wan's, ComfyUI's or diffusers' key names."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ...checkpoint import check_image_to_video, list_tensors
from ...checkpoint.gguf_file import is_gguf
from ...checkpoint.quantised import INSTEAD, SCALES, check_parts, dequantise, unread_quantisation
from ...checkpoint.reading import load_tensors
from ...checkpoint.recognition import any_kind
from ...checkpoint.transformer_kinds import wan_transformer
from ...errors import MultiTalkError
from ...files.given import loading, read_json
from .quantization import Quantization, store_in_int8

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel

ADVICE = "choose the Wan2.1 I2V transformer that the components belong to"
WAN_14B = {"num_attention_heads": 40, "attention_head_dim": 128, "num_layers": 40}  # diffusers' defaults
# What quantised files hold besides: the scales of inputs and outputs, and marks of the format.
MARKS = ("scale_input", "input_scale", "output_scale", "scaled_fp8", "comfy_quant")
PARTS = ("weight", "weight._data", *SCALES)


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
        kind = any_kind(stored, metadata)
        raise MultiTalkError(f"The model {file} is no Wan transformer but {kind}: {ADVICE}.")
    if (form := unread_quantisation(stored)) is not None:
        raise MultiTalkError(f"The model {file} is quantised as {form}, which is not read: {INSTEAD}.")
    if is_gguf(file) and quantization != Quantization.NONE:
        raise MultiTalkError(
            f"The model {file} is quantised already, and stays as it is: leave out the quantization "
            f"{quantization}."
        )
    if quantization == Quantization.NF4:
        raise MultiTalkError(
            f"The model {file} is one file, and nf4 weights are made from a folder: choose the quantization "
            "fp8 or int8, or name the model's folder in diffusers format."
        )
    _check_size(found[1], file, components)


def _check_size(details: Mapping[str, str], file: Path, components: Path) -> None:
    config = WAN_14B | read_json(components / "transformer/config.json", "model's configuration")
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
        GGUF keeps its own quantization; fp8, with scales or without, and Quanto's int8 are read as `dtype`.
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
    # For other formats diffusers takes a single file as quantised already, and leaves it as it is.
    config = GGUFQuantizationConfig(compute_dtype=dtype) if is_gguf(file) else None
    with loading(file, "model", ADVICE):
        try:
            transformer = WanTransformer3DModel.from_single_file(
                _source(file, dtype),
                config=str(components),
                subfolder="transformer",
                torch_dtype=None if config is None else dtype,
                quantization_config=config,
                local_files_only=True,
            )
        except NotImplementedError as error:  # a weight that was to be read is still on the meta device
            raise MultiTalkError(f"The model {file} has not all weights: download it again.") from error
    if config is None:
        _cast(transformer, dtype)
    if quantization == Quantization.INT8:
        store_in_int8(transformer)
    return transformer


def _cast(transformer: "WanTransformer3DModel", dtype: torch.dtype) -> None:
    """As `from_pretrained` casts: some modules stay in float32, which `from_single_file` forgets."""
    kept = set(transformer._keep_in_fp32_modules)
    for name, parameter in transformer.named_parameters():
        parameter.data = parameter.data.to(torch.float32 if kept & set(name.split(".")) else dtype)


def _source(file: Path, dtype: torch.dtype) -> Any:
    """The file, or its numbers where it has scales, which diffusers leaves out."""
    stored, _ = list_tensors(file)
    scaled = sorted({layer for layer, part in map(_split, stored) if part in SCALES})
    if is_gguf(file) or not scaled:
        return str(file)
    state = load_tensors({name: tensor for name, tensor in stored.items() if _split(name)[1] not in MARKS})
    for layer in scaled:
        names = {part: f"{layer}.{part}" for part in PARTS if f"{layer}.{part}" in stored}
        check_parts(layer, {part: stored[name] for part, name in names.items()})
        numbers = {part: state.pop(name) for part, name in names.items()}
        state[f"{layer}.weight"] = dequantise(numbers, dtype)
    return state


def _split(name: str) -> tuple[str, str]:
    """Layer and part; Quanto's parts have a point of their own."""
    layer, _, part = name.rpartition(".")
    if part.startswith("_"):
        layer, _, weight = layer.rpartition(".")
        part = f"{weight}.{part}"
    return layer, part
