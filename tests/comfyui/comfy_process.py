"""Scripts run by ComfyUI's own interpreter; they exchange tensors in safetensors files."""

import subprocess
from pathlib import Path

import pytest
from comfy_server import find_comfyui
from safetensors.torch import load_file, save_file
from torch import Tensor

SCRIPTS = Path(__file__).parent / "process"


def run_in_comfyui(
    script: str, folder: Path, tensors: dict[str, Tensor], *arguments: str
) -> dict[str, Tensor]:
    """Run process/<script>.py in ComfyUI's folder.

    Parameters
    ----------
    script : str
    folder : Path
        The script reads inputs.safetensors there and writes outputs.safetensors; its path is in the
        environment as EXCHANGE.
    tensors : dict of Tensor
        The inputs.
    arguments : str
        ComfyUI's own, such as "--use-pytorch-cross-attention".

    Returns
    -------
    dict of Tensor
        The outputs.
    """
    found = find_comfyui()
    if found is None:
        pytest.skip("no ComfyUI here: set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI")
    comfyui, python = found
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "inputs.safetensors")
    finished = subprocess.run(
        [python, SCRIPTS / "loading.py", SCRIPTS / f"{script}.py", *arguments],
        cwd=comfyui,
        env={
            "EXCHANGE": str(folder),
            "PATH": "/usr/bin:/bin",
            "HOME": str(Path.home()),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr[-6000:]
    return load_file(folder / "outputs.safetensors")
