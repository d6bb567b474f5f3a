"""Arguments that say how a film is sampled and its voices bound to persons, and the settings they mean."""

import argparse

from ...errors import MultiTalkError
from ...film.spec import SamplingOptions
from ...limits import AUDIO_STRENGTH, GUIDANCE, SEED, SHIFT, STEPS
from ...method.audio_patch import BindingOptions
from ...method.guidance import GuidanceScales
from ...method.labels import LabelRanges
from ...method.schemes import SCHEMES
from .types import text, within

AREA_720 = 600_000  # pixels; trained 480p sizes lie below, 720p sizes above
SHIFT_480, SHIFT_720 = 7.0, 11.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The prompt, the steps and their guidance; the scheme that binds voices to persons."""
    _add_sampling(parser)
    _add_binding(parser)


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the prompt and the sampling")
    group.add_argument(
        "--prompt",
        type=text,
        default="",
        help="what happens in the film (miniature model: left, right or they; nods, hops, reddens, cross)",
    )
    group.add_argument("--negative-prompt", type=text, help="what must not (default: the paper's)")
    group.add_argument(
        "--steps", type=within(STEPS), default=40, metavar="N", help="of each clip (default: 40)"
    )
    group.add_argument(
        "--shift",
        type=within(SHIFT),
        help="of the timesteps towards noise; 2 with few-step LoRAs (default: 7 at 480p, 11 at 720p)",
    )
    group.add_argument(
        "--text-scale",
        type=within(GUIDANCE),
        default=5.0,
        metavar="SCALE",
        help="guidance by the prompt (default: 5)",
    )
    group.add_argument(
        "--audio-scale",
        type=within(GUIDANCE),
        default=4.0,
        metavar="SCALE",
        help="guidance by the voices (default: 4)",
    )
    group.add_argument("--apg", action="store_true", help="adaptive projected guidance")
    group.add_argument(
        "--seed", type=within(SEED), default=0, metavar="N", help="same seed, same film (default: 0)"
    )


def _add_binding(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the binding of voices to persons")
    group.add_argument(
        "--scheme",
        choices=SCHEMES,
        default="l-rope",
        help="l-rope is the paper's; routed lets each person hear only their own voice, and the background "
        "none; the others are the paper's comparisons (default: %(default)s)",
    )
    group.add_argument(
        "--label-ranges",
        type=text,
        default="paper",
        metavar="RANGES",
        help="paper: persons 0-4 and 20-24; narrow: 0-2 and 2-4, Table 3's other variant; or "
        "LOW:HIGH,LOW:HIGH/BACKGROUND/VOICE,VOICE (default: %(default)s)",
    )
    group.add_argument(
        "--audio-strength",
        type=within(AUDIO_STRENGTH),
        default=1.0,
        metavar="FACTOR",
        help="of what the audio layers add (default: 1)",
    )
    group.add_argument(
        "--localization-step",
        type=within(STEPS),
        metavar="N",
        help="step whose localization is drawn, from 1 (default: the last)",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for a step that there is not."""
    if (arguments.localization_step or 1) > arguments.steps:
        raise MultiTalkError(
            f"The localization of step {arguments.localization_step} cannot be drawn, "
            f"there are {arguments.steps} steps: choose one of them."
        )


def sampling_options(arguments: argparse.Namespace, area: int) -> SamplingOptions:
    """How a film of `area` pixels is sampled."""
    return SamplingOptions(
        steps=arguments.steps,
        shift=arguments.shift or (SHIFT_720 if area > AREA_720 else SHIFT_480),
        scales=GuidanceScales(arguments.text_scale, arguments.audio_scale),
        projected=arguments.apg,
    )


def binding_options(arguments: argparse.Namespace, speakers: int) -> BindingOptions:
    """How so many voices are bound to their persons."""
    return BindingOptions(
        scheme=arguments.scheme,
        ranges=LabelRanges.parse(arguments.label_ranges, speakers),
        strength=arguments.audio_strength,
    )
