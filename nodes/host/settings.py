"""What the settings nodes hand to the sampler nodes, one class a topic; the defaults hold without them."""

from dataclasses import dataclass

from ...multitalk_core.film.colour import ColourMethod
from ...multitalk_core.film.dubbing import USUAL_DENOISE
from ...multitalk_core.film.seams import SEAM_FRAMES
from ...multitalk_core.film.spec import Continuation
from ...multitalk_core.limits import USUAL_STORE_GIGABYTES
from ...multitalk_core.method.schemes import AUTOMATIC
from .sampling_sigmas import RELEASED

NO_WATERMARK = "none"


@dataclass(frozen=True, kw_only=True)
class SamplingSettings:
    """How a clip's noise is removed, and how its colours are matched to the picture's.

    Attributes
    ----------
    sampler_name, scheduler : str
        ComfyUI's, or "released" for the reference implementation's noise levels.
    projected_guidance : bool
    colour_strength : float
        0..1.
    colour_method : str
        A ColourMethod.
    """

    sampler_name: str = "euler"
    scheduler: str = RELEASED
    projected_guidance: bool = False
    colour_strength: float = 1.0
    colour_method: str = ColourMethod.LAB


@dataclass(frozen=True, kw_only=True)
class BindingSettings:
    """How voices are bound to persons, and where this is recorded.

    Attributes
    ----------
    scheme : str
        Of `multitalk_core.method.schemes`, or "automatic".
    audio_strength, label_range, label_distance, background_label : float
    record_block, record_step : int
        -1 is the middle block and the last step.
    """

    scheme: str = AUTOMATIC
    audio_strength: float = 1.0
    label_range: float = 4.0
    label_distance: float = 20.0
    background_label: float = 12.0
    record_block: int = -1
    record_step: int = -1


@dataclass(frozen=True, kw_only=True)
class ClipSettings:
    """How a long video is divided into clips, and how they follow each other.

    Attributes
    ----------
    clip_frames, motion_frames : int
        4n + 1.
    continuation : str
        A Continuation.
    seam_frames : int
    codec_correction : float
        0..1.
    watermark : str
        One of `multitalk_core.origin.watermark`, or "none".
    follow_persons : bool
        Whether later clips locate the persons where their first frame shows them.
    """

    clip_frames: int = 81
    motion_frames: int = 5
    continuation: str = Continuation.MULTITALK
    seam_frames: int = SEAM_FRAMES
    codec_correction: float = 0.0
    watermark: str = NO_WATERMARK
    follow_persons: bool = False


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """Which finished clips are stored, and when to stop.

    Attributes
    ----------
    store_clips : bool
    store_at_most : float
        Gigabytes.
    stop_after : int
        Clip, counted from 1; 0 never stops.
    """

    store_clips: bool = True
    store_at_most: float = USUAL_STORE_GIGABYTES
    stop_after: int = 0


@dataclass(frozen=True, kw_only=True)
class DenoiseSettings:
    """How much of a video is regenerated.

    Attributes
    ----------
    denoise : float
        0.01..1.
    mouths_only : bool
    """

    denoise: float = USUAL_DENOISE
    mouths_only: bool = False
