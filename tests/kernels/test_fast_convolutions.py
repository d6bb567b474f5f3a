"""3-D convolutions in oneDNN: the same numbers, at a fraction of the memory."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from multitalk_core.kernels.fast_convolutions import FastConvolutions

LAYERS = [
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": (1, 3, 3), "padding": (0, 1, 1)},
    {"kernel_size": (3, 1, 1), "stride": (2, 1, 1)},
    {"kernel_size": 1, "bias": False},
    {"kernel_size": 3, "dilation": 2, "groups": 4},
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": 3, "padding": 1, "padding_mode": "replicate"},
]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_layer_computes_the_same(layer, dtype):
    torch.manual_seed(0)
    convolution = nn.Conv3d(8, 16, **layer).to(dtype)
    for shape in [(1, 8, 6, 12, 18), (2, 8, 5, 9, 7), (8, 6, 12, 18)]:
        video = torch.randn(shape, dtype=dtype)
        plain = convolution(video)
        with FastConvolutions():
            fast = convolution(video)
        assert fast.dtype == plain.dtype
        assert_close(fast, plain, atol=1e-5, rtol=1e-5)


def test_gradients_are_the_same():
    torch.manual_seed(0)
    convolution, video = nn.Conv3d(4, 8, 3, padding=1), torch.randn(1, 4, 5, 12, 18, requires_grad=True)
    plain = torch.autograd.grad(convolution(video).square().sum(), [video, *convolution.parameters()])
    with FastConvolutions():
        loss = convolution(video).square().sum()
    fast = torch.autograd.grad(loss, [video, *convolution.parameters()])
    assert_close(fast, plain, atol=1e-3, rtol=1e-4)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs a torch with oneDNN")
def test_a_small_video_is_not_copied_27_times():
    video, convolution = torch.randn(1, 16, 6, 98, 146), nn.Conv3d(16, 16, 3).requires_grad_(False)

    def allocated() -> int:
        with torch.profiler.profile(profile_memory=True) as profiler:
            convolution(video)
        return max(event.self_cpu_memory_usage for event in profiler.key_averages())

    with FastConvolutions():
        fast = allocated()
    assert fast < 3 * video.nbytes
    assert allocated() > 5 * fast
