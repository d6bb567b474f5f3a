"""Retakes of single persons, from the arguments of the store and of dubbing."""

import argparse
from fractions import Fraction
from pathlib import Path

from torch import Tensor

from ...film.clips import ClipPlan
from ...film.person_retake import PersonRegion, PersonRetake
from ...film.retakes import Retake, person_clips
from ...media.region import fitted_region
from ...media.video_source import FittedVideo, VideoInMemory
from ...persons.face_detector import WEIGHTS, FaceDetector
from ...persons.person_region import FoundMouth, GivenRegion
from .dubbing_options import MOUTHS, read_region
from .model_options import file_signature


def person_retakes(
    arguments: argparse.Namespace,
    retakes: list[Retake],
    plan: ClipPlan,
    *,
    picture: Tensor,
    persons: int,
    size: tuple[int, int],
) -> tuple[PersonRetake, ...]:
    """The retakes of single persons in a film of this height and width.

    Raises
    ------
    MultiTalkError
        For a clip or person that the film does not have, or a region of another shape than the picture.
    """
    clips = person_clips(plan, retakes, persons)
    if not clips:
        return ()
    given = None if arguments.region == MOUTHS else arguments.region
    file = given or arguments.face_model or WEIGHTS
    region: PersonRegion
    if given is None:
        region = FoundMouth(FaceDetector(file), arguments.fps)
    else:
        region = GivenRegion(_fitted(arguments, given, picture, size=size))
    return tuple(
        PersonRetake(person=person, clips=of_person, region=region, identity=file_signature(file))
        for person, of_person in sorted(clips.items())
    )


def _fitted(
    arguments: argparse.Namespace, path: Path, picture: Tensor, *, size: tuple[int, int]
) -> FittedVideo:
    """The region that a file holds, at the film's height and width."""
    still = VideoInMemory(picture[None], Fraction(arguments.fps))
    source = "picture" if arguments.video is None else "video"
    return fitted_region(read_region(path), FittedVideo(still, *size, arguments.fps), source)
