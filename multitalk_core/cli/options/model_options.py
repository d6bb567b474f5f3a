"""Arguments for the models: their weights, device, precision and memory."""

import argparse
from pathlib import Path
from typing import get_args

import torch

from ...audio.features import AudioEncoder
from ...demo.files import EMBEDDED, EMBEDDED_FILES
from ...errors import MultiTalkError, quoted
from ...files.given import model_files
from ...film.store import Json
from ...hosts.diffusers.embedded_models import load_embedded
from ...hosts.diffusers.models import Models, Offload
from ...hosts.diffusers.wan_folder import load_folder
from ...limits import ROWS_AT_ONCE
from ...method.adapter import AudioAdapter
from ...persons.face_detector import WEIGHTS
from .dubbing_options import MOUTHS
from .paths import input_folder_or_file
from .types import text, within

DTYPES = ("float32", "bfloat16", "float16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Weights, and how they run."""
    group = parser.add_argument_group("models")
    group.add_argument(
        "--model",
        type=input_folder_or_file,
        metavar="FOLDER",
        help="folder of Wan2.1-I2V in diffusers format, such as Wan-AI/Wan2.1-I2V-14B-480P-Diffusers "
        "(default: the shipped miniature model, for demonstration only)",
    )
    group.add_argument(
        "--adapter",
        type=input_folder_or_file,
        metavar="FILE",
        help="audio layers of MultiTalk or InfiniteTalk, .safetensors (required with --model)",
    )
    group.add_argument(
        "--audio-encoder",
        type=input_folder_or_file,
        metavar="PATH",
        help="wav2vec2 folder or .safetensors; the released adapters were trained with chinese-wav2vec2-base "
        "(required with --model)",
    )
    group.add_argument(
        "--device",
        type=text,
        help="cpu, cuda, cuda:1, mps … (default: cuda if available with --model, else cpu)",
    )
    group.add_argument(
        "--dtype",
        choices=DTYPES,
        help="precision of the transformer (default: bfloat16 with --model, else float32)",
    )
    group.add_argument(
        "--offload",
        choices=get_args(Offload),
        default="none",
        help="keep weights in main memory: model moves each model to the GPU while it runs; sequential moves "
        "each layer, which is slow and needs the least GPU memory (default: %(default)s)",
    )
    group.add_argument(
        "--rows-at-once",
        type=within(ROWS_AT_ONCE),
        metavar="N",
        help="guidance conditions in one batch; 1 uses the least memory (default: 1 with --model, else 3)",
    )
    group.add_argument(
        "--ignore-memory",
        action="store_true",
        help="skip the check that this machine has enough main memory",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for missing files of a model, or an unavailable device."""
    if arguments.model and not (arguments.adapter and arguments.audio_encoder):
        raise MultiTalkError(
            "--model requires --adapter and --audio-encoder: give the files that match the model."
        )
    chosen_device(arguments)


def load_encoder(arguments: argparse.Namespace) -> AudioEncoder:
    """Load the audio encoder.

    Raises
    ------
    MultiTalkError
        When it cannot be read.
    """
    return AudioEncoder.load(encoder_path(arguments), chosen_device(arguments))


def load(arguments: argparse.Namespace, encoder: AudioEncoder) -> tuple[Models, AudioAdapter]:
    """Load Wan and the adapter.

    Raises
    ------
    MultiTalkError
        When one of them cannot be read, or they do not match each other or the audio encoder.
    """
    from ...hosts.diffusers.video_model import load_adapter

    device = chosen_device(arguments)
    dtype = getattr(torch, arguments.dtype or ("bfloat16" if arguments.model else "float32"))
    if arguments.model:
        models = load_folder(arguments.model, device, dtype, offload=arguments.offload)
    else:
        models = load_embedded(device, dtype)
    adapter = load_adapter(_adapter_path(arguments), models, arguments.offload)
    _check_encoder(encoder, adapter, arguments)
    return models, adapter


def signatures(arguments: argparse.Namespace) -> dict[str, Json]:
    """Signatures of the files of models, video and region; when one changes, the film is another one."""
    paths = {
        "adapter": _adapter_path(arguments),
        "audio encoder": encoder_path(arguments),
        **({"video": arguments.video} if arguments.video else {}),
        **_region_file(arguments),
    }
    files = {name: file_signature(path) for name, path in paths.items()}
    return {"model": model_signature(arguments.model), **files}


def _region_file(arguments: argparse.Namespace) -> dict[str, Path]:
    """What the region of a dubbed video is read from, or the face model that finds the mouths."""
    if arguments.video is None:  # it is of a person's retake
        return {}
    if arguments.region == MOUTHS:
        return {"mouths": arguments.face_model or WEIGHTS}
    return {"region": arguments.region} if arguments.region else {}


def model_signature(model: Path | None) -> Json:
    """As `file_signature`; None is the shipped model."""
    if model is not None:
        return file_signature(model)
    return [file_signature(EMBEDDED / file) for file in EMBEDDED_FILES.values()]


def file_signature(path: Path) -> Json:
    """Name, size and modification time of a file, or of every model file in a folder."""
    files = model_files(path) if path.is_dir() else [path]
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def encoder_path(arguments: argparse.Namespace) -> Path:
    """The file or folder of the audio encoder."""
    return arguments.audio_encoder or EMBEDDED / EMBEDDED_FILES["audio_encoder"]


def _adapter_path(arguments: argparse.Namespace) -> Path:
    return arguments.adapter or EMBEDDED / EMBEDDED_FILES["adapter"]


def chosen_device(arguments: argparse.Namespace) -> torch.device:
    """The device as given; by default the GPU with --model, else the CPU.

    Raises
    ------
    MultiTalkError
        When the device is not available.
    """
    name = arguments.device or ("cuda" if arguments.model and torch.cuda.is_available() else "cpu")
    try:
        device = torch.empty(0, device=name).device
        if device.type == "meta":
            raise ValueError("meta tensors hold no numbers")
    except (
        RuntimeError,
        ValueError,
        AssertionError,
        ImportError,
    ) as error:  # depending on how torch was built
        raise MultiTalkError(
            f"The device {quoted(name)} is not available: choose cpu, or leave --device out."
        ) from error
    return device


def _check_encoder(encoder: AudioEncoder, adapter: AudioAdapter, arguments: argparse.Namespace) -> None:
    encoded, expected = encoder.layers * encoder.channels, adapter.shape.feature_size
    if encoded != expected:
        raise MultiTalkError(
            f"The audio encoder {encoder_path(arguments)} produces {encoded} features per frame, but the "
            f"adapter {_adapter_path(arguments)} expects {expected}: choose the encoder that the adapter was "
            "trained with (chinese-wav2vec2-base produces 9216)."
        )
