"""Arguments for sampling, and for the binding of voices to persons."""

import argparse

from ...errors import MultiTalkError
from ...film.spec import SamplingOptions
from ...limits import AUDIO_STRENGTH, GUIDANCE, SEED, SHIFT, STEPS
from ...method.audio_patch import BindingOptions
from ...method.guidance import GuidanceScales
from ...method.labels import LabelRanges
from ...method.schemes import AUTOMATIC, SCHEMES, resolved_scheme, schemes_help
from ...persons.masks import Persons
from .limited_number import within
from .types import text

AREA_720 = 600_000  # pixels; between the trained 480p and 720p sizes
SHIFT_480, SHIFT_720 = 7.0, 11.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Prompt, sampling and guidance; the scheme that binds voices to persons."""
    _add_sampling(parser)
    _add_binding(parser)


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("prompt and sampling")
    group.add_argument(
        "--prompt",
        type=text,
        default="",
        help="what happens in the film; the miniature model knows left, right, they, nods, hops, reddens, "
        "cross",
    )
    group.add_argument("--negative-prompt", type=text, help="what must not happen (default: the paper's)")
    group.add_argument(
        "--steps", type=within(STEPS), default=40, metavar="N", help="sampling steps per clip (default: 40)"
    )
    group.add_argument(
        "--shift",
        type=within(SHIFT),
        help="shift of the timesteps towards noise; use 2 with few-step LoRAs (default: 7 at 480p, 11 at "
        "720p)",
    )
    group.add_argument(
        "--text-scale",
        type=within(GUIDANCE),
        default=5.0,
        metavar="SCALE",
        help="how strongly the film follows the prompt; 1 saves a pass per step (default: 5)",
    )
    group.add_argument(
        "--audio-scale",
        type=within(GUIDANCE),
        default=4.0,
        metavar="SCALE",
        help="how strongly the film follows the voices; 1 saves a pass per step (default: 4)",
    )
    group.add_argument("--apg", action="store_true", help="use adaptive projected guidance")
    group.add_argument(
        "--seed",
        type=within(SEED),
        default=0,
        metavar="N",
        help="the same seed gives the same film (default: 0)",
    )


def _add_binding(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("binding of voices to persons")
    group.add_argument(
        "--scheme",
        choices=(AUTOMATIC, *SCHEMES),
        default=AUTOMATIC,
        help=f"{schemes_help()} (default: %(default)s)",
    )
    group.add_argument(
        "--label-ranges",
        type=text,
        default="paper",
        metavar="RANGES",
        help="labels of the persons: paper is 0-4 and 20-24; narrow is 0-2 and 2-4, the other variant of "
        "Table 3; or give LOW:HIGH,LOW:HIGH/BACKGROUND/VOICE,VOICE (default: %(default)s)",
    )
    group.add_argument(
        "--audio-strength",
        type=within(AUDIO_STRENGTH),
        default=1.0,
        metavar="FACTOR",
        help="strength of the audio layers; 1 as trained, 0 is off (default: 1)",
    )
    group.add_argument(
        "--recorded-step",
        type=within(STEPS),
        metavar="N",
        help="sampling step whose localization is drawn; steps count from 1 (default: the last)",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for a recorded step beyond the last one."""
    if (arguments.recorded_step or 1) > arguments.steps:
        raise MultiTalkError(
            f"--recorded-step is {arguments.recorded_step}, but there are only {arguments.steps} steps: "
            "choose one of them."
        )


def sampling_options(arguments: argparse.Namespace, area: int) -> SamplingOptions:
    """How a film of `area` pixels is sampled."""
    return SamplingOptions(
        steps=arguments.steps,
        shift=arguments.shift or (SHIFT_720 if area > AREA_720 else SHIFT_480),
        scales=GuidanceScales(arguments.text_scale, arguments.audio_scale),
        projected=arguments.apg,
    )


def binding_options(arguments: argparse.Namespace, persons: Persons) -> BindingOptions:
    """How the voices are bound to their persons."""
    return BindingOptions(
        scheme=resolved_scheme(
            arguments.scheme, voices=persons.count, among_bystanders=persons.among_bystanders
        ),
        ranges=LabelRanges.parse(arguments.label_ranges, persons.count),
        strength=arguments.audio_strength,
    )
