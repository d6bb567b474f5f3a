"""Attention backends: Wan's own attention goes through them, localization never does."""

from importlib.util import find_spec

import pytest
import torch
from diffusers.models.attention_dispatch import _AttentionBackendRegistry
from diffusers.models.transformers.transformer_wan import WanAttention

from helpers.tiny_wan import predict, with_adapter
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.attention_backend import (
    DIFFUSERS_NAMES,
    AttentionBackend,
    check_attention,
    use_attention,
)

HALF = torch.bfloat16


def test_another_backend_gives_the_same_film_and_stays_with_its_model(monkeypatch):
    """torch's plain products, by diffusers' own name: the only other backend of every CPU."""
    monkeypatch.setitem(DIFFUSERS_NAMES, AttentionBackend.NATIVE, "_native_math")
    loaded, adapter = with_adapter()
    expected = predict(loaded, adapter)
    others = _AttentionBackendRegistry.get_active_backend()
    use_attention(loaded.transformer, AttentionBackend.NATIVE)
    used = {module.processor._attention_backend for module in loaded.transformer.modules() if is_wan(module)}
    assert used == {"_native_math"} and _AttentionBackendRegistry.get_active_backend() == others
    torch.testing.assert_close(predict(loaded, adapter), expected, rtol=1e-4, atol=1e-4)


def is_wan(module):
    return isinstance(module, WanAttention)


def test_what_cannot_run_is_refused_with_a_sentence():
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    check_attention(AttentionBackend.NATIVE, cpu, torch.float32)
    for backend in (AttentionBackend.CUDNN, AttentionBackend.SAGE):
        with pytest.raises(MultiTalkError, match=f"{backend} needs an NVIDIA GPU, and the device is cpu"):
            check_attention(backend, cpu, HALF)
    with pytest.raises(MultiTalkError, match="flash needs half precision"):
        check_attention(AttentionBackend.FLASH, cuda, torch.float32)
    for backend, package, module in (
        (AttentionBackend.FLASH, "flash-attn", "flash_attn"),
        (AttentionBackend.SAGE, "sageattention", "sageattention"),
        (AttentionBackend.XFORMERS, "xformers", "xformers"),
    ):
        if find_spec(module) is None:
            with pytest.raises(MultiTalkError, match=f"`pip install -U {package}`"):
                check_attention(backend, cuda, HALF)
