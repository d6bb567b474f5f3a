"""Where a dubbed video is made anew: a mask, still or moving, that goes with it."""

from ..errors import MultiTalkError
from ..method.conditioning import TOUCHED
from .video_source import FittedVideo, Video

SHAPE_TOLERANCE = 0.02  # between two widths to heights


def fitted_region(region: Video, video: Video, height: int, width: int, fps: float) -> FittedVideo:
    """A mask as it lies on a video that is fitted to a film.

    Parameters
    ----------
    region : Video
        White where the video is made anew.
    video : Video
    height, width : int
        The film's, in pixels.
    fps : float
        The film's.

    Raises
    ------
    MultiTalkError
        When the mask has neither the video's shape nor the film's, ends before the video, or is black.
    """
    mask = region.picture()
    own, goal = mask.shape[:2], video.picture().shape[:2]
    if not (_alike(own, goal) or _alike(own, (height, width))):
        raise MultiTalkError(
            f"The region is {own[1]}×{own[0]} and the video {goal[1]}×{goal[0]}: give a region of the "
            "video's shape."
        )
    still = len(region.times) == 1
    if not still and region.seconds < video.seconds - 1 / fps:
        raise MultiTalkError(
            f"The region ends after {region.seconds:.2f} s and the video after {video.seconds:.2f} s: give "
            "one as long as the video, or a still one."
        )
    if still and mask.max() <= TOUCHED:
        raise MultiTalkError(
            "The region is black everywhere, so nothing would be made anew: make it white over the mouths, "
            "or invert it."
        )
    return FittedVideo(region, height, width, fps)


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes have the same shape, as (height, width)."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) <= SHAPE_TOLERANCE
