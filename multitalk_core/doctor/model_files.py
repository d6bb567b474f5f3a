"""The files of the models: what each is, and whether they are made for each other; weights are not read."""

import os
from collections.abc import Mapping
from pathlib import Path

from ..checkpoint import describe
from ..checkpoint.description import Description
from ..checkpoint.recognition import ADAPTER
from ..errors import MultiTalkError
from .checkup import Check
from .report_line import failed, passed, warned

TRANSFORMER, AUDIO_ADAPTER, AUDIO_ENCODER = "transformer", "adapter", "audio encoder"
LORA = "LoRA"
EXPECTED = {
    TRANSFORMER: "Wan2.",
    "vae": "Wan VAE",
    "text_encoder": "umt5 text encoder",
    "image_encoder": "CLIP vision encoder",
    AUDIO_ADAPTER: ADAPTER,
    AUDIO_ENCODER: "wav2vec2 audio encoder",
    LORA: "LoRA",
}
NAMES = {TRANSFORMER: "Wan2.1 diffusion transformer"}
TASK = "image to video"
WAN22, OWN_SIZE = "Wan2.2", "of a size of its own"  # a miniature has no image embedder either
GIGABYTE = 10**9


def parts_of(folder: Path) -> dict[str, Path]:
    """The parts of a model in diffusers' format by their role; a single file is the transformer."""
    if not os.path.isfile(folder / "model_index.json"):
        return {TRANSFORMER: folder}
    return {config.parent.name: config.parent for config in sorted(folder.glob("*/config.json"))}


def check_described(role: str, path: Path) -> Check[Description]:
    """Say what a file is, and whether it can have its role.

    Parameters
    ----------
    role : str
        As a sentence names it; one in EXPECTED has to be of that kind.
    path : Path
        A file, or a folder of one model.
    """
    try:
        found = describe(path)
    except MultiTalkError as error:
        raise MultiTalkError(f"{role}: {error}") from error
    details = ", ".join(f"{label} {value}" for label, value in found.details.items())
    shares = " and ".join(found.precisions) or "no numbers"
    size = f"{found.size / GIGABYTE:.2f} GB" if found.size >= GIGABYTE else f"{found.size / 1e6:.1f} MB"
    name = role if role == path.name else f"{role} {path.name}"
    sentence = f"{name}: {found.kind} ({details or 'no details'}), {shares}, {size}"
    expected = EXPECTED.get(LORA if role.startswith(LORA) else role, "")
    task = found.details.get("model", TASK)
    if not found.kind.startswith(expected):
        yield failed(f"{sentence}; a {NAMES.get(role, expected)} is needed here: choose another file.")
    elif TASK not in task:
        yield failed(f"{sentence}; MultiTalk needs a model for {TASK}: download Wan2.1-I2V.")
    elif found.kind.startswith(WAN22) and OWN_SIZE not in task:
        yield warned(f"{sentence}; the released adapters were trained with Wan2.1: expect worse films.")
    elif "quantised" in found.details:
        yield failed(f"{sentence}; this quantisation is not read: use the fp16, bf16 or fp8 version.")
    else:
        yield passed(f"{sentence}.")
    return found


def check_match(found: Mapping[str, Description]) -> Check[None]:
    """Compare the sizes of transformer, adapter and audio encoder.

    Parameters
    ----------
    found : mapping of str to Description
        By role; those that are missing are not compared.
    """
    transformer, adapter, encoder = (
        found[role].details if role in found else {} for role in (TRANSFORMER, AUDIO_ADAPTER, AUDIO_ENCODER)
    )
    width, wanted = transformer.get("width"), adapter.get("model width")
    if width and wanted and width != wanted:
        yield failed(
            f"The adapter is for a model {wanted} wide, and the transformer is {width} wide: choose the "
            "adapter made for this model."
        )
    elif width and wanted:
        yield passed(f"Adapter and transformer are both {width} wide.")
    features, window = encoder.get("feature size"), adapter.get("window")
    if features and window and f"of {features} numbers" not in window:
        yield failed(
            f"The audio encoder gives {features} numbers a frame, and the adapter takes a window of "
            f"{window}: choose the encoder that the adapter was trained with (chinese-wav2vec2-base for "
            "MultiTalk)."
        )
    elif features and window:
        yield passed(f"The adapter takes what the audio encoder gives, {features} numbers a frame.")
