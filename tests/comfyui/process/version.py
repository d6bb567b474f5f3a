"""Which versions of ComfyUI the pack refuses, 1 for each that it does."""

import os
from pathlib import Path

import torch
from multitalk_pack.multitalk_core.errors import MultiTalkError
from multitalk_pack.nodes import check_version
from safetensors.torch import save_file


def refused(version: str) -> bool:
    try:
        check_version(version)
    except MultiTalkError as error:
        return "update ComfyUI" in str(error)
    return False


versions = ("0.3.76", "0.15.0", "0.15.1", "0.33.0", "1.0.0")
answers = {version: torch.tensor(refused(version)) for version in versions}
save_file(answers, Path(os.environ["EXCHANGE"]) / "outputs.safetensors")
