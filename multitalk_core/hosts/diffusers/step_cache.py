"""diffusers' step caches: steps that reuse what the same guidance pass computed in an earlier one.

Two of them fit. Both keep whole outputs, in which the voices are, and keep them for each pass apart.
Pyramid Attention Broadcast, FasterCache and TaylorSeer on attention layers skip the self-attention that
locates the persons; MagCache needs ratios that nobody has measured for Wan2.1 I2V with voices; SeaCache is
made for text-to-video.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch

from ...errors import MultiTalkError
from ...guards.words import Word

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel

FEWEST_STEPS = 4
FIRST_BLOCK_THRESHOLD = 0.05  # relative change of the first block's residual; below it the others are skipped
TAYLOR_INTERVAL = 2  # every other step is predicted
TAYLOR_WARM_UP = 3  # steps that are computed first


class StepCache(Word):
    """What a skipped step takes from the steps before.

    FIRST_BLOCK computes the first block; where its residual has hardly changed, it reuses what the others
    added. TAYLORSEER predicts the transformer's output from the last two computed ones.
    """

    NONE = "none"
    FIRST_BLOCK = "first-block"
    TAYLORSEER = "taylorseer"


def check_steps(cache: StepCache, steps: int) -> None:
    """Refuse a cache where there is no step to skip: the first ones and the last one are always computed.

    Raises
    ------
    MultiTalkError
    """
    if cache != StepCache.NONE and steps < FEWEST_STEPS:
        raise MultiTalkError(
            f"A step cache cannot skip any of {steps} steps: take at least {FEWEST_STEPS} steps, or no cache."
        )


class CachedSteps:
    """The cache of one clip, from its first step to the one before its last.

    A context manager that leaves the transformer as it was found, so that no clip sees the cache of another.

    Parameters
    ----------
    transformer : WanTransformer3DModel
    cache : StepCache
    steps : int
        Of the clip.
    """

    def __init__(self, transformer: "WanTransformer3DModel", cache: StepCache, steps: int) -> None:
        self.transformer, self.cache, self.steps_left = transformer, cache, steps

    def __enter__(self) -> "CachedSteps":
        if self.cache != StepCache.NONE:
            self.transformer.enable_cache(_config(self.cache))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def begin_step(self) -> None:
        """Say that a step begins; the last one is computed in full, which also records its localization."""
        self.steps_left -= 1
        if self.steps_left == 0:
            self._end()

    @contextmanager
    def rows(self, first: int) -> Iterator[None]:
        """The forward pass over guidance rows from `first` on, with memories of its own."""
        if not self.transformer.is_cache_enabled:
            yield
            return
        with self.transformer.cache_context(f"rows from {first}"):
            yield

    def _end(self) -> None:
        if self.transformer.is_cache_enabled:
            self.transformer.disable_cache()


def _config(cache: StepCache) -> Any:
    from diffusers import FirstBlockCacheConfig
    from diffusers.hooks import TaylorSeerCacheConfig

    if cache == StepCache.FIRST_BLOCK:
        return FirstBlockCacheConfig(threshold=FIRST_BLOCK_THRESHOLD)
    return TaylorSeerCacheConfig(
        use_lite_mode=True,
        cache_interval=TAYLOR_INTERVAL,
        disable_cache_before_step=TAYLOR_WARM_UP,
        taylor_factors_dtype=torch.float32,
    )
