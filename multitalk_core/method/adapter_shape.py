"""The dimensions of an audio adapter."""

from dataclasses import dataclass

from .wan import TEMPORAL_STRIDE


@dataclass(frozen=True)
class AdapterShape:
    """The dimensions of an audio adapter, all read from its weights.

    Attributes
    ----------
    blocks : tuple of int
        The DiT blocks that have an audio layer.
    width : int
        Of the DiT's hidden states.
    audio_width : int
        Of an audio token.
    context_tokens : int
        Audio tokens for each voice and latent frame.
    intermediate : int
        Of the audio projection's hidden layers.
    window : int
        Audio frames around a video frame.
    feature_size : int
        Layers × channels of the audio features of a frame.
    """

    blocks: tuple[int, ...]
    width: int
    audio_width: int
    context_tokens: int
    intermediate: int
    window: int
    feature_size: int

    @property
    def first_inputs(self) -> int:
        """Numbers that the projection takes for the first latent frame: one window."""
        return self.window * self.feature_size

    @property
    def later_inputs(self) -> int:
        """Numbers that it takes for each later latent frame: a window, and a slot for each further frame."""
        return (self.window + TEMPORAL_STRIDE - 1) * self.feature_size
