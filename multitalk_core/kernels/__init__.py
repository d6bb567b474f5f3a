"""The heavy steps for GPUs (where persons are, labels of tokens, audio cross-attention) and a VAE's for CPUs.

Those for GPUs are computed in one of several ways; `way.choose` picks the fastest at hand, and
MULTITALK_KERNELS=off, sdpa or triton limits it. The Triton kernels and the table of their launches lie in
`compiled/`. `fast_convolutions` has one way, for float32 on a CPU alone.
"""

from .frame_attention import frame_attention
from .localize import localize
from .token_labels import labels
from .way import Way

__all__ = ["Way", "frame_attention", "labels", "localize"]
