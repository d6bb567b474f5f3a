"""The diffusers host: gives a WanTransformer3DModel the audio layers and takes them away again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers import WanTransformer3DModel
from diffusers.models.attention_dispatch import dispatch_attention_fn
from diffusers.models.transformers.transformer_wan import WanAttention, WanAttnProcessor, WanTransformerBlock
from torch import Tensor

from ...method.audio_patch import AudioPatch, AudioRows, BlockPatch
from ...method.binding import Binding
from ...method.shard import TokenShard
from ...method.wan import Grid
from .context_parallel import token_shard


class WanHost:
    """Hands a WanTransformer3DModel's queries, keys and hidden states to an AudioPatch.

    The model is patched from construction to `remove()`. Between `conditioned(rows)` and its end a forward
    pass has audio; otherwise it is the plain Wan model.

    Parameters
    ----------
    transformer : WanTransformer3DModel
    patch : AudioPatch
    """

    def __init__(self, transformer: WanTransformer3DModel, patch: AudioPatch):
        self.patch = patch
        self.rows: AudioRows | None = None
        self.grid: Grid | None = None
        self.shard: TokenShard | None = None
        timesteps = transformer.condition_embedder.timesteps_proj
        self._handles = [
            transformer.register_forward_pre_hook(self._note_grid, with_kwargs=True),
            timesteps.register_forward_hook(embed_timesteps),
        ]
        self._processors: list[tuple[WanAttention, WanAttnProcessor]] = []
        self.blocks = [
            self._patched(block, audio)
            for index, block in enumerate(transformer.blocks)
            if (audio := patch.block(index)) is not None
        ]

    def _patched(self, block: WanTransformerBlock, audio: BlockPatch) -> "PatchedBlock":
        patched = PatchedBlock(self, audio)
        self._processors.append((block.attn1, block.attn1.processor))
        block.attn1.processor = LocatingProcessor(patched, block.attn1.processor)
        self._handles.append(block.norm2.register_forward_pre_hook(patched.note_hidden))
        self._handles.append(block.attn2.register_forward_hook(patched.add_audio))
        return patched

    def remove(self) -> None:
        """Leave the model as it was found."""
        for handle in self._handles:
            handle.remove()
        for attention, processor in self._processors:
            attention.processor = processor
        self.blocks.clear()  # each knows this host: a circle would keep all of it in memory

    @contextmanager
    def conditioned(self, rows: AudioRows) -> Iterator[None]:
        """Condition forward passes, and backward passes with gradient checkpointing, on `rows`."""
        self.rows = rows
        try:
            yield
        finally:
            self.rows = None
            for block in self.blocks:
                block.forget()  # what an interrupted pass has left

    def _note_grid(self, transformer: WanTransformer3DModel, args: tuple, kwargs: dict[str, Any]) -> None:
        latent = args[0] if args else kwargs["hidden_states"]
        self.grid = Grid.of_latent(latent)
        self.shard = token_shard(transformer, self.grid)


class PatchedBlock:
    """One DiT block with an audio layer, and what it carries from one hook to the next.

    Blocks differ in no number and no key, so that torch.compile takes one graph for all of them.
    """

    def __init__(self, host: WanHost, audio: BlockPatch):
        self.host = host
        self.audio = audio
        self.binding: Binding | None = None
        self.before_text: Tensor | None = None

    def locate(self, query: Tensor, key: Tensor) -> None:
        """Take the self-attention's queries and keys."""
        rows, grid = self.host.rows, self.host.grid
        if rows is not None and grid is not None:
            self.binding = self.audio.after_self_attention(
                query, key, rows=rows, grid=grid, shard=self.host.shard
            )

    def note_hidden(self, norm: torch.nn.Module, args: tuple[Tensor]) -> None:
        """Take the hidden states before text attention's norm."""
        if self.binding is not None:
            self.before_text = args[0]

    def add_audio(self, attention: WanAttention, args: tuple, attended: Tensor) -> Tensor:
        """Text attention's output, with what the audio layer adds to the hidden states after it."""
        rows, grid, binding, before = self.host.rows, self.host.grid, self.binding, self.before_text
        if rows is None or grid is None or binding is None or before is None:
            return attended
        self.forget()
        hidden = before.type_as(attended) + attended
        return attended + self.audio.after_text_attention(
            hidden, rows=rows, grid=grid, binding=binding, shard=self.host.shard
        )

    def forget(self) -> None:
        """Drop what is carried."""
        self.binding = self.before_text = None


class LocatingProcessor(WanAttnProcessor):
    """Wan's self-attention, which hands its queries and keys to the patch."""

    def __init__(self, block: PatchedBlock, original: WanAttnProcessor):
        super().__init__()
        self.block = block
        self._attention_backend = original._attention_backend
        self._parallel_config = original._parallel_config

    def __call__(  # noqa: PLR0917
        self,
        attn: WanAttention,
        hidden_states: Tensor,
        encoder_hidden_states: None,
        attention_mask: None,
        rotary_emb: tuple[Tensor, Tensor],
    ) -> Tensor:
        """Attend within `hidden_states` [rows, tokens, width]; same shape out."""
        if attn.fused_projections:
            query, key, value = attn.to_qkv(hidden_states).chunk(3, dim=-1)
        else:
            query, key, value = attn.to_q(hidden_states), attn.to_k(hidden_states), attn.to_v(hidden_states)
        query = rotate_by_position(attn.norm_q(query).unflatten(-1, (attn.heads, -1)), *rotary_emb)
        key = rotate_by_position(attn.norm_k(key).unflatten(-1, (attn.heads, -1)), *rotary_emb)
        value = value.unflatten(-1, (attn.heads, -1))
        self.block.locate(query, key)
        attended = dispatch_attention_fn(
            query, key, value, backend=self._attention_backend, parallel_config=self._parallel_config
        )
        return attn.to_out[1](attn.to_out[0](attended.flatten(2).type_as(query)))


def embed_timesteps(module: torch.nn.Module, args: tuple[Tensor], embedded: Tensor) -> Tensor:
    """Embed timesteps by sinusoids in float64, as the reference implementation does (diffusers: float32)."""
    half = embedded.shape[-1] // 2
    exponents = torch.arange(half, dtype=torch.float64) / half  # on the CPU: Apple's GPUs have no float64
    angles = args[0].cpu().double()[:, None] * 10000.0**-exponents
    return torch.cat([angles.cos(), angles.sin()], dim=-1).to(embedded)


def rotate_by_position(vectors: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Wan's 3-D RoPE, from diffusers' tables in which every angle is repeated."""
    even, odd = vectors.unflatten(-1, (-1, 2)).unbind(-1)
    cosine, sine = cosine[..., 0::2], sine[..., 1::2]
    rotated = torch.stack([even * cosine - odd * sine, even * sine + odd * cosine], dim=-1)
    return rotated.flatten(-2).type_as(vectors)
