"""Checks of linked values: each has the form of its socket's kind.

ComfyUI compares only the names of kinds, and accepts anything from nodes whose outputs are of any kind.
"""

from collections.abc import Callable, Mapping
from typing import Any

from comfy.model_patcher import ModelPatcher
from comfy_api.latest import Input
from torch import Tensor

from ...multitalk_core.audio.conversation import Conversation
from ...multitalk_core.errors import MultiTalkError, quoted
from ...multitalk_core.guards.finite import is_finite
from ...multitalk_core.limits import MOST_PIXELS, python_number
from ...multitalk_core.persons.masks import Persons
from ...multitalk_core.script.written_script import Script
from .managed_encoder import ManagedEncoder
from .settings import BindingSettings, ClipSettings, DenoiseSettings, SamplingSettings, StoreSettings

BOX_KEYS = ("x", "y", "width", "height")

FOUND_NOTHING = "the connected node found nobody; lower its threshold, or let it look for something else"

Fault = Callable[[object], str | None]  # what is wrong with a value, None where nothing is


def check_kind(name: str, kind: str, value: object) -> None:
    """Check a linked value.

    Parameters
    ----------
    name : str
        The input's id.
    kind : str
        ComfyUI's name of what the input takes; several are separated by commas.
    value : object

    Raises
    ------
    MultiTalkError
        It begins with the id.
    """
    faults = [FAULTS[each](value) for each in kind.split(",")]
    if all(faults):
        raise MultiTalkError(f"{name}: {faults[0]}")


def _image(value: object) -> str | None:
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return "this is not a picture; connect an IMAGE."
    if value.ndim != 4 or 0 in value.shape or value.shape[-1] < 3:
        return (
            "an IMAGE has the shape [pictures, height, width, colours], with at least three colours and no "
            f"zeros, but this one is {list(value.shape)}."
        )
    height, width = value.shape[1:3]
    if height * width > MOST_PIXELS:
        return f"{width}×{height} pixels are too many; scale it down to at most {MOST_PIXELS:,} pixels."
    if not is_finite(value):  # cast to 8 bits, NaN would pass for black
        return "it contains NaN or infinite values; create it again."
    return None


def _mask(value: object) -> str | None:
    if not isinstance(value, Tensor) or value.is_complex():
        return "this is not a mask; connect a MASK."
    if value.ndim == 3 and len(value) == 0:
        return f"it contains no mask: {FOUND_NOTHING}."
    if value.ndim not in (2, 3) or 0 in value.shape:
        return (
            f"a MASK has the shape [masks, height, width] with no zeros, but this one is {list(value.shape)}."
        )
    if value.shape[-1] * value.shape[-2] > MOST_PIXELS:
        return f"it has too many pixels; scale it down to at most {MOST_PIXELS:,} pixels."
    if not is_finite(value):
        return "the mask contains NaN or infinite values; create it again."
    return None


def _audio(value: object) -> str | None:
    if not isinstance(value, Mapping) or not {"waveform", "sample_rate"} <= value.keys():
        return "this is not a sound; connect an AUDIO."
    samples = value["waveform"]
    if not isinstance(samples, Tensor) or samples.ndim != 3 or 0 in samples.shape:
        shape = list(samples.shape) if isinstance(samples, Tensor) else "none"
        return f"an AUDIO has the shape [sounds, channels, samples] with no zeros, but this one is {shape}."
    return None


def _latent(value: object) -> str | None:
    if not isinstance(value, Mapping) or not isinstance(value.get("samples"), Tensor):
        return "this is not a latent; connect a LATENT."
    return None


def _conditioning(value: object) -> str | None:
    if not isinstance(value, list) or not value:
        return "it contains no prompt; connect a CONDITIONING from the text encoder."
    for entry in value:
        whole = isinstance(entry, list | tuple) and len(entry) == 2 and isinstance(entry[1], dict)
        if not whole or not isinstance(entry[0], Tensor) or entry[0].ndim != 3 or 0 in entry[0].shape:
            return "this is not an encoded prompt; connect a CONDITIONING from the text encoder."
    return None


def _boxes(value: object) -> str | None:
    if not isinstance(value, dict | list):
        return "this is not a box; connect a BOUNDING_BOX."
    boxes = box_list(value)
    if not boxes:
        return f"it contains no box: {FOUND_NOTHING}, or draw one for each person."
    for number, box in enumerate(boxes, start=1):
        given = [python_number(box.get(key)) for key in BOX_KEYS] if isinstance(box, dict) else []
        sides = [side for side in given if side is not None and abs(side) < 1e9]
        if len(sides) < len(BOX_KEYS):
            return (
                f"box {number} is {quoted(box)}; a box needs the numbers x, y, width and height, in pixels."
            )
        if min(sides[2:]) <= 0:
            return f"box {number} is {sides[2]:g} wide and {sides[3]:g} high; draw it again."
    return None


def box_list(value: object) -> list[Any]:
    """Boxes from one box, a list of boxes, or one list per image, of which the first is used."""
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list) and value and isinstance(value[0], list) and not _is_row(value[0]):
        return value[0]
    return value if isinstance(value, list) else []


def _is_row(value: list[object]) -> bool:
    """Whether a list is one box as four numbers, which ComfyUI does not have."""
    return len(value) == len(BOX_KEYS) and not isinstance(value[0], dict)


def _of_class(kind: type, what: str) -> Fault:
    return lambda value: None if isinstance(value, kind) else f"this is not {what}."


def _with(*methods: str, what: str) -> Fault:
    """Classes of other packs are accepted if they have the methods that are called."""
    return lambda value: None if all(hasattr(value, method) for method in methods) else f"this is not {what}."


FAULTS: dict[str, Fault] = {
    "IMAGE": _image,
    "MASK": _mask,
    "AUDIO": _audio,
    "LATENT": _latent,
    "CONDITIONING": _conditioning,
    "BOUNDING_BOX": _boxes,
    "VIDEO": _of_class(Input.Video, "a video"),
    "MODEL": _of_class(ModelPatcher, "a model; connect Load Diffusion Model"),
    "MODEL_PATCH": _of_class(ModelPatcher, "an audio adapter; connect Load MultiTalk Audio Adapter"),
    "VAE": _with("encode", "decode", "latent_channels", "latent_dim", what="a VAE; connect Load VAE"),
    "CLIP": _with("tokenize", "encode_from_tokens_scheduled", what="a text encoder; connect Load CLIP"),
    "CLIP_VISION": _with("encode_image", what="a CLIP vision model; connect Load CLIP Vision"),
    "AUDIO_ENCODER": _with("model", "get_sd", what="an audio encoder; connect Load MultiTalk Audio Encoder"),
    "MULTITALK_AUDIO_ENCODER": _of_class(
        ManagedEncoder, "an audio encoder; connect Load MultiTalk Audio Encoder"
    ),
    "MULTITALK_AUDIO": _of_class(Conversation, "an encoded conversation; connect Encode MultiTalk Audio"),
    "MULTITALK_PERSONS": _of_class(Persons, "a set of persons; connect Locate MultiTalk Persons"),
    "MULTITALK_SCRIPT": _of_class(Script, "a script; connect MultiTalk Script"),
    "MULTITALK_BINDING": _of_class(list, "a binding; connect the binding output of a sampler node"),
    "MULTITALK_SAMPLING_SETTINGS": _of_class(
        SamplingSettings, "a sampling setting; connect MultiTalk Sampling Settings"
    ),
    "MULTITALK_BINDING_SETTINGS": _of_class(
        BindingSettings, "a binding setting; connect MultiTalk Binding Settings"
    ),
    "MULTITALK_CLIP_SETTINGS": _of_class(ClipSettings, "a clip setting; connect MultiTalk Clip Settings"),
    "MULTITALK_STORE_SETTINGS": _of_class(StoreSettings, "a store setting; connect MultiTalk Store Settings"),
    "MULTITALK_DENOISE_SETTINGS": _of_class(
        DenoiseSettings, "a denoise setting; connect MultiTalk Denoise Settings"
    ),
}
