"""Shapes of Wan2.1-14B and of the released audio adapters, at the sizes that are timed."""

from dataclasses import dataclass

from multitalk_core.method.adapter_shape import AdapterShape
from multitalk_core.method.wan import Grid


@dataclass(frozen=True, kw_only=True)
class ModelSize:
    """A model and the clip that it computes.

    Attributes
    ----------
    grid : Grid
        Of the clip's tokens.
    width, heads, feed_forward, blocks : int
        Of the DiT; `feed_forward` is the hidden width of its FFN.
    text_tokens, text_width : int
    image_tokens, image_width : int
        Of the CLIP picture.
    audio_tokens, audio_width : int
        Of a voice and latent frame.
    features, intermediate : int
        Of an audio frame, and of the audio projection's hidden layers.
    """

    grid: Grid
    width: int = 5120
    heads: int = 40
    feed_forward: int = 13824
    blocks: int = 40
    text_tokens: int = 512
    text_width: int = 4096
    image_tokens: int = 257
    image_width: int = 1280
    audio_tokens: int = 32
    audio_width: int = 768
    features: int = 12 * 768
    intermediate: int = 512

    @property
    def channels(self) -> int:
        """Of a head."""
        return self.width // self.heads

    @property
    def tokens(self) -> int:
        """Of the clip."""
        return self.grid.tokens

    @property
    def reference(self) -> int:
        """Tokens of the first latent frame."""
        return self.grid.tokens_per_frame

    def adapter_shape(self, blocks: int) -> AdapterShape:
        """An adapter for the first so many blocks."""
        return AdapterShape(
            tuple(range(blocks)),
            self.width,
            self.audio_width,
            context_tokens=self.audio_tokens,
            intermediate=self.intermediate,
            window=5,
            feature_size=self.features,
        )


SIZES = {
    "480": ModelSize(grid=Grid.of_video(81, 480, 832)),
    "720": ModelSize(grid=Grid.of_video(81, 720, 1280)),
    "tiny": ModelSize(
        grid=Grid(2, 4, 6),
        width=256,
        heads=2,
        feed_forward=64,
        blocks=2,
        text_tokens=5,
        text_width=16,
        image_tokens=3,
        audio_tokens=5,
        audio_width=32,
        features=8,
        intermediate=16,
    ),
}
