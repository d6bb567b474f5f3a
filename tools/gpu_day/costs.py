"""Operations and bytes of each timed item, and the times that follow: a floor and a prediction.

The floor is the larger of operations over the card's rate and bytes over its bandwidth, for the work that
cannot be avoided. The prediction is for the way as it is written: bytes and memory of the hooks are counted
on fake tensors, and `cards` gives the shares of a card.
"""

import functools
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain

from multitalk_core.kernels import Way
from tools.counting.hook_cost import Cost, own_cost, peer_cost
from tools.counting.launch_counter import LaunchCounter
from tools.peers import PEERS

from .cards import Card
from .model_size import ModelSize

HALF = 2  # bytes of a number
COLUMNS = 16  # of masks as values
STREAMED = 0.9  # share of the bandwidth that long reads and writes reach
NARROW = 0.75  # share of fused attention's rate where values are narrow
# Torch's float32 attention: three TF32 products for each, at a share of TF32's rate, half of bfloat16's.
TF32_PRODUCTS, TF32_SHARE = 3, 0.38


class Unit(Enum):
    """What bounds a stage, besides memory."""

    PRODUCTS = auto()
    ATTENTION = auto()
    NARROW_ATTENTION = auto()
    FLOAT32_ATTENTION = auto()
    KERNEL = auto()  # tensor cores at full rate, then exponentials


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of an item.

    Attributes
    ----------
    unit : Unit
    operations : float
        Floating-point operations on tensor cores.
    exponentials : float
    bytes : float
        Read and written.
    """

    unit: Unit = Unit.PRODUCTS
    operations: float = 0
    exponentials: float = 0
    bytes: float = 0

    def floor(self, card: Card) -> float:
        """Milliseconds that no program falls below."""
        return max(self.operations / card.teraflops / 1e9, self.bytes / card.bandwidth / 1e6)

    def predicted(self, card: Card) -> float:
        """Milliseconds that are expected."""
        at_peak = self.operations / card.teraflops / 1e9
        computing = {
            Unit.PRODUCTS: at_peak / card.products,
            Unit.ATTENTION: at_peak / card.attention,
            Unit.NARROW_ATTENTION: at_peak / card.attention / NARROW,
            Unit.FLOAT32_ATTENTION: at_peak * 2 * TF32_PRODUCTS / TF32_SHARE,
            Unit.KERNEL: at_peak + self.exponentials / card.exponentials / 1e9,
        }
        return max(computing[self.unit], self.bytes / card.bandwidth / STREAMED / 1e6)


Stages = list[Stage]


def floor(stages: Stages, card: Card) -> float:
    """Milliseconds of all stages, one after the other."""
    return sum(stage.floor(card) for stage in stages)


def predicted(stages: Stages, card: Card) -> float:
    """Milliseconds of all stages, one after the other."""
    return sum(stage.predicted(card) for stage in stages)


def passed(size: ModelSize, times: float) -> Stage:
    """So many readings or writings of all tokens in half precision."""
    return Stage(bytes=times * size.tokens * size.width * HALF)


def product(size: ModelSize, width: int) -> Stage:
    """A linear layer between the model's width and another, over all tokens."""
    return Stage(
        operations=2 * size.tokens * size.width * width, bytes=size.tokens * (size.width + width) * HALF
    )


def self_attention(size: ModelSize) -> Stages:
    """All tokens to all tokens."""
    return [Stage(unit=Unit.ATTENTION, operations=4 * size.tokens**2 * size.width)]


def plain_block(size: ModelSize) -> Stages:
    """Plain Wan: linear layers, attentions, FFN, and 32 passes of norms, modulation, RoPE and residuals."""
    linear = [product(size, size.width)] * 6 + [product(size, size.feed_forward)] * 2
    keys = size.text_tokens + size.image_tokens
    cross = Stage(unit=Unit.ATTENTION, operations=4 * size.tokens * keys * size.width)
    return [*linear, *self_attention(size), cross, passed(size, 32)]


def _scores(size: ModelSize) -> float:
    """Operations of q·k against the first frame."""
    return 2 * size.tokens * size.reference * size.width


def localization_least(size: ModelSize) -> Stages:
    """What any way must do: q·k, and queries read once."""
    return [Stage(operations=_scores(size), bytes=size.tokens * size.width * HALF)]


@functools.cache
def counted(size: ModelSize, way: str, persons: int) -> Cost:
    """What both hooks launch, read and write, on fake tensors."""
    if way in PEERS:
        return peer_cost(size, persons, PEERS[way])
    return own_cost(size, persons, Way(way))


def _stages(counter: LaunchCounter, name: str, unit: Unit, **work: float) -> Stages:
    """The launch that computes most, and the traffic of all others."""
    largest = counter.traffic[name]
    return [Stage(unit=unit, bytes=largest, **work), Stage(bytes=counter.bytes - largest)]


def localization(size: ModelSize, way: str, persons: int) -> Stages:
    """Nothing for one person, whom the paper's scheme does not locate."""
    if persons == 1:
        return []
    mapped, scores = counted(size, way, persons).mapped, _scores(size)
    columns = scores * COLUMNS / size.channels
    exponentials = size.tokens * size.reference * size.heads
    if way == "triton":
        return _stages(
            mapped, "localize", Unit.KERNEL, operations=scores + columns, exponentials=exponentials
        )
    if way == "sdpa":
        return _stages(mapped, "attention", Unit.NARROW_ATTENTION, operations=scores + columns)
    if way == "twin":
        return _stages(mapped, "attention", Unit.FLOAT32_ATTENTION, operations=2 * scores)
    again = persons + 1 if way == "comfyui" else 1  # once for each class
    return _stages(mapped, "bmm", Unit.PRODUCTS, operations=again * scores)


def labels(size: ModelSize, way: str, persons: int) -> Stages:
    """What the first hook does besides; the peers label in their audio layer."""
    cost = counted(size, way, persons)
    return [Stage(bytes=cost.located.bytes - cost.mapped.bytes)] if persons > 1 else []


def audio_layer(size: ModelSize, way: str, persons: int) -> Stages:
    """Layer norm, queries, rotation by labels, attention to the voices of a frame, projection, residual."""
    attended, keys = counted(size, way, persons).attended, size.audio_tokens * persons
    products = Stage(operations=4 * size.tokens * size.width**2, bytes=attended.traffic["addmm"])
    name = "frame attention" if way == "triton" else "attention"
    attention, rest = _stages(attended, name, Unit.ATTENTION, operations=4 * size.tokens * keys * size.width)
    return [products, attention, Stage(bytes=rest.bytes - products.bytes)]


def audio_layer_least(size: ModelSize) -> Stages:
    """Two products; norm, attention and residual within them or in a pass of their own."""
    return [product(size, size.width), product(size, size.width)]


def block(size: ModelSize, way: str, persons: int) -> Stages:
    """A whole block with voices."""
    hooks = [each(size, way, persons) for each in (localization, labels, audio_layer)]
    return [*plain_block(size), *chain(*hooks)]


def step_ratio(size: ModelSize, way: str, persons: int, card: Card) -> float:  # noqa: PLR0917
    """A step with voices over one without; all blocks are alike."""
    return predicted(block(size, way, persons), card) / predicted(plain_block(size), card)


def extra_mib(size: ModelSize, way: str, persons: int) -> float:
    """Memory that localization takes beside queries and keys, the result included, in MiB."""
    return counted(size, way, persons).mapped.peak / 2**20
