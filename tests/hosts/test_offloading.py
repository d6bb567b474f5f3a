"""Offloading: the weights lie elsewhere between their turns, and the numbers stay."""

import pytest
import torch

from helpers.tiny_wan import predict, with_adapter
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.offloading import Offload
from multitalk_core.hosts.diffusers.quantization import Quantization
from multitalk_core.hosts.diffusers.wan_transformer import TransformerOptions


@pytest.mark.parametrize("quantization", [Quantization.NONE, Quantization.FP8, Quantization.INT8])
def test_every_offloading_gives_the_same_numbers(quantization):
    if quantization == Quantization.INT8:
        pytest.importorskip("torchao")
    options = TransformerOptions(quantization=quantization)
    expected = predict(*with_adapter(dtype=torch.bfloat16, transformer=options))
    for offload in (Offload.MODEL, Offload.GROUP, Offload.SEQUENTIAL):
        loaded, adapter = with_adapter(dtype=torch.bfloat16, offload=offload, transformer=options)
        assert torch.equal(predict(loaded, adapter), expected), offload
        assert torch.equal(predict(loaded, adapter), expected), f"{offload}, the second time"


def test_the_adapter_goes_with_its_blocks():
    """With group and sequential its layers too have hooks that move them; with model it stays."""
    moved = {}
    for offload in Offload:
        _, adapter = with_adapter(offload=offload)
        layer = adapter.blocks["0"].audio_cross_attn.q_linear
        moved[offload] = hasattr(layer, "_diffusers_hook") or hasattr(layer, "_hf_hook")
    assert moved == {"none": False, "model": False, "group": True, "sequential": True, "shard": False}


def test_an_unknown_offloading_is_refused():
    with pytest.raises(MultiTalkError, match='no offload "disk": choose "none", "model", "group"'):
        with_adapter(offload="disk")
