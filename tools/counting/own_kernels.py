"""Our operations as the counter sees them: the Triton kernels' launches, or torch's in their place."""

import importlib
from typing import Any

import torch
from torch import Tensor

from multitalk_core.kernels import Way
from tools.counting.launch_counter import LaunchCounter

COLUMNS = 16
GROUPS = 8  # of heads, at most: each writes a part of the sums
TILE = 1024  # tokens whose range one program finds


def localize_by_triton(  # noqa: PLR0917
    counter: LaunchCounter, query: Tensor, key: Tensor, masks: Tensor, way: str
) -> Tensor:
    """Three launches: mask columns, attention, and the groups of heads joined."""
    rows, tokens = query.shape[:2]
    classes, reference = masks.shape[-2:]
    columns = query.new_empty(len(masks), reference, COLUMNS)
    scales = query.new_empty(len(masks), COLUMNS, dtype=torch.float32)
    counter.launch("mask columns", (masks,), (columns, scales))
    sums = query.new_empty(rows, GROUPS, tokens, COLUMNS, dtype=torch.float32)
    counter.launch("localize", (query, key[:, :reference], columns), (sums,))
    similarity = query.new_empty(rows, classes, tokens, dtype=torch.float32)
    counter.launch("join", (sums, scales), (similarity,))
    return similarity


def labels_by_triton(  # noqa: PLR0917
    counter: LaunchCounter, similarity: Tensor, bounds: Tensor, background: float, way: str
) -> Tensor:
    """Two launches: ranges, then labels."""
    rows, _, tokens = similarity.shape
    ranges = similarity.new_empty(rows, 2, -(-tokens // TILE), COLUMNS)
    counter.launch("label ranges", (similarity,), (ranges,))
    labelled = similarity.new_empty(rows, tokens)
    counter.launch("labels", (similarity, ranges, bounds), (labelled,))
    return labelled


def frame_attention_by_triton(  # noqa: PLR0917
    counter: LaunchCounter, query: Tensor, key: Tensor, value: Tensor, *binding: Any, **named: Any
) -> Tensor:
    """One launch: rotation, routing, attention."""
    attended = query.new_empty(query.shape)
    counter.launch("frame attention", (query, key, value, *binding, *named.values()), (attended,))
    return attended


def own_kernels(way: Way) -> dict[Any, Any]:
    """What the counter runs in place of our operations."""
    operations = torch.ops.multitalk
    if way is Way.TRITON:
        return {
            operations.localize.default: localize_by_triton,
            operations.labels.default: labels_by_triton,
            operations.frame_attention.default: frame_attention_by_triton,
        }
    module = _module("localize")
    located = module._sdpa if way is Way.SDPA else module._twin
    labelled = _module("token_labels")._twin
    return {
        operations.localize.default: lambda counter, *given: located(*given[:3]),
        operations.labels.default: lambda counter, *given: labelled(*given[:3]),
    }


def _module(name: str) -> Any:
    """A module of the kernels that a function of the same name hides."""
    return importlib.import_module(f"multitalk_core.kernels.{name}")
