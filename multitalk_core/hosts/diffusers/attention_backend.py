"""The attention of Wan's own blocks. Localization and the audio layers have kernels of their own."""

from typing import TYPE_CHECKING

import torch

from ...errors import MultiTalkError
from ...guards.words import Word

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel


class AttentionBackend(Word):
    """What computes the attention: torch's choice, cuDNN through torch, or a package."""

    NATIVE = "native"
    CUDNN = "cudnn"
    FLASH = "flash"
    SAGE = "sage"
    XFORMERS = "xformers"


DIFFUSERS_NAMES = {AttentionBackend.CUDNN: "_native_cudnn"}  # where they differ
PACKAGES = {
    AttentionBackend.FLASH: "flash-attn",
    AttentionBackend.SAGE: "sageattention",
    AttentionBackend.XFORMERS: "xformers",
}


def diffusers_name(backend: AttentionBackend) -> str:
    """What diffusers calls it."""
    return DIFFUSERS_NAMES.get(backend, str(backend))


def check_attention(backend: AttentionBackend, device: torch.device, dtype: torch.dtype) -> None:
    """Refuse a backend that cannot run on this device, in this precision, or without its package.

    Raises
    ------
    MultiTalkError
    """
    from diffusers.models.attention_dispatch import attention_backend

    if backend == AttentionBackend.NATIVE:
        return
    if device.type != "cuda":
        raise MultiTalkError(
            f"The attention {backend} needs an NVIDIA GPU, and the device is {device}: choose native."
        )
    if dtype == torch.float32:
        raise MultiTalkError(
            f"The attention {backend} needs half precision: choose bfloat16 or float16, or native."
        )
    try:
        with attention_backend(diffusers_name(backend)):
            pass
    except RuntimeError as error:
        package = PACKAGES.get(backend, "torch")
        raise MultiTalkError(
            f"The attention {backend} needs the package {package}, which is missing or too old: install it "
            f"with `pip install -U {package}`, or choose native."
        ) from error


def use_attention(transformer: "WanTransformer3DModel", backend: AttentionBackend) -> None:
    """Compute this transformer's attention by this backend from now on."""
    from diffusers.models.attention_dispatch import attention_backend

    name = diffusers_name(backend)
    # set_attention_backend also changes what all other models of the process use: this puts it back
    with attention_backend(name):
        transformer.set_attention_backend(name)
