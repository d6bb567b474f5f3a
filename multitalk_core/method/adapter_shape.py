"""The dimensions of an audio adapter."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AdapterShape:
    """The dimensions of an audio adapter, all read from its weights."""

    blocks: tuple[int, ...]
    """The DiT blocks that have an audio layer."""
    width: int
    """Of the DiT's hidden states."""
    audio_width: int
    """Of an audio token."""
    context_tokens: int
    """Audio tokens for each speaker and latent frame."""
    intermediate: int
    """Of the audio projection's hidden layers."""
    window: int
    """Audio frames around a video frame."""
    feature_size: int
    """Layers × channels of the audio features of a frame."""
    temporal_stride: int = 4
    """Video frames for each latent frame after the first."""
