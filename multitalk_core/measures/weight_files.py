"""The weights that users bring for the measures: their names, where they come from, and reading them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor, nn

from ..checkpoint import list_tensors, read_tensors
from ..errors import MultiTalkError, quoted
from .i3d_network import I3dNetwork
from .inception_network import InceptionNetwork
from .measure_network import COUNTER, expected_tensors
from .reconstruction_network import ReconstructionNetwork
from .s3fd_network import S3fdNetwork
from .sync_network import SyncNetwork

PRECISIONS = {torch.float32: "F32", torch.int64: "I64"}

Form = tuple[str, tuple[int, ...]]
"""Precision, in the notation of safetensors, and shape."""


@dataclass(frozen=True)
class WeightFile:
    """The weights of one network.

    Attributes
    ----------
    file : str
        Its name in the folder of the weights.
    serves : str
        The measures that need it.
    original : str
        What the file is called that it is converted from.
    source : str
        Where that is found.
    licence : str
        Of the weights, as their source states it.
    network : type of nn.Module
    """

    file: str
    serves: str
    original: str
    source: str
    licence: str
    network: type[nn.Module]


WEIGHT_FILES: Mapping[str, WeightFile] = MappingProxyType(
    {
        "syncnet": WeightFile(
            file="syncnet.safetensors",
            serves="Sync-C and Sync-D",
            original="syncnet_v2.model",
            source="https://www.robots.ox.ac.uk/~vgg/software/lipsync/data/syncnet_v2.model",
            licence="none stated; the code beside it (syncnet_python) is MIT",
            network=SyncNetwork,
        ),
        "s3fd": WeightFile(
            file="s3fd.safetensors",
            serves="Sync-C and Sync-D",
            original="sfd_face.pth",
            source="https://www.robots.ox.ac.uk/~vgg/software/lipsync/data/sfd_face.pth",
            licence="none stated; the code beside it (syncnet_python) is MIT",
            network=S3fdNetwork,
        ),
        "inception": WeightFile(
            file="inception.safetensors",
            serves="FID",
            original="weights-inception-2015-12-05-6726825d.pth",
            source="https://github.com/toshas/torch-fidelity/releases/tag/v0.2.0",
            licence="Apache-2.0 (TensorFlow's, ported)",
            network=InceptionNetwork,
        ),
        "i3d": WeightFile(
            file="i3d.safetensors",
            serves="FVD",
            original="i3d_pretrained_400.pt",
            source="https://github.com/songweige/TATS/raw/main/tats/fvd/i3d_pretrained_400.pt",
            licence="none stated; DeepMind's, from which it is ported, are Apache-2.0",
            network=I3dNetwork,
        ),
        "deep3d": WeightFile(
            file="deep3d.safetensors",
            serves="E-FID",
            original="epoch_20.pth",
            source="https://github.com/sicxu/Deep3DFaceRecon_pytorch (its README links to the file)",
            licence="MIT (the repository's)",
            network=ReconstructionNetwork,
        ),
    }
)


def read_measure_weights(folder: Path, name: str) -> dict[str, Tensor]:
    """Read the weights of a network.

    Parameters
    ----------
    folder : Path
    name : str
        One of WEIGHT_FILES.

    Returns
    -------
    dict of str to Tensor

    Raises
    ------
    MultiTalkError
        When the file is missing, damaged or of another network.
    """
    if missing := missing_weights(folder, name):
        raise MultiTalkError(missing)
    path = folder / WEIGHT_FILES[name].file
    stored, _ = list_tensors(path)
    check_forms({key: (tensor.dtype, tensor.shape) for key, tensor in stored.items()}, name, path)
    tensors, _ = read_tensors(path)
    check_numbers(tensors, path)
    return tensors


def missing_weights(folder: Path, name: str) -> str | None:
    """A sentence when a network's file is not in the folder, and None otherwise.

    Parameters
    ----------
    folder : Path
    name : str
        One of WEIGHT_FILES.
    """
    entry = WEIGHT_FILES[name]
    if (folder / entry.file).exists():
        return None
    advice = f"download {entry.original} from {entry.source} and convert it with --convert-weights"
    if (folder / entry.original).exists():
        advice = f"convert {folder / entry.original} with --convert-weights"
    return f"{entry.file} for {entry.serves} is not in {folder}: {advice}."


def check_forms(forms: Mapping[str, Form], name: str, path: Path) -> None:
    """Check names, precisions and shapes against a network's; counters of training may be missing.

    Raises
    ------
    MultiTalkError
        It names the first difference.
    """
    expected = expected_forms(name)
    trouble = next(_differences(forms, expected), None)
    if trouble:
        raise MultiTalkError(
            f"{path} does not hold the weights of {WEIGHT_FILES[name].original} ({trouble}): download and "
            "convert that file again."
        )


def expected_forms(name: str) -> dict[str, Form]:
    """Precision and shape of each of a network's tensors."""
    tensors = expected_tensors(WEIGHT_FILES[name].network)
    return {key: (PRECISIONS[tensor.dtype], tuple(tensor.shape)) for key, tensor in tensors.items()}


def check_numbers(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Refuse weights with NaN or infinite numbers.

    Raises
    ------
    MultiTalkError
    """
    for key, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise MultiTalkError(f"{path} holds numbers that are not finite, in {key}: download it again.")


def _differences(forms: Mapping[str, Form], expected: Mapping[str, Form]) -> Iterator[str]:
    for key, form in expected.items():
        if key not in forms:
            if not key.endswith(COUNTER):
                yield f"{key} is missing"
        elif forms[key] != form:
            yield f"{key} is {_said(forms[key])} and not {_said(form)}"
    for key in forms:
        if key not in expected:
            yield f"{quoted(key)} does not belong to it"


def _said(form: Form) -> str:
    precision, shape = form
    return f"{precision} {list(shape)}"
