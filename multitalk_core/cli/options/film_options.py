"""Arguments for the film's size and length, and for its clips."""

import argparse

from torch import Tensor

from ...audio.timeline import Timeline
from ...audio.waveform import SPEECH_RATE
from ...film.clips import ClipPlan, plan_clips, plan_mirrored
from ...film.followed_persons import check_following
from ...film.spec import Continuation
from ...limits import CLIP_FRAMES, FILM_FRAMES, FPS, MOTION_FRAMES
from ...method.wan import MINIATURE, RESOLUTIONS, nearest_bucket
from .limited_number import within
from .types import frame_count, size_or_picture

UNLIMITED = 10**9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The film's size and length, and its clips."""
    group = parser.add_argument_group("film")
    sizes = group.add_mutually_exclusive_group()
    sizes.add_argument(
        "--size",
        type=size_or_picture,
        metavar="WxH",
        help="width and height in pixels, divisible by 16; 0x0 is as the picture (default: 0x0)",
    )
    sizes.add_argument(
        "--resolution",
        type=int,
        choices=RESOLUTIONS,
        help="as the picture: the trained size of 480p or 720p that is closest to the picture's shape "
        "(default: 480, or the miniature model's own, such as 144x96)",
    )
    group.add_argument(
        "--frames",
        type=frame_count(FILM_FRAMES),
        metavar="N",
        help="length in frames, 4n + 1 (default: until the voices or the --video end)",
    )
    group.add_argument("--fps", type=within(FPS), default=25.0, help="frames per second (default: 25)")
    group.add_argument(
        "--clip-frames",
        type=frame_count(CLIP_FRAMES),
        default=81,
        metavar="N",
        help="frames per clip, which are sampled together, 4n + 1; a shorter film is one shorter clip "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--motion-frames",
        type=frame_count(MOTION_FRAMES),
        default=5,
        metavar="N",
        help="frames at the start of a clip that repeat the end of the previous one, 4n + 1 (default: "
        "%(default)s)",
    )
    group.add_argument(
        "--continuation",
        choices=list(Continuation),
        default=Continuation.MULTITALK,
        help="how a clip continues the previous one; choose what the adapter was trained for; infinitetalk "
        "usually takes 9 motion frames (default: %(default)s)",
    )
    group.add_argument(
        "--follow-persons",
        action="store_true",
        help="in each clip after the first, locate the persons where its first frame shows them, by their "
        "faces: for people who walk or change sides",
    )
    group.add_argument(
        "--ending",
        choices=("silence", "mirror"),
        default="silence",
        help="what follows the voices in a longer film: silence, or the voices reversed, as in the reference "
        "implementation (default: %(default)s)",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for motion frames that leave no new frames in a clip, and needless following."""
    plan_clips(1, arguments.clip_frames, arguments.motion_frames)
    if arguments.follow_persons:
        check_following(arguments.continuation, dubbed=arguments.video is not None)


def film_size(arguments: argparse.Namespace, picture: Tensor) -> tuple[int, int]:
    """Height and width of the film: as given, else the trained size closest to the picture's shape."""
    if any(arguments.size or ()):
        return arguments.size
    height, width = picture.shape[:2]
    usual = RESOLUTIONS[0] if arguments.model else MINIATURE
    return nearest_bucket(height, width, arguments.resolution or usual)


def plan_film(arguments: argparse.Namespace, timeline: Timeline, length: int | None) -> tuple[ClipPlan, int]:
    """The clips, and the frames over which the voices are mirrored in the last clip.

    Raises
    ------
    MultiTalkError
        For a film that is too long, or empty.
    """
    voice_frames = int(round(timeline.seconds * SPEECH_RATE) / SPEECH_RATE * arguments.fps)
    FILM_FRAMES.check("The film's number of frames", length or voice_frames)
    overlap = arguments.motion_frames
    if arguments.ending == "mirror":
        limit = length or UNLIMITED
        mirrored = plan_mirrored([voice_frames], arguments.clip_frames, overlap, limit=limit)
        return mirrored.plan, mirrored.prolonged[0]
    return plan_clips(length or voice_frames, arguments.clip_frames, overlap), 0
