"""Arguments that say which weights run where, and the models they mean."""

import argparse
from pathlib import Path
from typing import get_args

import torch

from ..adapter import AudioAdapter
from ..audio.features import AudioEncoder
from ..errors import MultiTalkError
from ..segments import Json
from .cli_types import whole_number
from .demo_models import EMBEDDED, EMBEDDED_FILES, load_embedded
from .models import Models, Offload
from .wan_folder import load_folder

DTYPES = ("float32", "bfloat16", "float16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Weights and where they run."""
    group = parser.add_argument_group("the models")
    group.add_argument(
        "--model",
        type=Path,
        metavar="FOLDER",
        help="Wan2.1-I2V in diffusers' format, such as Wan-AI/Wan2.1-I2V-14B-480P-Diffusers "
        "(default: the miniature model that is shipped, a demonstration only)",
    )
    group.add_argument(
        "--adapter",
        type=Path,
        metavar="FILE",
        help="MultiTalk's or InfiniteTalk's audio layers, .safetensors (needed with --model)",
    )
    group.add_argument(
        "--audio-encoder",
        type=Path,
        metavar="PATH",
        help="wav2vec2 folder or .safetensors; the adapters learnt with chinese-wav2vec2-base "
        "(needed with --model)",
    )
    group.add_argument(
        "--device", help="cpu, cuda, cuda:1, mps … (default: cuda where there is one and --model is given)"
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
        help="keep weights in main memory: model, whole models between their turns; sequential, every layer, "
        "slow and with the least GPU memory (default: %(default)s)",
    )
    group.add_argument(
        "--rows-at-once",
        type=whole_number,
        metavar="N",
        help="guidance conditions in one batch; 1 takes least memory (default: 1 with --model, else 3)",
    )


def load(arguments: argparse.Namespace) -> tuple[Models, AudioAdapter, AudioEncoder]:
    """Wan, the adapter and the audio encoder.

    Raises
    ------
    MultiTalkError
        When one is missing, cannot be read, or does not fit the others.
    """
    from .pipeline import load_adapter

    if arguments.model and not (arguments.adapter and arguments.audio_encoder):
        raise MultiTalkError("--model needs --adapter and --audio-encoder: give the files that belong to it.")
    device = chosen_device(arguments)
    dtype = getattr(torch, arguments.dtype or ("bfloat16" if arguments.model else "float32"))
    encoder = AudioEncoder.load(encoder_path(arguments), device)
    if arguments.model:
        models = load_folder(arguments.model, device, dtype, arguments.offload)
    else:
        models = load_embedded(device, dtype)
    adapter = load_adapter(_adapter_path(arguments), models, arguments.offload)
    _check_encoder(encoder, adapter, arguments)
    return models, adapter, encoder


def signatures(arguments: argparse.Namespace) -> dict[str, Json]:
    """The files that models, a video and its mask are read from, so that other ones make another film."""
    paths = {
        "model": arguments.model or EMBEDDED,
        "adapter": _adapter_path(arguments),
        "audio encoder": encoder_path(arguments),
        **({"video": arguments.video} if arguments.video else {}),
        **({"region": arguments.region} if arguments.region else {}),
    }
    return {name: file_signature(path) for name, path in paths.items()}


def file_signature(path: Path) -> Json:
    """Name, size and time of change of a file, or of every file of a folder."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]


def encoder_path(arguments: argparse.Namespace) -> Path:
    """Where the audio encoder lies."""
    return arguments.audio_encoder or EMBEDDED / EMBEDDED_FILES["audio_encoder"]


def _adapter_path(arguments: argparse.Namespace) -> Path:
    return arguments.adapter or EMBEDDED / EMBEDDED_FILES["adapter"]


def chosen_device(arguments: argparse.Namespace) -> torch.device:
    """The device as asked, else a GPU where there is one and a --model.

    Raises
    ------
    MultiTalkError
        When there is no such device here.
    """
    name = arguments.device or ("cuda" if arguments.model and torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # torch built without CUDA asserts
        raise MultiTalkError(f"The device {name} is not there: choose cpu, or leave --device out.") from error


def _check_encoder(encoder: AudioEncoder, adapter: AudioAdapter, arguments: argparse.Namespace) -> None:
    heard, wanted = encoder.layers * encoder.channels, adapter.shape.feature_size
    if heard != wanted:
        raise MultiTalkError(
            f"The audio encoder {encoder_path(arguments)} gives {heard} numbers a frame, but the adapter "
            f"{_adapter_path(arguments)} takes {wanted}: choose the encoder that the adapter learnt with "
            "(chinese-wav2vec2-base gives 9216)."
        )
