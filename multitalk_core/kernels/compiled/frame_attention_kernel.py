"""Audio cross-attention of one latent frame by Triton: rotation, routing and all voices in one launch.

Axes: b rows, f latent frames, n video tokens of a latent frame, v voices, a audio tokens of a voice and
latent frame, h heads, c channels of a head.
"""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from .configs import FRAME_ATTENTION, Config
from .launching import FUSED, config_of, on_its_gpu
from .trigonometry import cosine_and_sine

LOG2_E = math.log2(math.e)
LEAST = 16  # keys that tensor cores take


@on_its_gpu
def frame_attention_by_triton(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    query_labels: Tensor | None,
    key_labels: Tensor | None,
    may_attend: Tensor | None,
    summed: bool,
    base: float,
    config: Config | None = None,
) -> Tensor:
    """Attend to a frame's voices; shapes as in `frame_attention`, angles as in `rotate` with its base."""
    rows, tokens, heads, channels = query.shape
    frames, voices, audio_tokens = key.shape[1:4]
    chosen = config or config_of(FRAME_ATTENTION, query.device)
    query, key, value = (each if each.stride(-1) == 1 else each.contiguous() for each in (query, key, value))
    out = query.new_empty(query.shape)
    # Labels go by element, so a missing tensor is any other: the kernel does not read it.
    token_labels = out if query_labels is None else query_labels.float().contiguous()
    voice_labels = out if key_labels is None else key_labels.float().contiguous()
    allowed = out if may_attend is None else may_attend.contiguous().view(torch.uint8)
    per_token = may_attend is not None and may_attend.shape[1] > 1
    own = tokens // frames
    frame_attention_kernel[(triton.cdiv(own, chosen.tokens), frames, rows)](
        query,
        key,
        value,
        out,
        token_labels,
        voice_labels,
        allowed,
        own,
        audio_tokens,
        LOG2_E / math.sqrt(channels),
        math.log2(base) / channels,
        *query.stride()[:3],
        *key.stride()[:5],
        *value.stride()[:5],
        tokens * voices if per_token else voices,
        voices if per_token else 0,
        HEADS=heads,
        CHANNELS=channels,
        TOKENS=chosen.tokens,
        KEYS=max(LEAST, triton.next_power_of_2(audio_tokens)),
        VOICES=voices,
        ROTATED=query_labels is not None,
        KEYS_ROTATED=key_labels is not None,
        ROUTED=may_attend is not None,
        SUMMED=summed,
        num_warps=chosen.warps,
        num_stages=chosen.stages,
        **FUSED,
    )
    return out


@triton.jit
def frame_attention_kernel(
    query,
    key,
    value,
    out,
    token_labels,
    voice_labels,
    allowed,
    frame_tokens,
    audio_tokens,
    scale,
    exponent,
    query_row,
    query_token,
    query_head,
    key_row,
    key_frame,
    key_voice,
    key_token,
    key_head,
    value_row,
    value_frame,
    value_voice,
    value_token,
    value_head,
    allowed_row,
    allowed_token,
    HEADS: tl.constexpr,
    CHANNELS: tl.constexpr,
    TOKENS: tl.constexpr,
    KEYS: tl.constexpr,
    VOICES: tl.constexpr,
    ROTATED: tl.constexpr,
    KEYS_ROTATED: tl.constexpr,
    ROUTED: tl.constexpr,
    SUMMED: tl.constexpr,
):
    """All heads of one tile of a frame's tokens."""
    tile, frame, row = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    place = tile * TOKENS + tl.arange(0, TOKENS)
    own = place < frame_tokens
    all_tokens = tl.num_programs(1) * frame_tokens
    token = frame * frame_tokens + place
    channel = tl.arange(0, CHANNELS)
    audio_token = tl.arange(0, KEYS)
    is_key = audio_token < audio_tokens
    query += row.to(tl.int64) * query_row + token[:, None].to(tl.int64) * query_token + channel[None, :]
    key += row.to(tl.int64) * key_row + frame.to(tl.int64) * key_frame
    key += audio_token[:, None] * key_token + channel[None, :]
    value += row.to(tl.int64) * value_row + frame.to(tl.int64) * value_frame
    value += audio_token[:, None] * value_token + channel[None, :]
    allowed += row.to(tl.int64) * allowed_row + token.to(tl.int64) * allowed_token
    result = (row.to(tl.int64) * all_tokens + token[:, None].to(tl.int64)) * HEADS * CHANNELS
    out += result + channel[None, :]
    # One angle a token and pair of channels, for all heads.
    turn = tl.exp2(tl.arange(0, CHANNELS // 2).to(tl.float32) * (-2 * exponent))
    if ROTATED:
        label = tl.load(token_labels + row.to(tl.int64) * all_tokens + token, mask=own, other=0.0)
        cosine, sine = cosine_and_sine(label[:, None] * turn[None, :])
    for head in range(HEADS):
        queries = tl.load(query + head * query_head, mask=own[:, None], other=0.0)
        if ROTATED:
            even, odd = tl.split(tl.reshape(queries.to(tl.float32), [TOKENS, CHANNELS // 2, 2]))
            even_queries = (even * cosine - odd * sine).to(queries.dtype)
            odd_queries = (odd * cosine + even * sine).to(queries.dtype)
        highest = tl.full([TOKENS], -float("inf"), tl.float32)
        ones = tl.zeros([TOKENS], tl.float32)
        attended = tl.zeros([TOKENS, CHANNELS], tl.float32)
        for voice in range(VOICES):
            keys = tl.load(key + voice * key_voice + head * key_head, mask=is_key[:, None], other=0.0)
            values = tl.load(value + voice * value_voice + head * value_head, mask=is_key[:, None], other=0.0)
            if ROTATED:
                even_keys, odd_keys = tl.split(tl.reshape(keys, [KEYS, CHANNELS // 2, 2]))
                if KEYS_ROTATED:
                    voice_label = tl.load(voice_labels + row * VOICES + voice)
                    key_cosine, key_sine = cosine_and_sine(voice_label * turn)
                    even_key, odd_key = even_keys.to(tl.float32), odd_keys.to(tl.float32)
                    even_keys = (even_key * key_cosine[None, :] - odd_key * key_sine[None, :]).to(keys.dtype)
                    odd_keys = (odd_key * key_cosine[None, :] + even_key * key_sine[None, :]).to(keys.dtype)
                scores = tl.dot(even_queries, tl.trans(even_keys))
                scores = tl.dot(odd_queries, tl.trans(odd_keys), scores) * scale
            else:
                scores = tl.dot(queries, tl.trans(keys)) * scale
            may_attend = is_key[None, :]
            if ROUTED:
                may = tl.load(allowed + voice, mask=own, other=0) != 0
                may_attend = may_attend & may[:, None]
            scores = tl.where(may_attend, scores, -float("inf"))
            if SUMMED:
                highest = tl.max(scores, 1)
                probabilities = tl.exp2(scores - tl.where(highest == -float("inf"), 0.0, highest)[:, None])
                sums = tl.sum(probabilities, 1)
                probabilities = probabilities / tl.where(sums == 0, 1.0, sums)[:, None]
                attended = tl.dot(probabilities.to(values.dtype), values, attended)
            else:
                higher = tl.maximum(highest, tl.max(scores, 1))
                level = tl.where(higher == -float("inf"), 0.0, higher)
                shrink = tl.exp2(highest - level)
                probabilities = tl.exp2(scores - level[:, None])
                ones = ones * shrink + tl.sum(probabilities, 1)
                attended = tl.dot(probabilities.to(values.dtype), values, attended * shrink[:, None])
                highest = higher
        if not SUMMED:
            attended = attended / tl.where(ones == 0, 1.0, ones)[:, None]
        tl.store(out + head * CHANNELS, attended.to(queries.dtype), mask=own[:, None])
