"""What a checkpoint contains, for the `inspect` command, from names and shapes without reading numbers."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from ..errors import printable, quoted
from ..files.given import LONGEST_JSON, read_json, read_text
from .reading import StoredTensor, checkpoint_files, list_tensors
from .recognition import recognise

LONGEST_LINE = 500  # characters
PRECISIONS = {
    "F32": "fp32",
    "F16": "fp16",
    "BF16": "bf16",
    "F8_E4M3": "fp8 (e4m3fn)",
    "F8_E5M2": "fp8 (e5m2)",
    "I8": "int8",
}


@dataclass(frozen=True)
class Description:
    """A checkpoint described for the user.

    Attributes
    ----------
    path : str
    kind : str
        For example "Wan2.1 diffusion transformer", or "unknown".
    details : mapping of str to str
        Labels and values that matter for this kind.
    tensors, numbers : int
        How many there are.
    size : int
        Bytes on disk.
    precisions : mapping of str to int
        How many numbers are stored in each precision, the most common first.
    """

    path: str
    kind: str
    details: Mapping[str, str]
    tensors: int
    numbers: int
    size: int
    precisions: Mapping[str, int]

    @property
    def remarks(self) -> tuple[str, ...]:
        """None: the details say everything."""
        return ()

    def lines(self) -> list[str]:
        """The description as aligned lines of text."""
        total = sum(self.precisions.values())
        shares = [f"{name} {100 * count / total:.3g} %" for name, count in self.precisions.items() if count]
        rows = {
            "file": self.path,
            "kind": self.kind,
            **self.details,
            "tensors": f"{self.tensors:,} with {self.numbers:,} numbers",
            "precision": ", ".join(shares) or "none",
            "size": f"{self.size / 1e9:.2f} GB" if self.size >= 1e9 else f"{self.size / 1e6:.2f} MB",
        }
        width = max(map(len, rows)) + 2
        return [printable(f"{label:<{width}}{value}", LONGEST_LINE) for label, value in rows.items()]

    def as_json(self) -> dict[str, object]:
        """The description as an object."""
        return {
            "kind": self.kind,
            "details": dict(self.details),
            "tensors": self.tensors,
            "numbers": self.numbers,
            "bytes": self.size,
            "precisions": dict(self.precisions),
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())


def describe(path: str | PathLike[str]) -> Description:
    """Describe a checkpoint, or all parts of a diffusers model folder.

    Raises
    ------
    MultiTalkError
        When the checkpoint cannot be read.
    """
    path = Path(path)
    if os.path.isfile(path / "model_index.json"):
        return _describe_model_folder(path)
    stored, metadata = list_tensors(path)
    kind, details = recognise(stored, metadata | _configuration(path))
    return _description(path, kind, details, stored=stored, files=checkpoint_files(path))


def _describe_model_folder(folder: Path) -> Description:
    pipeline = quoted(read_json(folder / "model_index.json", "list of models").get("_class_name"))
    details: dict[str, str] = {}
    stored: dict[str, StoredTensor] = {}
    files: list[Path] = []
    for part in sorted(file.parent for file in folder.glob("*/config.json")):
        part_stored, metadata = list_tensors(part)
        kind, part_details = recognise(part_stored, metadata | _configuration(part))
        details[part.name] = ", ".join([kind, *(f"{label} {value}" for label, value in part_details.items())])
        stored |= {f"{part.name}.{name}": tensor for name, tensor in part_stored.items()}
        files += checkpoint_files(part)
    return _description(folder, f"diffusers model folder ({pipeline})", details, stored=stored, files=files)


def _configuration(folder: Path) -> dict[str, str]:
    """A folder's config.json, under the key that metadata inside a file uses."""
    file = folder / "config.json"
    return {"config": read_text(file, "configuration", LONGEST_JSON)} if file.is_file() else {}


def _description(
    path: Path,
    kind: str,
    details: dict[str, str],
    *,
    stored: Mapping[str, StoredTensor],
    files: list[Path],
) -> Description:
    precisions: Counter[str] = Counter()
    for tensor in stored.values():
        precisions[PRECISIONS.get(tensor.dtype, tensor.dtype)] += tensor.numbers
    return Description(
        path=str(path),
        kind=kind,
        details=details,
        tensors=len(stored),
        numbers=precisions.total(),
        size=sum(file.stat().st_size for file in files),
        precisions=dict(precisions.most_common()),
    )
