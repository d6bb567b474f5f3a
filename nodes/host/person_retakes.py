"""Retakes of single persons in a node's film."""

from collections.abc import Mapping
from fractions import Fraction

from comfy.model_management import throw_exception_if_processing_interrupted
from torch import Tensor

from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.film.clips import ClipPlan
from ...multitalk_core.film.person_retake import PersonRegion, PersonRetake
from ...multitalk_core.film.spec import ClipOverride
from ...multitalk_core.film.store import Json
from ...multitalk_core.media.region import fitted_region
from ...multitalk_core.media.video_source import FittedVideo, Video, VideoInMemory
from ...multitalk_core.persons.face_detector import FaceDetector
from ...multitalk_core.persons.person_region import FoundMouth, GivenRegion
from .checks import naming
from .picture_input import region_of
from .sampler_inputs import SamplerInputs


def person_retakes(
    inputs: SamplerInputs,
    plan: ClipPlan,
    clips: Mapping[int, Mapping[int, ClipOverride]],
    *,
    picture: Tensor,
    video: Video | None,
    identity: Json,
) -> tuple[PersonRetake, ...]:
    """The retakes that the plan has clips for, with the region input or what finds mouths.

    Parameters
    ----------
    inputs : SamplerInputs
    plan : ClipPlan
    clips : mapping of person and clip index to ClipOverride
        From `person_clips`.
    picture : Tensor [height, width, 3], in 0..1
        Uncropped; of a video the first one.
    video : Video or None
        What is dubbed.
    identity : plain value
        Of the region input.

    Raises
    ------
    MultiTalkError
        For a region that does not go with the picture or video.
    """
    if not clips:
        return ()
    fps, masks = inputs["audio"].fps, inputs.get("region")
    region: PersonRegion
    if masks is None:
        region = FoundMouth(FaceDetector(), fps, throw_exception_if_processing_interrupted)
    else:
        with naming("region"):
            region = GivenRegion(_fitted(inputs, masks, plan, picture=picture, video=video))
    return tuple(
        PersonRetake(
            person=person,
            clips={index: own for index, own in of_person.items() if index < len(plan.clips)},
            region=region,
            identity=identity,
        )
        for person, of_person in sorted(clips.items())
    )


def _fitted(
    inputs: SamplerInputs, masks: Tensor, plan: ClipPlan, *, picture: Tensor, video: Video | None
) -> FittedVideo:
    """The region input at the film's size."""
    fps = inputs["audio"].fps
    still = VideoInMemory(picture[None], Fraction(fps))
    fitted = FittedVideo(video or still, inputs["height"], inputs["width"], fps)
    if video is not None:
        return fitted_region(region_of(masks, video), fitted)
    if len(masks) not in (1, plan.frames):
        raise MultiTalkError(
            f"There are {len(masks)} masks, but the video has {plan.frames} frames: connect one mask, or one "
            "per frame."
        )
    return fitted_region(VideoInMemory(masks[..., None], Fraction(fps)), fitted, "picture")
