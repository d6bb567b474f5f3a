"""LoRAs of the transformer, in the key names of ComfyUI, kohya and diffusers, through diffusers and peft."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...checkpoint import list_tensors
from ...checkpoint.lora_kinds import lora as recognise_lora
from ...checkpoint.reading import load_tensors
from ...checkpoint.recognition import any_kind
from ...errors import MultiTalkError
from ...files.given import loading

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel

ADVICE = "choose a LoRA for Wan2.1 I2V of the model's size"
PREFIX = "transformer."
KOHYA = re.compile(r"lora_unet_blocks_(\d+)_(self_attn|cross_attn|ffn)_(\w+)")


@dataclass(frozen=True)
class Lora:
    """A LoRA file and how strongly it acts.

    Attributes
    ----------
    path : Path
    strength : float
        1 is as trained.

    Raises
    ------
    MultiTalkError
        For a strength that is no finite number.
    """

    path: Path
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.strength):
            raise MultiTalkError(f"The strength of the LoRA {self.path} is {self.strength}: choose a number.")


def check_lora(path: Path) -> None:
    """Refuse a file that is no plain LoRA, by its header alone, and a LoRA without the package for it.

    Raises
    ------
    MultiTalkError
    """
    if find_spec("peft") is None:
        raise MultiTalkError(f"The LoRA {path} needs the package peft: install it with `pip install peft`.")
    stored, metadata = list_tensors(path)
    found = recognise_lora(stored, metadata)
    if found is None:
        raise MultiTalkError(f"{path} is no LoRA but {any_kind(stored, metadata)}: {ADVICE}.")
    if found[0] != "LoRA":
        raise MultiTalkError(
            f"{path} is a {found[0]}, which diffusers does not apply to Wan: choose a plain LoRA."
        )


def add_loras(transformer: "WanTransformer3DModel", loras: Sequence[Lora], *, merged: bool) -> None:
    """Add LoRAs to a transformer.

    Parameters
    ----------
    transformer : WanTransformer3DModel
    loras : sequence of Lora
    merged : bool
        True adds them to the weights, so that they cost no time; False, for weights that cannot be written in
        place, computes them beside the layers.

    Raises
    ------
    MultiTalkError
        The file is no LoRA, or not one for this transformer.
    """
    names = [f"lora_{number}" for number in range(len(loras))]
    for name, lora in zip(names, loras, strict=True):
        state = _read(lora.path)
        _check_fit(state, transformer, lora.path)
        with loading(lora.path, "LoRA", ADVICE):
            transformer.load_lora_adapter(state, adapter_name=name)
    if loras:
        transformer.set_adapters(names, [lora.strength for lora in loras])
    if loras and merged:
        transformer.fuse_lora(adapter_names=names)
        transformer.unload_lora()


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors under diffusers' names, each beginning with PREFIX."""
    from diffusers.loaders import WanLoraLoaderMixin

    check_lora(path)
    stored, _ = list_tensors(path)
    tensors = {_original(name): tensor for name, tensor in load_tensors(stored).items()}
    with loading(path, "LoRA", ADVICE), torch.no_grad():
        converted: dict[str, Tensor] = WanLoraLoaderMixin.lora_state_dict(tensors)
    return converted


def _original(name: str) -> str:
    """Wan's own names as ComfyUI writes them.

    kohya joins them by underscores, and diffusers reads those only where every layer of every block has one.
    DiffSynth writes them without a prefix, and peft's adapter name within.
    """
    name = KOHYA.sub(r"blocks.\1.\2.\3", name.replace(".default.", "."))
    return f"diffusion_model.{name}" if name.startswith("blocks.") else name


def _check_fit(state: dict[str, Tensor], transformer: "WanTransformer3DModel", path: Path) -> None:
    layers = dict(transformer.named_modules())
    down = {name.partition(".lora_A")[0]: tensor for name, tensor in state.items() if ".lora_A." in name}
    if not down:
        raise MultiTalkError(f"The LoRA {path} has no layer under a known name: {ADVICE}.")
    for name, tensor in down.items():
        layer = layers.get(name.removeprefix(PREFIX))
        size = None if layer is None else getattr(layer, "in_features", None)
        if size is None:
            raise MultiTalkError(
                f"The LoRA {path} changes the layer {name.removeprefix(PREFIX)}, which the model does not "
                f"have: {ADVICE}."
            )
        if tensor.shape[1] != size:
            raise MultiTalkError(
                f"The LoRA {path} is for a model {tensor.shape[1]} wide, and the layer "
                f"{name.removeprefix(PREFIX)} takes {size}: {ADVICE}."
            )
