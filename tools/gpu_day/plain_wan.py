"""Wan2.1's image-to-video DiT in plain torch, with the places of the two hooks; weights are random.

It is what voices are timed against: no library of a host is needed on the machine that times it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from multitalk_core.method.wan import I2V_CHANNELS, LATENT_CHANNELS, PATCH, Grid

from .model_size import ModelSize

EPSILON = 1e-6
TIME_WIDTH = 256
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]  # heads in front of tokens


class Voices(Protocol):
    """What a block does for voices, at the two places where hosts call the hooks."""

    def locate(self, query: Tensor, key: Tensor) -> Any:
        """After queries and keys are rotated, [rows, tokens, heads, channels]."""
        ...

    def add(self, hidden: Tensor, located: Any) -> Tensor:
        """After the text cross-attention; returns the hidden states with the voices."""
        ...


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What all blocks share.

    Attributes
    ----------
    modulation : Tensor [rows, 6, width], float32
    cosines, sines : Tensor [tokens, 1, channels / 2], float32
        Of the 3-D RoPE.
    text, image : Tensor [rows, tokens, width]
    """

    modulation: Tensor
    cosines: Tensor
    sines: Tensor
    text: Tensor
    image: Tensor


class SelfAttention(nn.Module):
    """Queries and keys are normalised over the whole width, then rotated by place."""

    def __init__(self, size: ModelSize, attend: Attend, **tensor_options: Any):
        super().__init__()
        width = size.width
        self.heads = size.heads
        self.attend = attend
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, **tensor_options) for _ in range(4))
        self.norm_q, self.norm_k = (nn.RMSNorm(width, EPSILON, **tensor_options) for _ in range(2))

    def forward(self, hidden: Tensor, conditions: Conditions, voices: Voices | None) -> tuple[Tensor, Any]:
        """The attention's output, and what the voices located."""
        split = (self.heads, -1)
        turn = conditions.cosines, conditions.sines
        query = turned(self.norm_q(self.q(hidden)).unflatten(-1, split), *turn)
        key = turned(self.norm_k(self.k(hidden)).unflatten(-1, split), *turn)
        value = self.v(hidden).unflatten(-1, split)
        located = None if voices is None else voices.locate(query, key)
        attended = self.attend(query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
        return self.o(attended.transpose(1, 2).flatten(2)), located


class CrossAttention(nn.Module):
    """Text and CLIP picture share the queries; their outputs are added."""

    def __init__(self, size: ModelSize, **tensor_options: Any):
        super().__init__()
        width = size.width
        self.heads = size.heads
        self.q, self.k, self.v, self.o, self.k_img, self.v_img = (
            nn.Linear(width, width, **tensor_options) for _ in range(6)
        )
        self.norm_q, self.norm_k, self.norm_k_img = (
            nn.RMSNorm(width, EPSILON, **tensor_options) for _ in range(3)
        )

    def forward(self, hidden: Tensor, text: Tensor, image: Tensor) -> Tensor:
        """What both add to the hidden states."""
        query = self._heads(self.norm_q(self.q(hidden)))
        from_text = F.scaled_dot_product_attention(
            query, self._heads(self.norm_k(self.k(text))), self._heads(self.v(text))
        )
        from_image = F.scaled_dot_product_attention(
            query, self._heads(self.norm_k_img(self.k_img(image))), self._heads(self.v_img(image))
        )
        output: Tensor = self.o((from_text + from_image).transpose(1, 2).flatten(2))
        return output

    def _heads(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class PlainBlock(nn.Module):
    """One block: self-attention, text and picture, voices, FFN.

    Parameters
    ----------
    size : ModelSize
    attend : callable
        Self-attention; torch's own where not given.
    """

    def __init__(
        self, size: ModelSize, attend: Attend = F.scaled_dot_product_attention, **tensor_options: Any
    ):
        super().__init__()
        self.width = size.width
        self.self_attention = SelfAttention(size, attend, **tensor_options)
        self.norm = nn.LayerNorm(size.width, EPSILON, **tensor_options)
        self.cross_attention = CrossAttention(size, **tensor_options)
        self.up = nn.Linear(size.width, size.feed_forward, **tensor_options)
        self.down = nn.Linear(size.feed_forward, size.width, **tensor_options)
        self.modulation = nn.Parameter(torch.randn(1, 6, size.width, **tensor_options) / size.width**0.5)

    def forward(self, hidden: Tensor, conditions: Conditions, voices: Voices | None = None) -> Tensor:
        """Hidden states [rows, tokens, width] to the same shape."""
        modulation = (self.modulation + conditions.modulation).to(hidden.dtype)
        shift, scale, gate, up_shift, up_scale, up_gate = modulation.chunk(6, dim=1)
        modulated = torch.addcmul(shift, self._normalised(hidden), 1 + scale)
        attended, located = self.self_attention(modulated, conditions, voices)
        hidden = torch.addcmul(hidden, attended, gate)
        hidden = hidden + self.cross_attention(self.norm(hidden), conditions.text, conditions.image)
        if voices is not None:
            hidden = voices.add(hidden, located)
        modulated = torch.addcmul(up_shift, self._normalised(hidden), 1 + up_scale)
        fed = self.down(F.gelu(self.up(modulated), approximate="tanh"))
        return torch.addcmul(hidden, fed, up_gate)

    def _normalised(self, hidden: Tensor) -> Tensor:
        return F.layer_norm(hidden, (self.width,), eps=EPSILON)


class PlainWan(nn.Module):
    """The whole DiT.

    Parameters
    ----------
    size : ModelSize
    attend : callable
        Self-attention of all blocks.
    distinct : int
        Blocks with weights of their own; with fewer than the model has, they take turns.
    """

    def __init__(
        self,
        size: ModelSize,
        attend: Attend = F.scaled_dot_product_attention,
        *,
        distinct: int,
        **tensor_options: Any,
    ):
        super().__init__()
        width = size.width
        self.size = size
        patch = (1, PATCH, PATCH)
        self.patches = nn.Conv3d(I2V_CHANNELS, width, patch, patch, **tensor_options)
        self.text = nn.Sequential(
            nn.Linear(size.text_width, width, **tensor_options),
            nn.GELU("tanh"),
            nn.Linear(width, width, **tensor_options),
        )
        self.image = nn.Sequential(
            nn.LayerNorm(size.image_width, **tensor_options),
            nn.Linear(size.image_width, width, **tensor_options),
            nn.GELU(),
            nn.LayerNorm(width, **tensor_options),
        )
        self.time = nn.Sequential(
            nn.Linear(TIME_WIDTH, width, **tensor_options),
            nn.SiLU(),
            nn.Linear(width, 6 * width, **tensor_options),
        )
        self.blocks = nn.ModuleList(PlainBlock(size, attend, **tensor_options) for _ in range(distinct))
        self.head = nn.Linear(width, PATCH * PATCH * LATENT_CHANNELS, **tensor_options)

    def forward(
        self,
        latent: Tensor,
        time: Tensor,
        *,
        text: Tensor,
        image: Tensor,
        voices: list[Voices] | None = None,
    ) -> Tensor:
        """The velocity of noisy latents, [rows, 36, frames, height, width] to [rows, tokens, 64]."""
        hidden = self.patches(latent).flatten(2).transpose(1, 2)
        cosines, sines = places(Grid.of_latent(latent), self.size.channels, latent.device)
        conditions = Conditions(
            modulation=self.time(time).unflatten(-1, (6, -1)).float(),
            cosines=cosines,
            sines=sines,
            text=self.text(text),
            image=self.image(image),
        )
        for index in range(self.size.blocks):
            block = self.blocks[index % len(self.blocks)]
            hidden = block(hidden, conditions, None if voices is None else voices[index])
        velocity: Tensor = self.head(F.layer_norm(hidden, (self.size.width,), eps=EPSILON))
        return velocity


def turned(vectors: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Neighbouring channels rotated in float32, [rows, tokens, heads, channels]."""
    even, odd = vectors.float().unflatten(-1, (-1, 2)).unbind(-1)
    pairs = torch.stack([even * cosines - odd * sines, even * sines + odd * cosines], dim=-1)
    return pairs.flatten(-2).to(vectors.dtype)


def places(grid: Grid, channels: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines of Wan's 3-D RoPE, [tokens, 1, channels / 2]."""
    side = channels // 6
    widths = channels // 2 - 2 * side, side, side
    angles = []
    for axis, (length, width) in enumerate(zip((grid.frames, grid.height, grid.width), widths, strict=True)):
        speeds = 10000.0 ** -(torch.arange(width, device=device, dtype=torch.float64) / width)
        angle = torch.arange(length, device=device)[:, None] * speeds
        shape = [1, 1, 1, width]
        shape[axis] = length
        angles.append(angle.view(shape).expand(grid.frames, grid.height, grid.width, width))
    joined = torch.cat(angles, dim=-1).flatten(0, 2)[:, None]
    return joined.cos().float(), joined.sin().float()


def random_conditions(size: ModelSize, dtype: torch.dtype, device: torch.device) -> Conditions:
    """For timing a single block."""

    def drawn(tokens: int) -> Tensor:
        return torch.randn(1, tokens, size.width, dtype=dtype, device=device)

    cosines, sines = places(size.grid, size.channels, device)
    return Conditions(
        modulation=torch.randn(1, 6, size.width, device=device) / size.width**0.5,
        cosines=cosines,
        sines=sines,
        text=drawn(size.text_tokens),
        image=drawn(size.image_tokens),
    )
