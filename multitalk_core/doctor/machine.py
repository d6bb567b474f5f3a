"""The machine: libraries, memory, the GPU, and the environment variables that matter."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import torch

from ..guards.memory import GIGABYTE, clip_bytes, machine_bytes
from .checkup import Check
from .report_line import failed, passed, warned

LIBRARIES = ("numpy", "safetensors", "av", "Pillow", "psutil")
OWN_VARIABLES = "MULTITALK_"
VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_ALLOC_CONF",
    "TORCHDYNAMO_DISABLE",
    "NVIDIA_TF32_OVERRIDE",
    "DIFFUSERS_ATTN_BACKEND",
    "HF_HUB_OFFLINE",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
)
INTERPRETER = "TRITON_INTERPRET"
BFLOAT16, FP8 = (8, 0), (8, 9)  # compute capabilities from which GPUs have them
DRIVER_SECONDS = 10
CLIP_FRAMES = 81  # what Wan was trained on


def versions(programs: Mapping[str, str], needed: Sequence[str]) -> Check[None]:
    """Versions of Python, programs and libraries.

    Parameters
    ----------
    programs : mapping of str to str
        Versions of what the doctor belongs to, and runs in.
    needed : sequence of str
        Libraries that this host needs besides LIBRARIES.
    """
    own = ", ".join(f"{name} {number}" for name, number in programs.items())
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    yield passed(f"{own} on Python {platform.python_version()} ({system}).")
    backend = "no GPU"
    if torch.version.cuda:
        backend = f"CUDA {torch.version.cuda}"
    if torch.version.hip:
        backend = f"ROCm {torch.version.hip}"
    yield passed(f"torch {torch.__version__} is built for {backend}.")
    present = {name: _version(name) for name in (*LIBRARIES, *needed, "triton")}
    known = ", ".join(f"{name} {number}" for name, number in present.items() if number)
    yield passed(f"Libraries are installed: {known}.")
    for name in (*LIBRARIES, *needed):
        if present[name] is None:
            yield failed(f"{name} is not installed: install the requirements of MultiTalk again.")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def environment() -> Check[None]:
    """The environment variables that change how films are made."""
    names = [name for name in sorted(os.environ) if name in VARIABLES or name.startswith(OWN_VARIABLES)]
    values = ", ".join(f"{name}={os.environ[name]}" for name in names)
    yield passed(f"The environment sets {values}." if names else "No environment variable changes a film.")
    if os.environ.get(INTERPRETER, "0") != "0":
        yield warned(
            f"{INTERPRETER} is set, so that Triton's kernels run in its slow interpreter: unset it, and "
            "start again."
        )


def gpu(device: torch.device, *, miniature: bool) -> Check[None]:
    """The device that computes.

    Parameters
    ----------
    device : torch.device
    miniature : bool
        Whether the model is small enough for a CPU.
    """
    driver = _driver()
    if device.type == "cuda":
        yield from _cuda(device, driver)
        return
    yield passed(f"Films are computed on the device {device}, which has no kernels of ours and needs none.")
    if driver and not torch.cuda.is_available():
        yield warned(
            f"There is an NVIDIA GPU (driver {driver}), but this torch cannot use it: install the torch that "
            "pytorch.org names for CUDA."
        )
    if device.type == "cpu" and not miniature:
        yield warned(
            "A real model on a CPU takes hours for seconds of film: use a machine with a GPU of 24 GB, or "
            "the device cuda if there is one."
        )


def _cuda(device: torch.device, driver: str | None) -> Check[None]:
    properties = torch.cuda.get_device_properties(device)
    capability = (properties.major, properties.minor)
    nvidia = torch.version.hip is None
    kind = f"capability {properties.major}.{properties.minor}" if nvidia else "an AMD GPU"
    yield passed(
        f"The GPU is {properties.name}, {kind}, {properties.total_memory / GIGABYTE:.1f} GB, driver "
        f"{driver or 'unknown'}."
    )
    if not nvidia:
        return
    if capability >= BFLOAT16:
        fp8 = (
            "computes fp8"
            if capability >= FP8
            else "has no fp8 (fp8 weights work, and are computed in bfloat16)"
        )
        yield passed(f"It computes bfloat16 and {fp8}.")
    else:
        yield warned(
            "It computes bfloat16 slowly, since it is older than compute capability 8.0: use float16 "
            "(--dtype float16), and look for black frames."
        )


def _driver() -> str | None:
    """The version of NVIDIA's driver; None where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    command = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=DRIVER_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip().partition("\n")[0] or None


def memory(device: torch.device, *, weights: int, size: tuple[int, int], way_out: str) -> Check[None]:
    """Free memory against what a usual clip needs.

    Parameters
    ----------
    device : torch.device
    weights : int
        Bytes of all models' weights as they are stored.
    size : (height, width)
        Of the film in pixels.
    way_out : str
        What to do about too little GPU memory.
    """
    import psutil

    height, width = size
    free, total = psutil.virtual_memory().available, machine_bytes()
    frames = clip_bytes(CLIP_FRAMES, height, width)
    yield passed(
        f"{min(free, total) / GIGABYTE:.1f} of {total / GIGABYTE:.1f} GB of main memory are free; the "
        f"weights take {weights / GIGABYTE:.1f} GB as stored, and {CLIP_FRAMES} frames of {width}×{height} "
        f"{frames / GIGABYTE:.1f} GB."
    )
    if weights + frames > free:
        yield warned(
            "That is more than is free in main memory: close other programs, or use fp8 or quantised "
            "weights, else loading may end or swap."
        )
    if device.type != "cuda":
        return
    free, total = torch.cuda.mem_get_info(device)
    yield passed(f"{free / GIGABYTE:.1f} of {total / GIGABYTE:.1f} GB of GPU memory are free.")
    if weights > free:
        yield warned(f"The weights do not fit into it at once: {way_out}.")
