"""The measures' original weight files, opened without running what is in them and written as safetensors."""

import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..checkpoint import read_tensors
from ..errors import MultiTalkError
from ..files.given import check_file
from ..files.outputs import check_folder, check_inputs_stay
from ..files.whole import whole_file
from .measure_network import COUNTER
from .weight_files import PRECISIONS, WEIGHT_FILES, Form, check_forms, check_numbers, expected_forms

MOST_BYTES = 2_000_000_000  # the largest original, with its optimizer, has 0.3 GB
NESTED = "net_recon"  # where epoch_20.pth has its network, beside optimizers
KIND = "weight file"
UNSAFE = re.compile("unsupported (global|class)", re.IGNORECASE)  # what torch says of what could run code


def convert_measure_weights(source: Path, output: Path) -> Path:
    """Convert one of the original weight files; which one it is shows in the names of its tensors.

    Parameters
    ----------
    source : Path
        A file of `torch.save`, or safetensors with the same names.
    output : Path
        The folder where the measures look for weights. A file of the same network is replaced.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    MultiTalkError
        When the source is missing, damaged, not one of the originals, or can run code, or the folder cannot
        be written to.
    """
    from safetensors.torch import save_file

    check_file(source, KIND, "download it again")
    tensors = read_tensors(source)[0] if source.suffix == ".safetensors" else _opened(source)
    forms = {key: _form(tensor) for key, tensor in tensors.items()}
    name = _recognised(forms, source)
    check_forms(forms, name, source)
    check_numbers(tensors, source)
    size = sum(tensor.nbytes for tensor in tensors.values())
    check_folder(output, size)
    path = output / WEIGHT_FILES[name].file
    check_inputs_stay([path], [source], "--weights")
    try:
        with whole_file(path) as part:
            part.touch()
            mode = part.stat().st_mode  # save_file makes files that only their owner can read
            save_file({key: _in_rows(tensor) for key, tensor in tensors.items()}, part, {"format": "pt"})
            part.chmod(mode)
    except OSError as error:
        raise MultiTalkError(
            f"The weights could not be written to {path} ({error.strerror}): free some space or choose "
            "another folder."
        ) from error
    return path


def _opened(source: Path) -> dict[str, Tensor]:
    """The tensors in a file of `torch.save`."""
    _check_container(source)
    try:
        with warnings.catch_warnings(action="ignore"):
            found = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged or hostile file brings about
        raise MultiTalkError(
            f"{source} holds more than weights and could run code, so it was not opened: give the original."
            if UNSAFE.search(str(error))
            else _damaged(source)
        ) from error
    return _tensors(found, source)


def _tensors(found: Any, source: Path) -> dict[str, Tensor]:
    if isinstance(found, Mapping) and isinstance(found.get(NESTED), Mapping):
        found = found[NESTED]
    if not isinstance(found, Mapping) or not all(
        isinstance(key, str) and isinstance(tensor, Tensor) for key, tensor in found.items()
    ):
        raise MultiTalkError(
            f"{source} is no table of weights by name: give one of {_originals()} as it was downloaded."
        )
    return {key: tensor.detach() for key, tensor in found.items()}


def _check_container(source: Path) -> None:
    """Refuse programs, and archives that would unpack to more than weights can be."""
    size = source.stat().st_size
    if zipfile.is_zipfile(source):
        try:
            with zipfile.ZipFile(source) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:  # a directory of other bytes
            raise MultiTalkError(_damaged(source)) from error
        if any(entry.filename.endswith("constants.pkl") or "/code/" in entry.filename for entry in entries):
            raise MultiTalkError(
                f"{source} is a TorchScript program and not weights, so it was not opened: give one of "
                f"{_originals()}."
            )
        size = max(size, sum(entry.file_size for entry in entries))
    if size > MOST_BYTES:
        raise MultiTalkError(
            f"{source} has {size / 1e9:,.1f} GB, more than any of the originals: give one of {_originals()}."
        )


def _recognised(forms: Mapping[str, Form], source: Path) -> str:
    """The network most of whose tensors a file has."""
    shares = {}
    for name in WEIGHT_FILES:
        own = {key for key in expected_forms(name) if not key.endswith(COUNTER)}
        shares[name] = len(own & forms.keys()) / len(own)
    name = max(shares, key=lambda each: shares[each])
    if shares[name] < 0.5:
        raise MultiTalkError(f"{source} is of another network: give one of {_originals()}.")
    return name


def _form(tensor: Tensor) -> Form:
    plain = tensor.layout == torch.strided and not tensor.is_meta
    precision = PRECISIONS.get(tensor.dtype, str(tensor.dtype)) if plain else "without numbers of its own"
    return precision, tuple(tensor.shape)


def _in_rows(tensor: Tensor) -> Tensor:
    """A copy of its own, in the only order of numbers that safetensors writes."""
    return tensor.clone(memory_format=torch.contiguous_format)


def _damaged(source: Path) -> str:
    return f"{source} is damaged or cut short, or torch did not save it: download the original again."


def _originals() -> str:
    *others, last = (entry.original for entry in WEIGHT_FILES.values())
    return f"{', '.join(others)} or {last}"
