"""Arguments for one voice a person, and how they follow each other."""

import argparse
from collections.abc import Sequence

from ...audio.timeline import Timeline
from ...audio.timing import Timing
from ...audio.waveform import Waveform
from .types import voice

TOGETHER, IN_TURN = "together", "in-turn"


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """The voices and their order."""
    group.add_argument(
        "--voice",
        type=voice,
        action="append",
        dest="voices",
        metavar="FILE[:CHANNEL]",
        help="the voice of a person, or none; repeat the option for each person, in speaker order",
    )
    group.add_argument(
        "--order",
        choices=(TOGETHER, IN_TURN),
        default=TOGETHER,
        help="whether the --voice files start together or follow each other (default: %(default)s)",
    )


def order_of(timing: Timing) -> str:
    """How `--order` calls voices that start together or in turn."""
    return IN_TURN if timing is Timing.IN_TURN else TOGETHER


def arranged(voices: Sequence[Waveform | None], order: str) -> Timeline:
    """The timeline of voices in speaker order, None for a listener."""
    return (Timeline.together if order == TOGETHER else Timeline.in_turn)(voices)
