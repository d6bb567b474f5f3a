"""Persons through a dubbed video: their masks at the start of each clip, and the region of their mouths."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from ..guards.interruption import uninterrupted
from ..media.region import fitted_region
from ..media.video_source import FittedVideo
from ..persons.face_detector import WEIGHTS, FaceDetector
from ..persons.following import follow_video
from ..persons.masks import Persons
from ..persons.mouth_region import MouthRegion
from ..persons.moving_persons import MovingPersons
from .clips import ClipPlan
from .dubbing import Dubbing
from .spec import Continuation


def dub(
    video: FittedVideo,
    persons: Persons,
    plan: ClipPlan,
    *,
    denoise: float,
    region: FittedVideo | None = None,
    mouths: bool = False,
    continuation: str = Continuation.MULTITALK,
    localizes: bool = True,
    face_model: Path = WEIGHTS,
    note: Callable[[str], None] | None = None,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> Dubbing:
    """Describe how a video is dubbed; its persons are followed where the film depends on it.

    Parameters
    ----------
    video : FittedVideo
    persons : Persons
        On the video's first picture.
    plan : ClipPlan
    denoise : float
        As in `Dubbing`.
    region : FittedVideo, optional
        What is regenerated.
    mouths : bool
        Regenerate the persons' mouths, in place of a region.
    continuation : str
        A Continuation.
    localizes : bool
        Whether the film's scheme locates persons by their masks.
    face_model : Path
        Weights for `FaceDetector`.
    note : callable, optional
        Gets a sentence for the user before the video is looked through.
    check_interrupted : callable
        Called for every picture and clip; raises where the user has interrupted.

    Raises
    ------
    MultiTalkError
        When mouths are asked for, and a person has no certain face in the first picture.
    """
    # Otherwise the film takes no motion from the video, and its persons stay where the picture has them.
    follows = mouths or region is not None or denoise < 1 or continuation == Continuation.INFINITETALK
    moves = follows and localizes and len(plan.clips) > 1
    if not (moves or mouths):
        return Dubbing(video, denoise, region)
    followed = follow_video(
        FaceDetector(face_model),
        video.video,
        persons,
        pictures=video.picture_at(plan.end - 1) + 1,
        all_seen=mouths,
        note=note,
        check_interrupted=check_interrupted,
    )
    moving = MovingPersons(persons, followed)
    if mouths:
        region = fitted_region(MouthRegion(video.video, followed.faces), video)
    masks: dict[int, Tensor] = {}
    for clip in plan.clips[1:] if moves and moving.any_moves else ():
        check_interrupted()
        shown = moving.in_picture(video.picture_at(clip.start))
        masks[clip.index] = shown.token_masks(video.height, video.width, may_vanish=True)
    return Dubbing(video, denoise, region, masks, (*moving.reports(), *_absences(masks, persons.count)))


def _absences(masks: Mapping[int, Tensor], persons: int) -> Iterator[str]:
    """A sentence for each person whom the first frame of some clips does not show."""
    for person in range(persons):
        absent = [clip + 1 for clip, mask in masks.items() if not mask[person].any()]
        if absent:
            begin = "clip {} begins" if len(absent) == 1 else "clips {} begin"
            yield (
                f"Person {person + 1} is not shown where {begin.format(_ranges(absent))}, so their voice "
                "moves nobody there."
            )


def _ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as in 2, 4 to 7."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
