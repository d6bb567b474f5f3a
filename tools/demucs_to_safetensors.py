"""Write the weights of a Hybrid Transformer Demucs as safetensors, for `generate --separate-vocals`.

`python tools/demucs_to_safetensors.py 955717e8-8726e21a.th htdemucs.safetensors`, with demucs-infer
installed. A .th file is a pickle, which can run anything when it is read: take it from
dl.fbaipublicfiles.com/demucs only.
"""

import json
import sys
from fractions import Fraction
from pathlib import Path

import torch
from safetensors.torch import save_file

CLASS = "demucs_infer.htdemucs.HTDemucs"


def plain(value: object) -> object:
    """A setting as JSON has it."""
    if isinstance(value, Fraction):
        return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def convert(source: Path, target: Path) -> None:
    import demucs_infer  # noqa: F401, it lends the pickle its classes

    package = torch.load(source, map_location="cpu", weights_only=False)
    metadata = {
        "klass": CLASS,
        "args": json.dumps(plain(package["args"])),
        "kwargs": json.dumps(plain(package["kwargs"])),
    }
    state = {name: tensor.float().clone() for name, tensor in package["state"].items()}
    save_file(state, target, metadata)


if __name__ == "__main__":
    convert(*map(Path, sys.argv[1:3]))
