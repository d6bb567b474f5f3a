"""What the sampler nodes' inputs say about dubbing: a video as the picture, and where it is regenerated."""

from contextlib import nullcontext

from comfy.model_management import throw_exception_if_processing_interrupted
from torch import Tensor

from ...multitalk_core.errors import MultiTalkError
from ...multitalk_core.film.clips import ClipPlan
from ...multitalk_core.film.dubbed_persons import dub
from ...multitalk_core.film.dubbing import Dubbing
from ...multitalk_core.media.region import fitted_region
from ...multitalk_core.media.video_source import FittedVideo, Video
from ...multitalk_core.persons.masks import Persons
from .checks import naming
from .picture_input import region_of
from .reporter import announce
from .sampler_inputs import SamplerInputs, denoise_settings_of


def dubbing_of(
    inputs: SamplerInputs,
    video: Video | None,
    plan: ClipPlan,
    *,
    persons: Persons,
    continuation: str,
    localizes: bool,
    node_id: str | None,
) -> Dubbing | None:
    """How a sampler node dubs a video, or None where the picture is none.

    Parameters
    ----------
    inputs : SamplerInputs
    video : Video or None
    plan : ClipPlan
    persons : Persons
        On the video's first picture.
    continuation : str
        A Continuation.
    localizes : bool
        Whether the film's scheme locates persons by their masks.
    node_id : str or None
        The node that shows what is being done.

    Raises
    ------
    MultiTalkError
        For a region without a video, or one that does not go with it.
    """
    settings, masks = denoise_settings_of(inputs), inputs.get("region")
    mouths = settings.mouths_only
    if video is None:
        _check_still(masks, mouths)
        return None
    if masks is not None and mouths:
        raise MultiTalkError(
            "mouths_only, region: both say where the video is regenerated; switch mouths_only off, or "
            "disconnect region."
        )
    fitted, region = FittedVideo(video, inputs["height"], inputs["width"], inputs["audio"].fps), None
    if masks is not None:
        with naming("region"):
            region = fitted_region(region_of(masks, video), fitted)
    with naming("mouths_only") if mouths else nullcontext():
        return dub(
            fitted,
            persons,
            plan,
            denoise=settings.denoise,
            region=region,
            mouths=mouths,
            continuation=continuation,
            localizes=localizes,
            note=lambda sentence: announce(sentence, node_id),
            check_interrupted=throw_exception_if_processing_interrupted,
        )


def _check_still(masks: Tensor | None, mouths: bool) -> None:
    """Raise a MultiTalkError where a picture is to be dubbed."""
    for name, given, purpose, advice in (
        (
            "region",
            masks is not None,
            "applies to dubbing, and to retakes of one person in MultiTalk Long Video",
            "disconnect region",
        ),
        ("mouths_only", mouths, "applies to dubbing", "switch mouths_only off"),
    ):
        if given:
            raise MultiTalkError(
                f"{name}: {purpose}, but picture is not a video; connect a VIDEO to picture, or {advice}."
            )
