"""What a host is asked: encode, decode, and sample one clip from its inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from ..method.audio_patch import BindingOptions, ClipAudio, Observer
from ..method.motion_latent import MotionLatent
from ..method.source_latent import SourceLatent
from .clips import Clip
from .spec import SamplingOptions

# index of the finished step, latent after it; raises to stop
OnStep = Callable[[int, Tensor], None]


@dataclass(frozen=True, kw_only=True)
class ClipInputs:
    """Everything a host needs to sample one clip.

    Attributes
    ----------
    clip : Clip
    given : Tensor [1, 3, given frames, height, width], in -1..1
        The picture, or the motion frames; the last one is the CLIP encoder's picture.
    mask : Tensor [1, 4, latent frames, height / 8, width / 8]
        Wan's mask channels.
    encoded : Tensor [1, 16, latent frames, height / 8, width / 8]
        The given frames and grey, through the VAE.
    audio : ClipAudio
    noise : Tensor, shape of `encoded`
    sampling : SamplingOptions
    binding : BindingOptions
    seed : int
        For samplers that draw noise between steps; the clip's own noise is given.
    motion : MotionLatent, optional
        Not in the first clip.
    source : SourceLatent, optional
        Of the video that is dubbed, to start from.
    prompt : str, optional
        Of this clip alone, in place of the film's.
    observer : Observer, optional
        Gets what each block located.
    on_step : OnStep, optional
        Called after every step.
    """

    clip: Clip
    given: Tensor
    mask: Tensor
    encoded: Tensor
    audio: ClipAudio
    noise: Tensor
    sampling: SamplingOptions
    binding: BindingOptions
    seed: int = 0
    motion: MotionLatent | None = None
    source: SourceLatent | None = None
    prompt: str | None = None
    observer: Observer | None = None
    on_step: OnStep | None = None


class VideoModel(Protocol):
    """What a host offers to the film."""

    def encode(self, frames: Tensor) -> Tensor:
        """Frames [1, 3, frames, height, width] in -1..1 to the normalised latent [1, 16, ...]."""
        ...

    def decode(self, latent: Tensor) -> Tensor:
        """The way back."""
        ...

    def sample(self, inputs: ClipInputs) -> Tensor:
        """The latent of one clip, shape of `inputs.encoded`."""
        ...
