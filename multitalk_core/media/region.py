"""The region of a dubbed video that is regenerated: a still or moving mask."""

from dataclasses import replace

from torch import Tensor

from ..errors import MultiTalkError
from ..method.source_latent import TOUCHED
from .video_source import FittedVideo, Video

SHAPE_TOLERANCE = 0.02  # between two aspect ratios


def fitted_region(region: Video, fitted: FittedVideo, source: str = "video") -> FittedVideo:
    """Fit the mask of a video to the film in the same way as the video.

    Parameters
    ----------
    region : Video
        White where the video is regenerated.
    fitted : FittedVideo
        The video.
    source : str
        What the user gave it as.

    Raises
    ------
    MultiTalkError
        When the mask has the aspect ratio of neither the video nor the film, ends before the video, or is
        black everywhere.
    """
    mask, video = region.picture(), fitted.video
    own, goal = _size(mask), _size(video.picture())
    if not (_alike(own, goal) or _alike(own, (fitted.height, fitted.width))):
        raise MultiTalkError(
            f"The region is {own[1]}×{own[0]} and the {source} {goal[1]}×{goal[0]}: give a region with the "
            f"{source}'s aspect ratio."
        )
    still = len(region.times) == 1
    if not still and region.seconds < video.seconds - 1 / fitted.fps:
        raise MultiTalkError(
            f"The region ends after {region.seconds:.2f} s and the video after {video.seconds:.2f} s: give a "
            "region as long as the video, or a still one."
        )
    if still and mask.max() <= TOUCHED:
        raise MultiTalkError(
            "The region is black everywhere, so nothing would be regenerated: make it white over the mouths, "
            "or invert it."
        )
    return replace(fitted, video=region)


def _size(picture: Tensor) -> tuple[int, int]:
    """Height and width of [height, width, channels]."""
    return picture.shape[0], picture.shape[1]


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes (height, width) have the same aspect ratio."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) <= SHAPE_TOLERANCE
