"""A part of a clip's tokens, as one of several processes computes it."""

import torch

from multitalk_core.method.adapter import AudioAdapter
from multitalk_core.method.adapter_shape import AdapterShape
from multitalk_core.method.audio_patch import AudioPatch, BindingOptions, audio_rows
from multitalk_core.method.shard import TokenShard
from multitalk_core.method.wan import Grid

GRID = Grid(4, 2, 3)


def test_the_audio_layer_rounds_a_part_as_it_rounds_the_whole():
    """In bfloat16 a product of strided voices would be rounded once more, before its bias is added."""
    torch.manual_seed(0)
    shape = AdapterShape((0,), 32, 16, context_tokens=4, intermediate=16, window=5, feature_size=8)
    adapter = AudioAdapter(shape, 2, dtype=torch.bfloat16).eval()
    masks = torch.arange(2)[:, None] == torch.arange(GRID.tokens_per_frame) % 2
    windows = torch.randn(2, GRID.video_size[0], 5, 1, 8, dtype=torch.bfloat16)
    query, key = torch.randn(2, 2, GRID.tokens, 2, 16)
    hidden = torch.randn(2, GRID.tokens, 32, dtype=torch.bfloat16)
    strided = []
    kv_linear = adapter.blocks["0"].audio_cross_attn.kv_linear
    kv_linear.register_forward_pre_hook(lambda module, inputs: strided.append(not inputs[0].is_contiguous()))
    block = AudioPatch(adapter, BindingOptions(scheme="l-rope")).block(0)
    with torch.no_grad():
        rows = audio_rows(adapter.voice_tokens(windows), masks.float(), [True, False])
        binding = block.after_self_attention(query, key, rows=rows, grid=GRID)
        whole = block.after_text_attention(hidden, rows=rows, grid=GRID, binding=binding)
        for first in (0, GRID.tokens // 2):
            part = slice(first, first + GRID.tokens // 2)
            shard = TokenShard(grid=GRID, first=first, count=GRID.tokens // 2, gather=lambda each, dim: each)
            added = block.after_text_attention(
                hidden[:, part], rows=rows, grid=GRID, binding=binding, shard=shard
            )
            torch.testing.assert_close(added, whole[:, part], atol=2e-2, rtol=2e-2)
    assert not any(strided)
