"""Where each person is: mean attention of every token to each class's tokens in the first frame (paper 3.3).

Axes: b rows, t video tokens, r tokens of the first latent frame, k classes (persons, then the background),
h heads, c channels of a head.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from .way import Way, choose, launched

NAME = "localize"
CUDNN = "localize by cuDNN's attention"
FUSED = "localize by torch's attention"
# In float32, heads go through attention in groups, so that copies stay small beside the layer's own.
HEADS_AT_ONCE = 8
COLUMNS = 16  # of masks, as wide as tensor cores want them
EFFICIENT = [SDPBackend.EFFICIENT_ATTENTION]
NARROW = [SDPBackend.CUDNN_ATTENTION, *EFFICIENT]  # take values narrower than keys
CHANNELS = (64, 128)


def localize(query: Tensor, key: Tensor, masks: Tensor, way: Way | None = None) -> Tensor:  # noqa: PLR0917
    """Mean attention of every token to each class's tokens in the first frame (paper 3.3).

    softmax(q·k / sqrt(c)) times the mask columns, each divided by its mask's size, is exactly an attention
    whose values are the masks: one fused call, and no t × r matrix in memory. Never quantised attention,
    which moves labels.

    Parameters
    ----------
    query, key : Tensor [b, t, h, c]
        Of the self-attention, after its norms and 3-D RoPE. The first r keys are the first latent frame's.
    masks : Tensor [b or 1, k, r]
        0 or 1 on the first latent frame. An empty class gets similarity 0.
    way : Way, optional
        The fastest at hand where not given.

    Returns
    -------
    Tensor [b, k, t], float32
    """
    similarity: Tensor = torch.ops.multitalk.localize(query, key, masks, "" if way is None else str(way))
    return similarity


@torch.library.custom_op("multitalk::localize", mutates_args=())
def _localize(query: Tensor, key: Tensor, masks: Tensor, way: str) -> Tensor:  # noqa: PLR0917
    given = query, key, masks
    chosen = Way(way) if way else choose(NAME, query.device, fits(query, masks))
    if chosen is Way.TWIN:
        return _twin(*given)
    if chosen is Way.SDPA:
        return _sdpa(*given) if way else _fused_or_twin(*given)

    def launch() -> Tensor:
        from .compiled.localize_kernel import localize_by_triton

        return localize_by_triton(*given)

    return launch() if way else launched(NAME, launch, instead=lambda: _fused_or_twin(*given))


@_localize.register_fake
def _(query: Tensor, key: Tensor, masks: Tensor, way: str) -> Tensor:  # noqa: PLR0917
    rows, tokens = query.shape[:2]
    return query.new_empty(rows, masks.shape[1], tokens, dtype=torch.float32)


def fits(query: Tensor, masks: Tensor) -> bool:
    """Whether the Triton kernel is written for such inputs: half precision, and a column to spare."""
    half = query.dtype in (torch.bfloat16, torch.float16)
    return half and query.shape[-1] in CHANNELS and masks.shape[1] < COLUMNS


def _twin(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Float32 and torch's own attention."""
    rows, tokens, heads, channels = query.shape
    classes, reference_tokens = masks.shape[-2:]
    # Fused kernels want values as wide as the keys; the columns beyond the classes are not read.
    values = _columns(masks.float(), rows, max(channels, classes))
    similarity = query.new_zeros(rows, tokens, classes, dtype=torch.float32)
    for start in range(0, heads, HEADS_AT_ONCE):
        group = slice(start, start + HEADS_AT_ONCE)
        group_query = query[:, :, group].transpose(1, 2).float()
        group_key = key[:, :reference_tokens, group].transpose(1, 2).float()
        group_values = values.expand(-1, group_query.shape[1], -1, -1)
        attended = F.scaled_dot_product_attention(group_query, group_key, group_values)
        similarity = similarity + attended[..., :classes].sum(dim=1)
    return _means(similarity, masks, heads)


def _sdpa(query: Tensor, key: Tensor, masks: Tensor, *, backends: Sequence[SDPBackend] = NARROW) -> Tensor:
    """The input's own precision; on a GPU as narrow as its fused kernels take it."""
    rows, _, heads, channels = query.shape
    classes, reference_tokens = masks.shape[-2:]
    on_gpu = query.device.type == "cuda"
    # bfloat16 would round the result to 8 bits; queries and keys, which are normalised, fit float16.
    precision = torch.float16 if on_gpu and query.dtype == torch.bfloat16 else query.dtype
    width = COLUMNS * -(-classes // COLUMNS) if on_gpu else max(channels, classes)
    values = _columns(masks.to(precision), rows, width).expand(-1, heads, -1, -1)
    if on_gpu:
        values = values.contiguous()  # 2 MB: not every fused kernel takes one copy for all heads
    query = query.transpose(1, 2).to(precision)
    key = key[:, :reference_tokens].transpose(1, 2).to(precision)
    if on_gpu:
        with sdpa_kernel(list(backends)):
            attended = F.scaled_dot_product_attention(query, key, values)
    else:
        attended = F.scaled_dot_product_attention(query, key, values)
    return _means(attended[..., :classes].sum(dim=1, dtype=torch.float32), masks, heads)


def _fused_or_twin(query: Tensor, key: Tensor, masks: Tensor) -> Tensor:
    """Torch's fused attention, or the twin on GPUs whose fused kernels take no narrow values (AMD's)."""
    given = query, key, masks

    def efficient() -> Tensor:
        return launched(FUSED, lambda: _sdpa(*given, backends=EFFICIENT), instead=lambda: _twin(*given))

    return launched(CUDNN, lambda: _sdpa(*given), instead=efficient)


def _columns(masks: Tensor, rows: int, width: int) -> Tensor:
    """Masks as values of an attention: axes b k r to b 1 r width."""
    columns = F.pad(masks.transpose(1, 2), (0, width - masks.shape[1]))
    return columns[:, None].expand(rows, -1, -1, -1)


def _means(sums: Tensor, masks: Tensor, heads: int) -> Tensor:
    """Axes b t k, summed over heads and each class's tokens, to the means b k t."""
    sizes = masks.sum(dim=-1, dtype=torch.float32).clamp(min=1)
    means = sums.new_empty(sums.shape[0], masks.shape[1], sums.shape[1])
    return torch.div(sums.transpose(1, 2), (sizes * heads)[:, :, None], out=means)
