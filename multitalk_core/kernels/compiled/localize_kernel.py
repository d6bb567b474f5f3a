"""Localization by Triton: attention whose values are mask columns, its heads added in registers (paper 3.3).

Axes: b rows, t video tokens, r tokens of the first latent frame, k classes, h heads, g groups of heads,
c channels of a head.
"""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from .configs import LOCALIZE, Config
from .launching import FUSED, config_of, on_its_gpu

COLUMNS = 16  # tensor cores take no fewer; the last one is of ones and sums the probabilities
PREPARED = 1024  # reference tokens that the program of a column takes at a time
JOINED = 256  # tokens of one program that joins groups
LOG2_E = math.log2(math.e)


@on_its_gpu
def localize_by_triton(query: Tensor, key: Tensor, masks: Tensor, *, config: Config | None = None) -> Tensor:
    """Mean attention to each class; shapes as in `localize`, with fewer than 16 classes."""
    rows, tokens, heads, channels = query.shape
    classes, reference_tokens = masks.shape[-2:]
    chosen = config or config_of(LOCALIZE, query.device)
    tiles = triton.cdiv(tokens, chosen.tokens)
    groups = groups_of(heads, tiles * rows, query.device)
    columns, scales = columns_and_scales(masks, heads, query.dtype)
    sums = query.new_empty(rows, groups, tokens, COLUMNS, dtype=torch.float32)
    query, key = (each if each.stride(-1) == 1 else each.contiguous() for each in (query, key))
    localize_kernel[(tiles, groups, rows)](
        query,
        key,
        columns,
        sums,
        tokens,
        reference_tokens,
        LOG2_E / math.sqrt(channels),
        *query.stride()[:3],
        *key.stride()[:3],
        columns.stride(0) if len(masks) > 1 else 0,
        HEADS=heads // groups,
        CHANNELS=channels,
        TOKENS=chosen.tokens,
        KEYS=chosen.keys,
        COLUMNS=COLUMNS,
        num_warps=chosen.warps,
        num_stages=chosen.stages,
        **FUSED,
    )
    similarity = query.new_empty(rows, classes, tokens, dtype=torch.float32)
    join_kernel[(triton.cdiv(tokens, JOINED), rows)](
        sums,
        scales,
        similarity,
        tokens,
        groups,
        classes,
        COLUMNS if len(masks) > 1 else 0,
        TOKENS=JOINED,
        COLUMNS=COLUMNS,
        num_warps=4,
        **FUSED,
    )
    return similarity


def columns_and_scales(masks: Tensor, heads: int, precision: torch.dtype) -> tuple[Tensor, Tensor]:
    """Values of the attention, b k r to b r columns, and what turns their sums into means."""
    rows, classes, reference_tokens = masks.shape
    if masks.dtype == torch.bool:
        masks = masks.view(torch.uint8)
    columns = masks.new_empty(rows, reference_tokens, COLUMNS, dtype=precision)
    scales = masks.new_empty(rows, COLUMNS, dtype=torch.float32)
    columns_kernel[(COLUMNS, rows)](
        masks,
        columns,
        scales,
        reference_tokens,
        classes,
        heads,
        *masks.stride(),
        KEYS=PREPARED,
        COLUMNS=COLUMNS,
        num_warps=4,
        **FUSED,
    )
    return columns, scales


def groups_of(heads: int, tiles: int, device: torch.device) -> int:
    """Into how many groups heads are divided, so that the last wave of programs fills the GPU best."""
    processors = (
        1 if device.type != "cuda" else torch.cuda.get_device_properties(device).multi_processor_count
    )
    choices = [groups for groups in range(1, min(heads, 8) + 1) if heads % groups == 0]
    return max(choices, key=lambda groups: (round(_filled(groups * tiles, processors), 2), -groups))


def _filled(programs: int, processors: int) -> float:
    """Share of the processors' waves that does work."""
    return programs / (processors * math.ceil(programs / processors))


@triton.jit
def columns_kernel(
    masks,
    columns,
    scales,
    reference_tokens,
    classes,
    heads,
    masks_row,
    masks_class,
    masks_token,
    KEYS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """One column: a class's mask and 1 / (its size * heads), zeros, or the ones of the last."""
    column, row = tl.program_id(0), tl.program_id(1)
    marked = tl.where(column < classes, reference_tokens, 0)
    sizes = tl.zeros([KEYS], tl.float32)
    for start in range(0, reference_tokens, KEYS):
        place = start + tl.arange(0, KEYS)
        mask = masks + row * masks_row + column * masks_class + place * masks_token
        value = tl.load(mask, mask=place < marked, other=0).to(tl.float32)
        sizes += value
        value = tl.where(column == COLUMNS - 1, 1.0, value)
        target = columns + (row * reference_tokens + place) * COLUMNS + column
        tl.store(target, value.to(columns.dtype.element_ty), mask=place < reference_tokens)
    tl.store(scales + row * COLUMNS + column, 1 / (tl.maximum(tl.sum(sizes, 0), 1.0) * heads))


@triton.jit
def localize_kernel(
    query,
    key,
    columns,
    sums,
    tokens,
    reference_tokens,
    scale,
    query_row,
    query_token,
    query_head,
    key_row,
    key_token,
    key_head,
    columns_row,
    HEADS: tl.constexpr,
    CHANNELS: tl.constexpr,
    TOKENS: tl.constexpr,
    KEYS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """Sum over a group's heads of softmax(q·k) times the mask columns, for one tile of tokens."""
    tile, group, row = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    token = tile * TOKENS + tl.arange(0, TOKENS)
    channel = tl.arange(0, CHANNELS)
    column = tl.arange(0, COLUMNS)
    own = token < tokens
    query += row.to(tl.int64) * query_row + token[:, None].to(tl.int64) * query_token + channel[None, :]
    key += row.to(tl.int64) * key_row
    columns += row.to(tl.int64) * columns_row
    total = tl.zeros([TOKENS, COLUMNS], tl.float32)
    for head in range(HEADS):
        index = (group * HEADS + head).to(tl.int64)
        queries = tl.load(query + index * query_head, mask=own[:, None], other=0.0)
        highest = tl.full([TOKENS], -float("inf"), tl.float32)
        attended = tl.zeros([TOKENS, COLUMNS], tl.float32)
        for start in range(0, reference_tokens, KEYS):
            place = start + tl.arange(0, KEYS)
            inside = place < reference_tokens
            keys = tl.load(
                key + index * key_head + place[None, :].to(tl.int64) * key_token + channel[:, None],
                mask=inside[None, :],
                other=0.0,
            )
            values = tl.load(
                columns + place[:, None] * COLUMNS + column[None, :], mask=inside[:, None], other=0.0
            )
            scores = tl.dot(queries, keys) * scale
            scores = tl.where(inside[None, :], scores, -float("inf"))
            higher = tl.maximum(highest, tl.max(scores, 1))
            shrink = tl.exp2(highest - higher)
            probabilities = tl.exp2(scores - higher[:, None])
            attended = tl.dot(probabilities.to(values.dtype), values, attended * shrink[:, None])
            highest = higher
        ones = tl.sum(tl.where(column[None, :] == COLUMNS - 1, attended, 0.0), 1)
        total += attended / ones[:, None]
    place = (row * tl.num_programs(1) + group).to(tl.int64) * tokens + token
    tl.store(sums + place[:, None] * COLUMNS + column[None, :], total, mask=own[:, None])


@triton.jit
def join_kernel(
    sums,
    scales,
    similarity,
    tokens,
    groups,
    classes,
    scales_row,
    TOKENS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """Add the groups of heads, b g t columns to b k t, and scale each class."""
    tile, row = tl.program_id(0), tl.program_id(1)
    token = tile * TOKENS + tl.arange(0, TOKENS)
    column = tl.arange(0, COLUMNS)
    own = token < tokens
    total = tl.zeros([TOKENS, COLUMNS], tl.float32)
    for group in range(groups):
        place = (row * groups + group).to(tl.int64) * tokens + token
        total += tl.load(sums + place[:, None] * COLUMNS + column[None, :], mask=own[:, None], other=0.0)
    scale = tl.load(scales + row * scales_row + column, mask=column < classes, other=0.0)
    place = (row * classes + column[None, :]).to(tl.int64) * tokens + token[:, None]
    tl.store(similarity + place, total * scale[None, :], mask=own[:, None] & (column[None, :] < classes))
