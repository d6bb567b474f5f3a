"""What a picture socket brings: a picture, or a video to dub."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import folder_paths
import numpy as np
from comfy.model_management import throw_exception_if_processing_interrupted
from comfy_api.latest import Input, InputImpl
from torch import Tensor

from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.files.whole import whole_file
from ...multitalk_core.media.video_file import VideoFile
from ...multitalk_core.media.video_source import DerivedVideo, Video, VideoInMemory
from .kinds import check_kind


def source_of(name: str, picture: Tensor | Input.Video) -> tuple[Tensor, Video | None]:
    """The first picture [height, width, 3] in 0..1, and the video to dub; None where an IMAGE is connected.

    A file stays on disk, as far as it was trimmed; what other nodes put together is in memory already.

    Parameters
    ----------
    name : str
        The input's id.
    picture : Tensor [pictures, height, width, channels] or video

    Raises
    ------
    MultiTalkError
        When the file cannot be read, or what is in memory is no video.
    """
    if isinstance(picture, Tensor):
        return picture[0, :, :, :3].float().cpu(), None
    video = Interruptible(_opened(name, picture))
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
            f"The region has {len(masks)} masks, but the video has {len(video.times)} frames: connect one "
            "mask, or one per frame."
        )
    if len(masks) == 1:
        return VideoInMemory(masks[..., None], Fraction(1))
    return MaskOfEachPicture(video, masks)


@dataclass(frozen=True, eq=False)
class Interruptible(DerivedVideo):
    """A video of which no further picture is read once the user has interrupted."""

    def pictures(self, times: np.ndarray) -> Iterator[Tensor]:
        """As in `Video`."""
        for picture in self.video.pictures(times):
            throw_exception_if_processing_interrupted()
            yield picture


@dataclass(frozen=True, eq=False)
class MaskOfEachPicture(DerivedVideo):
    """Masks as a `Video`, each shown exactly when its picture is, however uneven the video's times are.

    Attributes
    ----------
    masks : Tensor [pictures, height, width], in 0..1
    """

    masks: Tensor

    def pictures(self, times: np.ndarray) -> Iterator[Tensor]:
        """As in `Video`, [height, width, 1]."""
        for index in self.times.searchsorted(times):
            throw_exception_if_processing_interrupted()
            yield self.masks[index, :, :, None].float().cpu()


def _opened(name: str, picture: Input.Video) -> Video:
    if isinstance(picture, InputImpl.VideoFromFile):
        file = picture.get_stream_source()
        path = file if isinstance(file, str) else _on_disk(file)
        video = VideoFile.open(path, throw_exception_if_processing_interrupted)
        return video.trimmed(*picture.get_active_trim_window())
    components = picture.get_components()
    check_kind(name, "IMAGE", components.images)
    return VideoInMemory(components.images, components.frame_rate)


def _on_disk(file: BytesIO) -> Path:
    """A video file that a node keeps in memory, in ComfyUI's temporary folder."""
    content = file.getvalue()
    path = Path(folder_paths.get_temp_directory()) / f"multitalk-{sha256(content).hexdigest()}.video"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            part.write_bytes(content)
    return path
