"""A film of 5 frames in 2 steps: finite, with persons located, and another one with other voices."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..audio.conversation import Conversation
from ..evaluation.envelope import loudness_envelope
from ..film.clip_inputs import VideoModel
from ..film.clips import Clip, ClipPlan
from ..film.film import make_film
from ..film.seams import SeamCorrection
from ..film.spec import FilmSpec, SamplingOptions
from ..guards.finite import is_finite
from ..media.picture import resize_and_crop
from ..method.audio_patch import BindingOptions
from ..method.recorder import BindingRecord
from ..method.wan import TOKEN_STEP, nearest_bucket, usual_resolution
from ..persons.masks import Persons
from .checkup import Check
from .meter import MeasuredModel, Meter
from .report_line import ReportLine, failed, passed, warned

FRAMES, STEPS = 5, 2
SMALL = 320 * 320  # pixels; larger trained sizes are halved
DIFFERENT = 1e-3  # relative difference of latents that rounding does not explain
LEVELS = 255


@dataclass(frozen=True)
class TrialResult:
    """A finished trial.

    Attributes
    ----------
    frames : Tensor [5, height, width, 3], in 0..1
    latent : Tensor [1, 16, 2, height / 8, width / 8]
    record : BindingRecord or None
    """

    frames: Tensor
    latent: Tensor
    record: BindingRecord | None


def not_made(again: str) -> Check[None]:
    """Say that failures before the trial film left nothing to make it with.

    Parameters
    ----------
    again : str
        What the user does after they are put right.
    """
    yield warned(
        f"The trial film was not made, because of the failures above: put them right, and {again} again."
    )


def trial_spec(
    picture: Tensor,
    persons: Persons,
    conversation: Conversation,
    *,
    model_width: int,
    binding: BindingOptions,
) -> FilmSpec:
    """Describe the trial film; its host adds what the models determine.

    Parameters
    ----------
    picture : Tensor [height, width, 3], in 0..1
        Uncropped.
    persons : Persons
    conversation : Conversation
    model_width : int
        Of a token in the DiT.
    binding : BindingOptions
    """
    rows, columns = picture.shape[:2]
    height, width = trial_size(rows, columns, model_width)
    return FilmSpec(
        picture=resize_and_crop(picture.movedim(-1, 0), height, width).movedim(0, -1),
        masks=persons.token_masks(height, width),
        conversation=conversation,
        plan=trial_plan(conversation),
        sampling=SamplingOptions(steps=STEPS),
        binding=binding,
        seams=SeamCorrection(colour_strength=0.0),  # colours as the model gives them
    )


def trial_size(height: int, width: int, model_width: int) -> tuple[int, int]:
    """A small size in the shape of a picture, (height, width): half of the trained one, a miniature's whole.

    Parameters
    ----------
    height, width : int
        Of the picture.
    model_width : int
        Of a token in the DiT.
    """
    rows, columns = nearest_bucket(height, width, usual_resolution(model_width))
    if rows * columns <= SMALL:
        return rows, columns
    return rows // 2 // TOKEN_STEP * TOKEN_STEP, columns // 2 // TOKEN_STEP * TOKEN_STEP


def trial_plan(conversation: Conversation) -> ClipPlan:
    """One clip where the voices are loudest."""
    frames, fps = conversation.frames, conversation.fps
    tracks = conversation.timeline.tracks(normalise=False, seconds=frames / fps)
    loudness = torch.stack([loudness_envelope(track, frames, fps) for track in tracks]).sum(dim=0)
    start = 0 if frames <= FRAMES else int(loudness.unfold(0, FRAMES, 1).sum(dim=1).argmax())
    return ClipPlan(FRAMES, (Clip(0, start, FRAMES, 0, FRAMES),))


def check_weights(name: str, module: nn.Module) -> Check[bool]:
    """Look for numbers that are not finite in a model's weights; True where all are."""
    looked_at = 0
    for key, weight in module.named_parameters():
        if weight.is_meta or not weight.is_floating_point():
            continue  # it is offloaded layer by layer, or quantised
        looked_at += 1
        is_fp8 = weight.element_size() == 1  # torch finds no extremes of it
        if not is_finite(weight.detach().float() if is_fp8 else weight.detach()):
            yield failed(
                f"The {name} has numbers that are not finite, first in {key}: the file is damaged; download "
                "it again."
            )
            return False
    if looked_at:
        yield passed(f"All weights of the {name} are finite.")
    else:
        yield passed(f"The weights of the {name} are offloaded or quantised, and were not looked at.")
    return True


def check_film(spec: FilmSpec, model: VideoModel, meter: Meter) -> Check[TrialResult]:
    """Make the film with its own voices.

    Parameters
    ----------
    spec : FilmSpec
        Of one clip, from `trial_plan`.
    model : VideoModel
    meter : Meter

    Raises
    ------
    MultiTalkError
        When a latent or a frame is not finite.
    """
    made = _made(spec, model, meter)
    height, width = spec.size
    steps = spec.sampling.steps
    size = f"{FRAMES} frames of {width}×{height} in {steps} steps"
    yield passed(
        f"A film of {size} was made, scheme {spec.binding.scheme}; every latent and frame is finite."
    )
    yield from _located(spec, made.record)
    return made


def _located(spec: FilmSpec, record: BindingRecord | None) -> Check[None]:
    """Whether the model finds the persons where they are marked in the first frame."""
    if record is None:
        yield passed("With one person and this scheme nobody has to be located.")
        return
    found = record.classes[0].flatten()
    for person, mask in enumerate(spec.masks[:-1]):
        share = float((found[mask > 0] == person).float().mean())
        said = f"The model locates person {person + 1} on {share:.0%} of their own place in the first frame"
        if share > 1 / len(spec.masks):
            yield passed(f"{said}.")
        else:
            yield warned(
                f"{said}, no more than by chance: look at the drawing of the persons, and try more steps "
                "before you trust the binding."
            )


def check_voices_matter(spec: FilmSpec, own: TrialResult, model: VideoModel, *, meter: Meter) -> Check[None]:
    """Make the film again with the voices exchanged, and with silence; both have to differ."""
    conversation = spec.conversation
    features = conversation.features
    swapped = replace(conversation, features=(*features[1:], features[0]))
    silence = conversation.silence[torch.arange(conversation.frames) % len(conversation.silence)]
    silent = replace(conversation, features=(silence,) * conversation.speakers)
    for name, other, same in (
        ("voices exchanged", swapped, "give each of several persons a voice of their own to check this"),
        ("silent voices", silent, "give voices that speak to check this"),
    ):
        if _alike(spec, other):
            yield warned(f"A film with {name} would have the same voices, so this was not checked: {same}.")
            continue
        made = _made(replace(spec, conversation=other), model, meter)
        yield _compared(name, own, made)


def _alike(spec: FilmSpec, other: Conversation) -> bool:
    """Whether a clip's voices would be the same."""
    clip = spec.plan.clips[0]
    first, second = (
        each.windows(clip.start, clip.frames, spec.window) for each in (spec.conversation, other)
    )
    return torch.equal(first, second)


def _compared(name: str, own: TrialResult, other: TrialResult) -> ReportLine:
    relative = float((own.latent - other.latent).abs().max() / own.latent.abs().max())
    frames = (own.frames.clamp(0, 1) - other.frames.clamp(0, 1)).abs() * LEVELS
    said = (
        f"a film with {name} differs by {relative:.1%} in the latent, in the frames by "
        f"{float(frames.mean()):.1f} of {LEVELS} levels on average and {float(frames.max()):.0f} at most"
    )
    if relative > DIFFERENT:
        return passed(f"With the same seed {said}.")
    return failed(
        f"With the same seed {said}: the voices do not reach the model; check that the adapter is the one "
        "for this model, and attach this report to a bug report."
    )


def check_costs(meter: Meter) -> Check[None]:
    """Seconds and memory of each part."""
    for name, cost in meter.costs.items():
        yield passed(f"{name[:1].upper()}{name[1:]} took {cost}.")


def _made(spec: FilmSpec, model: VideoModel, meter: Meter) -> TrialResult:
    (finished,) = make_film(spec, MeasuredModel(model, meter))
    return TrialResult(finished.frames, finished.latent, finished.record)
