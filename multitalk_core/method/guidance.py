"""Text and audio guidance of the reference implementation: classifier-free, plain or projected (APG)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from torch import Tensor


class GuidancePass(Enum):
    """A pass of the model, by what it is conditioned on; guidance joins the predictions of up to three.

    Attributes
    ----------
    negative : bool
        The negative prompt in place of the prompt.
    audible : bool
        The voices, or no audio.
    """

    PROMPT = False, True
    NEGATIVE = True, True
    PROMPT_WITHOUT_AUDIO = False, False
    NEGATIVE_WITHOUT_AUDIO = True, False

    def __init__(self, negative: bool, audible: bool) -> None:
        self.negative = negative
        self.audible = audible


@dataclass(frozen=True)
class GuidanceScales:
    """How strongly prompt and voices are followed; a scale of 1 saves its pass.

    Attributes
    ----------
    text : float
        5 in the reference implementation; 1 with few-step LoRAs.
    audio : float
        4 in the reference implementation; 2 with few-step LoRAs.
    """

    text: float = 5.0
    audio: float = 4.0

    def passes(self) -> tuple[GuidancePass, ...]:
        """The passes whose predictions `guide` needs, the plain one first."""
        with_text, with_audio = not math.isclose(self.text, 1.0), not math.isclose(self.audio, 1.0)
        if with_text and with_audio:
            return GuidancePass.PROMPT, GuidancePass.NEGATIVE, GuidancePass.NEGATIVE_WITHOUT_AUDIO
        if with_text:
            return GuidancePass.PROMPT, GuidancePass.NEGATIVE
        if with_audio:
            return GuidancePass.PROMPT, GuidancePass.PROMPT_WITHOUT_AUDIO
        return (GuidancePass.PROMPT,)


class ProjectedGuidance:
    """Adaptive projected guidance (APG): damped differences without their part along the prediction.

    Keeps a running difference for the text and for the audio term, so make a new one for every clip.

    Parameters
    ----------
    momentum : float
        Share of the last running difference that is added.
    threshold : float
        Largest norm of a difference, over a whole latent.
    """

    def __init__(self, momentum: float = -0.75, threshold: float = 55.0):
        self.momentum = momentum
        self.threshold = threshold
        self.running: dict[str, Tensor] = {}

    def __call__(self, term: str, difference: Tensor, prediction: Tensor) -> Tensor:
        """The update that replaces `difference` ([rows, ...], like `prediction`) of one term."""
        if term in self.running:
            difference = difference + self.momentum * self.running[term]
        self.running[term] = difference
        dimensions = tuple(range(1, difference.ndim))
        norm = difference.square().sum(dimensions, keepdim=True).sqrt()
        difference = difference * (self.threshold / norm).clamp(max=1.0)
        # float64 as in the reference implementation; Apple's GPUs have none.
        along = prediction.float() if prediction.device.type == "mps" else prediction.double()
        along = along / along.square().sum(dimensions, keepdim=True).sqrt().clamp(min=1e-12)
        parallel = (difference.to(along.dtype) * along).sum(dimensions, keepdim=True) * along
        return (difference - parallel).to(prediction.dtype)


def guide(
    predictions: Mapping[GuidancePass, Tensor],
    scales: GuidanceScales,
    projected: ProjectedGuidance | None = None,
) -> Tensor:
    """Join the predictions of one step.

    U + text · (C − D) + audio · (D − U), with C the plain prediction, D the negative prompt's and U the
    one without audio, written as C plus (scale − 1) times each difference. With text scale 1 the audio
    difference is taken from the prompt without audio.

    Parameters
    ----------
    predictions : mapping of GuidancePass to Tensor [rows, channels, frames, height, width]
        One for each of `scales.passes()`.
    scales : GuidanceScales
    projected : ProjectedGuidance, optional
        Replaces plain differences.

    Returns
    -------
    Tensor, shape of a prediction
    """
    plain = guided = predictions[GuidancePass.PROMPT]
    passes = scales.passes()
    if GuidancePass.NEGATIVE in passes:
        difference = plain - predictions[GuidancePass.NEGATIVE]
        guided = guided + (scales.text - 1) * _update("text", difference, plain, projected=projected)
    if not passes[-1].audible:
        difference = predictions[passes[-2]] - predictions[passes[-1]]
        guided = guided + (scales.audio - 1) * _update("audio", difference, plain, projected=projected)
    return guided


def _update(term: str, difference: Tensor, plain: Tensor, *, projected: ProjectedGuidance | None) -> Tensor:
    return difference if projected is None else projected(term, difference, plain)
