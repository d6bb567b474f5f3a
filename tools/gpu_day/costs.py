"""Operations and bytes of each timed item, and the times that follow: a floor and a prediction.

The floor is the larger of operations over the card's rate and bytes over its bandwidth, for the work that
cannot be avoided. The prediction is for the way as it is written, with the shares of a card that
`cards` gives.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from .cards import Card
from .model_size import ModelSize

HALF, SINGLE = 2, 4  # bytes of a number
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


def _localization_triton(size: ModelSize, persons: int) -> Stages:
    del persons  # the columns are 16, whatever they hold
    return [
        Stage(
            unit=Unit.KERNEL,
            operations=_scores(size) * (1 + COLUMNS / size.channels),
            exponentials=size.tokens * size.reference * size.heads,
            bytes=size.tokens * size.width * HALF,
        )
    ]


def _localization_sdpa(size: ModelSize, persons: int) -> Stages:
    del persons
    operations = _scores(size) * (1 + COLUMNS / size.channels)
    return [passed(size, 2), Stage(unit=Unit.NARROW_ATTENTION, operations=operations)]


def _localization_twin(size: ModelSize, persons: int) -> Stages:
    del persons
    return [passed(size, 3), Stage(unit=Unit.FLOAT32_ATTENTION, operations=2 * _scores(size))]


def _matrix(size: ModelSize) -> float:
    """Bytes of the tokens × reference matrix of all heads."""
    return size.heads * size.tokens * size.reference * HALF


def _localization_released(size: ModelSize, persons: int) -> Stages:
    """Written, softmax (read, written), then for each class a product (read, written) and a sum (read)."""
    passes = 3 + 3 * (persons + 1)
    return [Stage(operations=_scores(size)), Stage(bytes=passes * _matrix(size))]


def _localization_comfyui(size: ModelSize, persons: int) -> Stages:
    """For each class: written, and read or written eleven times more by the softmax and the sum."""
    classes = persons + 1
    return [Stage(operations=classes * _scores(size)), Stage(bytes=12 * classes * _matrix(size))]


Way = Callable[[ModelSize, int], Stages]
LOCALIZATIONS: dict[str, Way] = {
    "triton": _localization_triton,
    "sdpa": _localization_sdpa,
    "twin": _localization_twin,
    "released": _localization_released,
    "comfyui": _localization_comfyui,
}
# Passes over the tokens for rotation and attention to the voices, with and without labels.
ATTENTION_PASSES = {
    "triton": (2, 2),
    "sdpa": (22, 4),
    "twin": (44, 8),
    "released": (30, 4),
    "comfyui": (30, 4),
}


def frame_attention(size: ModelSize, way: str, persons: int) -> Stages:
    """Rotation by labels, and attention to the voices of a frame."""
    keys = size.audio_tokens * persons
    with_labels, without = ATTENTION_PASSES[way]
    operations = 4 * size.tokens * keys * size.width
    bytes_ = passed(size, with_labels if persons > 1 else without).bytes
    return [Stage(unit=Unit.ATTENTION, operations=operations, bytes=bytes_)]


def audio_layer(size: ModelSize, way: str, persons: int) -> Stages:
    """Layer norm, queries, attention, projection, residual."""
    linear = [product(size, size.width)] * 2
    return [passed(size, 2), *linear, *frame_attention(size, way, persons), passed(size, 3)]


def audio_layer_least(size: ModelSize) -> Stages:
    """Two products; norm, attention and residual within them or in a pass of their own."""
    return [product(size, size.width), product(size, size.width)]


def localization(size: ModelSize, way: str, persons: int) -> Stages:
    """Nothing for one person, whom the paper's scheme does not locate."""
    return [] if persons == 1 else LOCALIZATIONS[way](size, persons)


def block(size: ModelSize, way: str, persons: int) -> Stages:
    """A whole block with voices."""
    return [*plain_block(size), *localization(size, way, persons), *audio_layer(size, way, persons)]


def step_ratio(size: ModelSize, way: str, persons: int, card: Card) -> float:  # noqa: PLR0917
    """A step with voices over one without; all blocks are alike."""
    return predicted(block(size, way, persons), card) / predicted(plain_block(size), card)


def extra_mib(size: ModelSize, way: str, persons: int) -> float:
    """Memory that localization takes beside queries and keys, the result included, in MiB."""
    maps = size.tokens * (persons + 1) * SINGLE
    of_tokens = size.tokens * size.width
    taken = {
        "triton": 5 * size.tokens * COLUMNS * SINGLE,  # up to eight groups of heads
        "sdpa": of_tokens * HALF + size.heads * size.tokens * COLUMNS * HALF,
        "twin": 2 * 8 * size.tokens * size.channels * SINGLE,  # eight heads at a time
        "released": 3 * _matrix(size) / 2 + of_tokens * HALF,
        "comfyui": 4 * _matrix(size) / 16 + of_tokens * HALF,
    }
    return (taken[way] + maps) / 2**20
