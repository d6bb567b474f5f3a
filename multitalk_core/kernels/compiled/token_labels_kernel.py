"""Labels of tokens by Triton: range, largest class and scaling in two launches (paper 3.3)."""

import triton
import triton.language as tl
from torch import Tensor

from .launching import FUSED, on_its_gpu

CLASSES = 16
TOKENS = 1024  # of one program


@on_its_gpu
def labels_by_triton(similarity: Tensor, bounds: Tensor, background: float) -> Tensor:
    """Labels of tokens; shapes as in `labels`, with at most 16 classes."""
    similarity = similarity.contiguous()
    rows, classes, tokens = similarity.shape
    tiles = triton.cdiv(tokens, TOKENS)
    ranges = similarity.new_empty(rows, 2, tiles, CLASSES)
    range_kernel[(tiles, rows)](
        similarity, ranges, tokens, classes, TOKENS=TOKENS, CLASSES=CLASSES, num_warps=4, **FUSED
    )
    labelled = similarity.new_empty(rows, tokens)
    labels_kernel[(tiles, rows)](
        similarity,
        ranges,
        bounds.contiguous(),
        labelled,
        background,
        tokens,
        classes,
        tiles,
        TOKENS=TOKENS,
        CLASSES=CLASSES,
        TILES=triton.next_power_of_2(tiles),
        num_warps=4,
        **FUSED,
    )
    return labelled


@triton.jit
def range_kernel(similarity, ranges, tokens, classes, TOKENS: tl.constexpr, CLASSES: tl.constexpr):
    """Lowest and highest similarity of each class in one tile."""
    tile, row, tiles = tl.program_id(0), tl.program_id(1), tl.num_programs(0)
    token = tile * TOKENS + tl.arange(0, TOKENS)
    class_ = tl.arange(0, CLASSES)
    own = (class_[:, None] < classes) & (token[None, :] < tokens)
    values = similarity + (row * classes + class_[:, None]).to(tl.int64) * tokens + token[None, :]
    lowest = tl.min(tl.load(values, mask=own, other=float("inf")), 1)
    highest = tl.max(tl.load(values, mask=own, other=-float("inf")), 1)
    tl.store(ranges + (2 * row * tiles + tile) * CLASSES + class_, lowest)
    tl.store(ranges + ((2 * row + 1) * tiles + tile) * CLASSES + class_, highest)


@triton.jit
def labels_kernel(
    similarity,
    ranges,
    bounds,
    labelled,
    background,
    tokens,
    classes,
    tiles,
    TOKENS: tl.constexpr,
    CLASSES: tl.constexpr,
    TILES: tl.constexpr,
):
    """Label of each token of one tile."""
    tile, row = tl.program_id(0), tl.program_id(1)
    token = tile * TOKENS + tl.arange(0, TOKENS)
    own = token < tokens
    each = tl.arange(0, TILES)
    best = tl.full([TOKENS], -float("inf"), tl.float32)
    label = tl.zeros([TOKENS], tl.float32) + background
    for person in range(classes):
        place = similarity + (row * classes + person).to(tl.int64) * tokens + token
        value = tl.load(place, mask=own, other=0.0)
        lowest = tl.load(
            ranges + (2 * row * tiles + each) * CLASSES + person, mask=each < tiles, other=float("inf")
        )
        highest = tl.load(
            ranges + ((2 * row + 1) * tiles + each) * CLASSES + person, mask=each < tiles, other=-float("inf")
        )
        low, high = tl.min(lowest, 0), tl.max(highest, 0)
        is_person = person < classes - 1
        first = tl.load(bounds + 2 * person, mask=is_person, other=0.0)
        last = tl.load(bounds + 2 * person + 1, mask=is_person, other=0.0)
        own_label = (value - low) / (high - low + 1e-8) * (last - first) + first
        own_label = tl.where(is_person, own_label, background)
        better = value > best  # the first of equals, as argmax has it
        label = tl.where(better, own_label, label)
        best = tl.maximum(best, value)
    tl.store(labelled + row.to(tl.int64) * tokens + token, label, mask=own)
