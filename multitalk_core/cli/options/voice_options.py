"""Arguments that say who speaks when, and the timeline they mean."""

import argparse
from pathlib import Path

from ...audio.features import AudioEncoder
from ...audio.timeline import Timeline
from ...audio.turns import read_turns
from ...audio.waveform import SPEECH_RATE, Waveform, read_audio
from ...errors import MultiTalkError
from ...guards import memory
from ...limits import MOST_SPEAKERS, PIECE_SECONDS
from .paths import input_file
from .types import place, text, voice, within

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
    group.add_argument("--recording", type=input_file, metavar="FILE", help="all voices in one file")
    group.add_argument(
        "--table",
        type=input_file,
        metavar="FILE",
        help="who speaks when in the --recording: .csv (speaker,start,end), .json or .rttm, in seconds",
    )
    group.add_argument(
        "--names",
        type=text,
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
        type=within(PIECE_SECONDS, above=0.0),
        metavar="SECONDS",
        help="encode voices in pieces: less memory, features that differ a little, and clips that stay when "
        "voices change only later (default: in one piece)",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError unless it is said in exactly one way who speaks."""
    ways = [arguments.voices, arguments.recording or arguments.table, arguments.places]
    if sum(way is not None for way in ways) != 1:
        raise MultiTalkError(
            "Say who speaks in one way: --voice for each person, --recording with --table, or --place."
        )
    if (arguments.recording is None) != (arguments.table is None):
        raise MultiTalkError("--recording and --table belong together: give both.")
    if arguments.names and arguments.table is None:
        raise MultiTalkError("--names are those of a --table: give one, or leave them out.")
    for option, given in (("--voice", arguments.voices), ("--names", arguments.names)):
        if len(given or ()) > MOST_SPEAKERS:
            raise MultiTalkError(
                f"{option} is given for {len(given)} speakers, and {MOST_SPEAKERS} is the most: leave some "
                "out."
            )


def known_speakers(arguments: argparse.Namespace) -> int | None:
    """How many speak, where that is said without a look into a file."""
    if arguments.places:
        return 1 + max(speaker for speaker, _, _ in arguments.places)
    given = arguments.voices or arguments.names
    return len(given) if given else None


def read_timeline(arguments: argparse.Namespace) -> Timeline:
    """Who speaks when.

    Raises
    ------
    MultiTalkError
        When a file cannot be used.
    """
    if arguments.places:
        return Timeline.placed((speaker, at, _read(file)) for speaker, at, file in arguments.places)
    if arguments.voices:
        arrange = Timeline.together if arguments.order == "together" else Timeline.in_turn
        return arrange([_read(file) for file in arguments.voices])
    turns = read_turns(arguments.table)
    return Timeline.from_table(read_audio(arguments.recording), turns, arguments.names)


def check_memory(timeline: Timeline, encoder: AudioEncoder, fps: float, frames: int) -> None:
    """Refuse voices that are too long for the main memory.

    Parameters
    ----------
    timeline : Timeline
    encoder : AudioEncoder
    fps : float
    frames : int
        Of the film.

    Raises
    ------
    MultiTalkError
        With the figures.
    """
    seconds = max(timeline.seconds, frames / fps)
    speakers = len({placed.speaker for placed in timeline.placed_voices})  # listeners share one silence
    memory.check_memory(
        memory.tracks_bytes(timeline.speakers, seconds, SPEECH_RATE)
        + memory.features_bytes(
            speakers, round(seconds * fps), layers=encoder.layers, channels=encoder.channels
        ),
        f"Encoding {speakers} voices over {seconds:,.0f} seconds",
        "use shorter voices, or start them earlier (--ignore-memory tries it all the same)",
    )


def _read(file: Path | None) -> Waveform | None:
    return None if file is None else read_audio(file)
