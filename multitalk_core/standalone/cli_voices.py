"""Arguments that say who speaks when, and the timeline they mean."""

import argparse
from pathlib import Path

from ..audio.timeline import Timeline
from ..audio.turns import read_turns
from ..audio.waveform import Waveform, read_audio
from ..errors import MultiTalkError
from .cli_types import place, positive, voice

DESCRIPTION = """\
One of three ways: --voice for each person; one --recording with a
  --table; or --place for each voice. Any audio or video file will do.
  Who only listens has the voice `none`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The voices, in one of three ways, and how they are heard."""
    group = parser.add_argument_group("the voices", DESCRIPTION)
    group.add_argument(
        "--voice",
        type=voice,
        action="append",
        dest="voices",
        metavar="FILE",
        help="a voice; repeat it for each person, in speaker order",
    )
    group.add_argument(
        "--order",
        choices=("together", "in-turn"),
        default="together",
        help="whether the --voice files start at once or follow each other (default: %(default)s)",
    )
    group.add_argument("--recording", type=Path, metavar="FILE", help="all voices in one file")
    group.add_argument(
        "--table",
        type=Path,
        metavar="FILE",
        help="who speaks when in the --recording: .csv (speaker,start,end), .json or .rttm, in seconds",
    )
    group.add_argument(
        "--names",
        nargs="+",
        metavar="NAME",
        help="the --table's names in speaker order; who has no turn listens (default: number n is "
        "speaker n, names are as they appear)",
    )
    group.add_argument(
        "--place",
        type=place,
        action="append",
        dest="places",
        metavar="SPEAKER:SECONDS:FILE",
        help="a voice at a second of the film; repeat it for each, speakers count from 1",
    )
    group.add_argument(
        "--loudness",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="bring each voice to -23 LUFS before it is encoded; the film's sound stays as it is "
        "(default: yes)",
    )
    group.add_argument(
        "--seconds-per-piece",
        type=positive,
        metavar="SECONDS",
        help="encode voices in pieces: less memory, features that differ a little, and clips that stay when "
        "voices change only later (default: in one piece)",
    )


def read_timeline(arguments: argparse.Namespace) -> Timeline:
    """Who speaks when.

    Raises
    ------
    MultiTalkError
        When it is not said in exactly one way, or a file cannot be used.
    """
    ways = [arguments.voices, arguments.recording or arguments.table, arguments.places]
    if sum(way is not None for way in ways) != 1:
        raise MultiTalkError(
            "Say who speaks in one way: --voice for each person, --recording with --table, or --place."
        )
    if arguments.places:
        return Timeline.placed((speaker, at, _read(file)) for speaker, at, file in arguments.places)
    if arguments.voices:
        arrange = Timeline.together if arguments.order == "together" else Timeline.in_turn
        return arrange([_read(file) for file in arguments.voices])
    if arguments.recording is None or arguments.table is None:
        raise MultiTalkError("--recording and --table belong together: give both.")
    return Timeline.from_table(read_audio(arguments.recording), read_turns(arguments.table), arguments.names)


def _read(file: Path | None) -> Waveform | None:
    return None if file is None else read_audio(file)
