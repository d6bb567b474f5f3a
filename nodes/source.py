"""What a picture socket brings: a picture, or a video to dub."""

from fractions import Fraction

from comfy_api.latest import Input, InputImpl
from torch import Tensor

from ..multitalk_core.errors import MultiTalkError
from ..multitalk_core.source_video import Video, VideoFile, VideoInMemory


def source_of(picture: Tensor | Input.Video) -> tuple[Tensor, Video | None]:
    """The first picture [height, width, 3] in 0..1, and the video to dub; None where an IMAGE is connected.

    A file stays on disk, as far as it was trimmed; what other nodes put together is in memory already.

    Raises
    ------
    MultiTalkError
        When the file cannot be read.
    """
    if isinstance(picture, Tensor):
        return picture[0, :, :, :3].float().cpu(), None
    video = _opened(picture)
    return video.picture(), video


def region_of(masks: Tensor, video: Video) -> Video:
    """A MASK [masks, height, width] as long as a video.

    Raises
    ------
    MultiTalkError
        When there is neither one mask nor one for each picture.
    """
    if len(masks) not in (1, len(video.times)):
        raise MultiTalkError(
            f"The region has {len(masks)} masks and the video {len(video.times)} pictures: connect one mask, "
            "or one for each picture."
        )
    return VideoInMemory(masks[..., None], len(masks) / Fraction(video.seconds))


def _opened(picture: Input.Video) -> Video:
    if not isinstance(picture, InputImpl.VideoFromComponents):
        file = picture.get_stream_source()
        if isinstance(file, str):
            return VideoFile.open(file).trimmed(*picture.get_active_trim_window())
    components = picture.get_components()
    return VideoInMemory(components.images, components.frame_rate)
