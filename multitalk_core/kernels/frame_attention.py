"""Video tokens attend to the audio tokens of their latent frame, rotated by labels (paper 3.2, 3.3, Eq. 4).

Axes: b rows, f latent frames, n video tokens of a latent frame, v voices, a audio tokens of a voice and
latent frame, h heads, c channels of a head. f·n is one axis: all video tokens, frame by frame.
"""

from contextlib import nullcontext
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from .rotation import BASE, rotate
from .way import Way, choose, launched, only, only_way

NAME = "frame_attention"
CHANNELS = (64, 128)
MOST_KEYS = 256  # of all voices of a frame
MOST_TOKENS = 64  # of one voice, whose keys one program holds at a time


class Attention(Protocol):
    """An attention function of a host, scale 1/sqrt(c)."""

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None) -> Tensor:
        """Attend.

        Parameters
        ----------
        query : Tensor [b, h, n, c]
        key, value : Tensor [b, h, keys, c]
        mask : Tensor [b, 1, n or 1, keys], bool, or None
            True where a query attends to a key.

        Returns
        -------
        Tensor [b, h, n, c]
        """
        ...


def torch_attention(query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None) -> Tensor:
    """Torch's own attention."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def frame_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    query_labels: Tensor | None = None,
    key_labels: Tensor | None = None,
    may_attend: Tensor | None = None,
    summed: bool = False,
    attend: Attention = torch_attention,
    way: Way | None = None,
) -> Tensor:
    """Attend, latent frame by latent frame, to that frame's audio tokens.

    Parameters
    ----------
    query : Tensor [b, f·n, h, c]
    key, value : Tensor [b, f, v, a, h, c]
    query_labels : Tensor [b, f·n], optional
        Rotate the queries.
    key_labels : Tensor [b, v], optional
        Rotate the keys of each voice; with `query_labels`.
    may_attend : Tensor [b, f·n or 1, v], bool, optional
        The voices that a token may attend to; all where not given. A token without any gets 0.
    summed : bool
        One attention for each voice, the results summed, instead of one over all voices.
    attend : callable
        The host's attention, for all ways but Triton's.
    way : Way, optional
        The fastest at hand where not given. The twin computes in float32.

    Returns
    -------
    Tensor [b, f·n, h, c], dtype of `query`
    """
    binding = {"query_labels": query_labels, "key_labels": key_labels, "may_attend": may_attend}
    way = way or only_way()
    if way is Way.TWIN:
        exact = _plain(
            query.float(), key.float(), value.float(), summed=summed, attend=torch_attention, **binding
        )
        return exact.to(query.dtype)
    chosen = way or choose(NAME, query.device, fits(query, key))
    if chosen is not Way.TRITON or _trains(query, key, value):
        return _plain(query, key, value, summed=summed, attend=attend, **binding)
    with nullcontext() if way is None else only(way):
        attended: Tensor = torch.ops.multitalk.frame_attention(query, key, value, summed=summed, **binding)
    return attended


def fits(query: Tensor, key: Tensor) -> bool:
    """Whether the Triton kernel is written for such inputs: half precision, and few keys a frame."""
    half = query.dtype in (torch.bfloat16, torch.float16)
    voices, audio_tokens = key.shape[2:4]
    few = audio_tokens <= MOST_TOKENS and voices * audio_tokens <= MOST_KEYS
    return half and query.shape[-1] in CHANNELS and few


def _trains(*tensors: Tensor) -> bool:
    """Whether gradients are asked for, which Triton's kernel does not compute."""
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


def _plain(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    query_labels: Tensor | None,
    key_labels: Tensor | None,
    may_attend: Tensor | None,
    summed: bool,
    attend: Attention,
) -> Tensor:
    """Rotation and attention in torch, differentiable."""
    frames = key.shape[1]
    if query_labels is not None:
        query = rotate(query, query_labels[:, :, None])
    if key_labels is not None:
        key = rotate(key, key_labels[:, None, :, None, None])
    query = query.unflatten(1, (frames, -1)).flatten(0, 1).transpose(1, 2)  # b·f h n c
    compute = _summed if summed else _together
    attended = compute(query, key, value, may_attend=may_attend, attend=attend)
    attended = attended.transpose(1, 2).unflatten(0, (-1, frames)).flatten(1, 2)  # b f·n h c
    if may_attend is None or may_attend.shape[1] == 1:  # a whole row always has a voice
        return attended
    return attended * may_attend.any(dim=-1)[:, :, None, None]


def _together(
    query: Tensor, key: Tensor, value: Tensor, *, may_attend: Tensor | None, attend: Attention
) -> Tensor:
    """One attention over the tokens of all voices."""
    frames, audio_tokens = key.shape[1], key.shape[3]
    mask = None
    if may_attend is not None:
        if may_attend.shape[1] > 1:
            # A token without voices keeps all keys here, and its result is dropped at the end.
            may_attend = may_attend | ~may_attend.any(dim=-1, keepdim=True)
        mask = may_attend.repeat_interleave(audio_tokens, dim=-1)  # b f·n v·a, or b 1 v·a
        mask = mask.unflatten(1, (frames, -1)) if mask.shape[1] > 1 else mask[:, None]  # b f n v·a
        mask = mask.expand(-1, frames, -1, -1).flatten(0, 1)[:, None]  # b·f 1 n v·a
    return attend(query, _as_keys(key.flatten(2, 3)), _as_keys(value.flatten(2, 3)), mask=mask)


def _summed(
    query: Tensor, key: Tensor, value: Tensor, *, may_attend: Tensor | None, attend: Attention
) -> Tensor:
    """One attention for each voice, summed; a voice that a row may not attend to adds nothing."""
    frames = key.shape[1]
    total = None
    for voice in range(key.shape[2]):
        attended = attend(query, _as_keys(key[:, :, voice]), _as_keys(value[:, :, voice]), mask=None)
        if may_attend is not None:
            allowed = may_attend[:, :, voice]
            allowed = (
                allowed.unflatten(1, (frames, -1)) if allowed.shape[1] > 1 else allowed[:, None]
            )  # b f n
            attended = attended * allowed.expand(-1, frames, -1).flatten(0, 1)[:, None, :, None]
        total = attended if total is None else total + attended
    assert total is not None  # there is always a voice
    return total


def _as_keys(tokens: Tensor) -> Tensor:
    """Axes b f keys h c to b·f h keys c."""
    return tokens.flatten(0, 1).transpose(1, 2)


@torch.library.custom_op("multitalk::frame_attention", mutates_args=())
def _frame_attention(  # noqa: PLR0917
    query: Tensor,
    key: Tensor,
    value: Tensor,
    query_labels: Tensor | None,
    key_labels: Tensor | None,
    may_attend: Tensor | None,
    summed: bool,
) -> Tensor:
    binding: dict[str, Any] = {"query_labels": query_labels, "key_labels": key_labels}
    binding["may_attend"] = may_attend

    def launch() -> Tensor:
        from .compiled.frame_attention_kernel import frame_attention_by_triton

        return frame_attention_by_triton(query, key, value, summed=summed, base=BASE, **binding)

    def plain() -> Tensor:
        return _plain(query, key, value, summed=summed, attend=torch_attention, **binding)

    return launched(NAME, launch, instead=plain)


@_frame_attention.register_fake
def _(  # noqa: PLR0917
    query: Tensor,
    key: Tensor,
    value: Tensor,
    query_labels: Tensor | None,
    key_labels: Tensor | None,
    may_attend: Tensor | None,
    summed: bool,
) -> Tensor:
    return query.new_empty(query.shape)
