"""Arguments for dubbing a video."""

import argparse
from fractions import Fraction
from mimetypes import guess_type
from pathlib import Path

from ...errors import MultiTalkError
from ...film.clips import ClipPlan
from ...film.dubbed_persons import dub
from ...film.dubbing import USUAL_DENOISE, Dubbing
from ...film.spec import Continuation
from ...limits import DENOISE
from ...media.picture import read_picture
from ...media.region import fitted_region
from ...media.video_file import VideoFile
from ...media.video_source import FittedVideo, Video, VideoInMemory, film_frames
from ...method.audio_patch import BindingOptions
from ...method.schemes import find_scheme
from ...persons.face_detector import WEIGHTS
from ...persons.masks import Persons
from .limited_number import within
from .paths import input_file
from .store_options import retakes_person

MOUTHS = "mouths"  # no file, but found by the persons' faces

DESCRIPTION = """\
For --video: the film takes its first frame, length and motion from the video,
and the voices replace its sound."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much of the video is regenerated, and where."""
    group = parser.add_argument_group("dubbing", DESCRIPTION)
    group.add_argument(
        "--denoise",
        type=within(DENOISE),
        metavar="0..1",
        help="how much of the video is regenerated: sampling starts this far from the end of the noise "
        "schedule, with the video noised to match, and still runs all --steps; lower values keep more of its "
        "motion and of its old mouth movements; 1 starts from pure noise "
        f"(default: {USUAL_DENOISE}; 1 with --continuation infinitetalk, where each clip is conditioned on "
        "the video's frame at its start)",
    )
    group.add_argument(
        "--region",
        type=_region,
        metavar="mouths|FILE",
        help="what is regenerated, the rest stays unchanged: mouths follows the persons' faces and takes "
        "their mouths; a FILE is a picture, or a video of the same length, white over mouths or faces, with "
        "the aspect ratio of the --video (default: everything)",
    )


def _region(text: str) -> Path | str:
    return MOUTHS if text == MOUTHS else input_file(text)


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for arguments that contradict each other."""
    if arguments.video is None and arguments.denoise is not None:
        raise MultiTalkError("--denoise applies to dubbing: give a --video, or leave it out.")
    if arguments.video is None and arguments.region is not None and not retakes_person(arguments):
        raise MultiTalkError(
            "--region applies to dubbing and to retakes of one person: give a --video, or leave it out."
        )
    if arguments.video is not None and arguments.ending == "mirror":
        raise MultiTalkError("A dubbed film ends with its video: leave out --ending mirror.")


def asked_frames(arguments: argparse.Namespace, video: VideoFile | None) -> int | None:
    """Frames of the film: as given, else those of the video; None lasts until the voices end."""
    if arguments.frames or video is None:
        return arguments.frames
    return film_frames(video, arguments.fps)


def dubbing(
    arguments: argparse.Namespace,
    video: VideoFile | None,
    size: tuple[int, int],
    *,
    plan: ClipPlan,
    persons: Persons,
    binding: BindingOptions,
) -> Dubbing | None:
    """The video at the film's height and width, dubbed as the arguments say; its persons are followed."""
    if video is None:
        return None
    usual = 1.0 if arguments.continuation == Continuation.INFINITETALK else USUAL_DENOISE
    fitted, region = FittedVideo(video, *size, arguments.fps), None
    if arguments.region not in (None, MOUTHS):
        region = fitted_region(read_region(arguments.region), fitted)
    return dub(
        fitted,
        persons,
        plan,
        denoise=arguments.denoise or usual,
        region=region,
        mouths=arguments.region == MOUTHS,
        continuation=arguments.continuation,
        localizes=find_scheme(binding.scheme).needs_localization(persons.count),
        face_model=arguments.face_model or WEIGHTS,
        note=print,
    )


def read_region(path: Path) -> Video:
    """A mask from disk: a picture or a video."""
    kind, _ = guess_type(path, strict=False)  # not every system knows webp
    if kind is not None and kind.startswith("image/"):
        return VideoInMemory(read_picture(path)[None], Fraction(1))
    return VideoFile.open(path)
