"""Arguments that say how a video is dubbed, and the dubbing they mean."""

import argparse
from fractions import Fraction
from mimetypes import guess_type
from pathlib import Path

from ...errors import MultiTalkError
from ...film.dubbing import USUAL_DENOISE, Dubbing
from ...film.film import INFINITETALK
from ...limits import DENOISE
from ...media.picture import read_picture
from ...media.region import fitted_region
from ...media.video_source import FittedVideo, Video, VideoFile, VideoInMemory, film_frames
from .paths import input_file
from .types import within

DESCRIPTION = """\
With --video, which lends the film its first picture, its length and its
  motion; the voices take the place of its sound."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much of the video is made anew."""
    group = parser.add_argument_group("dubbing", DESCRIPTION)
    group.add_argument(
        "--denoise",
        type=within(DENOISE),
        metavar="0..1",
        help="how much is made anew: all steps are made from this part of the schedule on, from the video "
        "with that much noise; less keeps more of its motion, and of its mouths; 1 starts from noise alone "
        f"(default: {USUAL_DENOISE}; 1 with --continuation infinitetalk, where each clip sees the video's "
        "picture at its start)",
    )
    group.add_argument(
        "--region",
        type=input_file,
        metavar="FILE",
        help="a picture, or a video as long, of the video's shape: white where the film is made anew, the "
        "mouths or faces; elsewhere it stays as it is (default: everything is made anew)",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for arguments that do not go together."""
    if arguments.video is None and arguments.denoise is not None:
        raise MultiTalkError("--denoise says how much of a --video is made anew: give one, or leave it out.")
    if arguments.video is None and arguments.region is not None:
        raise MultiTalkError("--region says where a --video is made anew: give one, or leave it out.")
    if arguments.video is not None and arguments.ending == "mirror":
        raise MultiTalkError("A dubbed film ends with its video, so --ending mirror cannot be: leave it out.")


def asked_frames(arguments: argparse.Namespace, video: VideoFile | None) -> int | None:
    """Frames of the film: as asked, else of the video; None is until the voices end."""
    if arguments.frames or video is None:
        return arguments.frames
    return film_frames(video, arguments.fps)


def dubbing(arguments: argparse.Namespace, video: VideoFile | None, size: tuple[int, int]) -> Dubbing | None:
    """The video at the film's size, and how much of it is made anew, where."""
    if video is None:
        return None
    usual = 1.0 if arguments.continuation == INFINITETALK else USUAL_DENOISE
    region, fitted = None, FittedVideo(video, *size, arguments.fps)
    if arguments.region is not None:
        region = fitted_region(read_region(arguments.region), fitted)
    return Dubbing(fitted, arguments.denoise or usual, region)


def read_region(path: Path) -> Video:
    """A mask on disk, still or moving."""
    kind, _ = guess_type(path, strict=False)  # webp is not official everywhere
    if kind is not None and kind.startswith("image/"):
        return VideoInMemory(read_picture(path)[None], Fraction(1))
    return VideoFile.open(path)
