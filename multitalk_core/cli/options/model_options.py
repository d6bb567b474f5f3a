"""Arguments for the models: their weights, device and precision."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ...audio.features import AudioEncoder
from ...demo.files import EMBEDDED, EMBEDDED_FILES
from ...errors import MultiTalkError, quoted
from ...files.given import model_files
from ...film.store import Json
from ...hosts.diffusers.attention_backend import AttentionBackend, use_attention
from ...hosts.diffusers.embedded_models import load_embedded, load_embedded_transformer
from ...hosts.diffusers.lora import check_lora
from ...hosts.diffusers.models import Models
from ...hosts.diffusers.offloading import place, place_adapter
from ...hosts.diffusers.quantization import quantise_adapter
from ...hosts.diffusers.wan_adapter import read_fitting_adapter
from ...hosts.diffusers.wan_folder import load_folder
from ...hosts.diffusers.wan_transformer import TransformerOptions
from ...method.adapter import AudioAdapter
from ...persons.face_detector import WEIGHTS
from .dubbing_options import MOUTHS
from .lora_file import lora_file
from .paths import input_folder, input_folder_or_file
from .types import text

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel

DTYPES = ("float32", "bfloat16", "float16")
COMPONENTS_ADVICE = (
    "download all but the transformer's weights of Wan-AI/Wan2.1-I2V-14B-480P-Diffusers (or 720P), and name "
    "that folder"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Weights, and how they run."""
    group = parser.add_argument_group("models")
    group.add_argument(
        "--model",
        type=input_folder_or_file,
        metavar="PATH",
        help="folder of Wan2.1-I2V in diffusers format, such as Wan-AI/Wan2.1-I2V-14B-480P-Diffusers, or its "
        "transformer in one .safetensors or .gguf file, with --components (default: the shipped miniature "
        "model, for demonstration only)",
    )
    group.add_argument(
        "--components",
        type=input_folder,
        metavar="FOLDER",
        help="folder in diffusers format with all but the transformer's weights, where --model is a file",
    )
    group.add_argument(
        "--lora",
        type=lora_file,
        action="append",
        dest="loras",
        metavar="FILE[:STRENGTH]",
        help="LoRA for the transformer, such as one for few steps (then --steps 4 to 8, --shift 2, "
        "--text-scale 1, --audio-scale 2), in the form of ComfyUI or diffusers; repeat the option for each "
        "(default strength: 1)",
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


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for files that are missing or of another kind, or an unavailable device."""
    if arguments.model and not (arguments.adapter and arguments.audio_encoder):
        raise MultiTalkError(
            "--model requires --adapter and --audio-encoder: give the files that match the model."
        )
    file = _model_file(arguments)
    if file is not None and arguments.components is None:
        raise MultiTalkError(
            f"The --model {file} is a transformer alone: {COMPONENTS_ADVICE} with --components."
        )
    if arguments.components is not None and (arguments.model is None or arguments.model.is_dir()):
        raise MultiTalkError("--components goes with a --model that is one file: leave it out.")
    _check_loras(arguments)
    chosen_device(arguments)


def _check_loras(arguments: argparse.Namespace) -> None:
    paths = [lora.path.resolve() for lora in arguments.loras or ()]
    for path in paths:
        if paths.count(path) > 1:
            raise MultiTalkError(f"The LoRA {path} is given twice: give it once, with both strengths added.")
        check_lora(path)


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

    device, dtype, offload = chosen_device(arguments), chosen_dtype(arguments), arguments.offload
    options = _transformer_options(arguments)
    if arguments.model:
        folder = arguments.components or arguments.model
        models = load_folder(folder, device, dtype, offload=offload, transformer=options)
    else:
        models = load_embedded(device, dtype, offload=offload, transformer=options)
    adapter = load_adapter(_adapter_path(arguments), models, offload, quantization=arguments.quantize)
    if arguments.attention is not None:
        use_attention(models.transformer, AttentionBackend(arguments.attention))
    _check_encoder(encoder, adapter, arguments)
    return models, adapter


def attention_heads(arguments: argparse.Namespace) -> int | None:
    """How many the transformer has, before it is loaded; None where its folder does not say."""
    from ...hosts.diffusers.wan_folder import attention_heads as heads_of

    return heads_of(arguments.components or arguments.model or EMBEDDED / "diffusers")


def load_transformer(arguments: argparse.Namespace) -> tuple["WanTransformer3DModel", AudioAdapter]:
    """Load the transformer and the adapter alone, as `load` does.

    Raises
    ------
    MultiTalkError
        When one of them cannot be read, or they do not match each other.
    """
    from ...hosts.diffusers.wan_folder import load_transformer as load_from_folder

    device, dtype, offload = chosen_device(arguments), chosen_dtype(arguments), arguments.offload
    options = _transformer_options(arguments)
    if arguments.model:
        transformer = load_from_folder(arguments.components or arguments.model, dtype, options)
    else:
        transformer = load_embedded_transformer(dtype, options)
    place([transformer], device, offload)
    adapter = read_fitting_adapter(_adapter_path(arguments), transformer, dtype, model_name="model")
    quantise_adapter(adapter, arguments.quantize, dtype)
    place_adapter(adapter, device, offload)
    if arguments.attention is not None:
        use_attention(transformer, AttentionBackend(arguments.attention))
    return transformer, adapter


def _transformer_options(arguments: argparse.Namespace) -> TransformerOptions:
    return TransformerOptions(
        file=_model_file(arguments), loras=tuple(arguments.loras or ()), quantization=arguments.quantize
    )


def signatures(arguments: argparse.Namespace) -> dict[str, Json]:
    """Signatures of the files of models, LoRAs, video and region; when one changes, so does the film."""
    paths = {
        "adapter": _adapter_path(arguments),
        "audio encoder": encoder_path(arguments),
        **({"components": arguments.components} if arguments.components else {}),
        **({"video": arguments.video} if arguments.video else {}),
        **_region_file(arguments),
        **({"followed faces": arguments.face_model or WEIGHTS} if arguments.follow_persons else {}),
    }
    files = {name: file_signature(path) for name, path in paths.items()}
    loras: list[Json] = [[file_signature(lora.path), lora.strength] for lora in arguments.loras or ()]
    return {"model": model_signature(arguments.model), **files, **({"LoRAs": loras} if loras else {})}


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


def _model_file(arguments: argparse.Namespace) -> Path | None:
    """The --model where it is one file; one that does not exist is neither file nor folder."""
    return arguments.model if arguments.model and arguments.model.is_file() else None


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


def chosen_dtype(arguments: argparse.Namespace) -> torch.dtype:
    """The transformer's precision as given; by default bfloat16 with --model, else float32."""
    dtype: torch.dtype = getattr(torch, arguments.dtype or ("bfloat16" if arguments.model else "float32"))
    return dtype


def _check_encoder(encoder: AudioEncoder, adapter: AudioAdapter, arguments: argparse.Namespace) -> None:
    encoded, expected = encoder.layers * encoder.channels, adapter.shape.feature_size
    if encoded != expected:
        raise MultiTalkError(
            f"The audio encoder {encoder_path(arguments)} produces {encoded} features per frame, but the "
            f"adapter {_adapter_path(arguments)} expects {expected}: choose the encoder that the adapter was "
            "trained with (chinese-wav2vec2-base produces 9216)."
        )
