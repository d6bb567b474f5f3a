"""Arguments for a conversation from a script, spoken by a text-to-speech program."""

import argparse
from argparse import ArgumentTypeError
from pathlib import Path

from ...audio.timeline import Timeline
from ...errors import MultiTalkError, quoted
from ...files.given import read_text
from ...limits import GAP_SECONDS, LONGEST_TEXT
from ...script.cast import cast_remarks
from ...script.joining import join_lines
from ...script.parsing import parse_script
from ...script.placing import USUAL_GAP
from ...script.script_summary import summary
from ...script.speech_program import KNOWN, speech_program
from ...script.spoken_lines import check_voices, speak_lines
from ...script.written_script import Script
from .limited_number import within
from .paths import input_file
from .store_options import default_store
from .types import text

USUAL_PROGRAM = "espeak-ng"
MOST_BYTES = 4  # of a character in UTF-8
LINES = "lines"  # folder beside the default store

DESCRIPTION = """\
A script has lines `Name: words`, and [pause 0.5], [overlap 0.3] and [reaction]
before or between them (docs/script.md). A program speaks each line; stored
lines are not spoken again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The script, and what speaks it."""
    group = parser.add_argument_group("voices from a script", DESCRIPTION)
    group.add_argument(
        "--script",
        type=input_file,
        metavar="FILE",
        help="a conversation in writing, in place of --voice; speakers are in order of first appearance, or "
        "as --names lists them",
    )
    group.add_argument(
        "--tts",
        type=text,
        metavar="PROGRAM",
        help=f"what speaks the lines: {', '.join(KNOWN)}, where it is installed, or a command with "
        "{output} and perhaps {voice} and {text}; without {text} it reads the text from its standard input "
        f"(default: {USUAL_PROGRAM})",
    )
    group.add_argument(
        "--voice-of",
        type=_voice_of,
        action="append",
        default=[],
        metavar="NAME=VOICE",
        help='the voice of a speaker, as the program calls it: "Anna=en-us+f3"; repeat the option for each '
        "speaker (default: the program's usual voice)",
    )
    group.add_argument(
        "--line-gap",
        type=within(GAP_SECONDS),
        metavar="SECONDS",
        help=f"silence between two lines where the script says nothing (default: {USUAL_GAP:g})",
    )


def _voice_of(argument: str) -> tuple[str, str]:
    name, sign, voice = (part.strip() for part in text(argument).partition("="))
    if not (name and sign and voice):
        raise ArgumentTypeError(f"{quoted(argument)} is no voice of a speaker: write NAME=VOICE")
    return name, voice


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError unless the script can be read and the program is there."""
    if arguments.script is None:
        given = {"--tts": arguments.tts, "--voice-of": arguments.voice_of, "--line-gap": arguments.line_gap}
        for option, value in given.items():
            if value not in (None, []):
                raise MultiTalkError(f"{option} applies to a --script: give one, or leave it out.")
        return
    names = [name.casefold() for name, _ in arguments.voice_of]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise MultiTalkError(f"--voice-of gives {quoted(twice)} two voices: keep one.")
    script = read_script(arguments)
    check_voices(script, speech_program(arguments.tts or USUAL_PROGRAM), _voices(arguments))
    listed = arguments.names or script.speakers
    if unlisted := [name for name in script.speakers if name not in listed]:
        raise MultiTalkError(
            f"{quoted(unlisted[0])} speaks in the script and is not among the --names "
            f"{', '.join(map(quoted, listed))}: add the name, or write it in the same way."
        )


def read_script(arguments: argparse.Namespace) -> Script:
    """The script of --script."""
    path: Path = arguments.script
    written = read_text(path, "script", MOST_BYTES * LONGEST_TEXT)
    return parse_script(written, f"the script {path}")


def read_timeline(arguments: argparse.Namespace) -> Timeline:
    """Speak the script, and place its lines.

    Raises
    ------
    MultiTalkError
        When a line cannot be spoken.
    """
    script, voices = read_script(arguments), _voices(arguments)
    films = default_store() if arguments.keep else None
    sounds = speak_lines(
        script,
        speech_program(arguments.tts or USUAL_PROGRAM),
        voices,
        folder=None if films is None else films.with_name(LINES),
    )
    joined = join_lines(script, sounds, USUAL_GAP if arguments.line_gap is None else arguments.line_gap)
    timeline = Timeline.from_table(joined.recording, joined.turns, arguments.names)
    remarks = [*script.remarks, *cast_remarks(script, voices), *joined.remarks]
    print(summary(script, joined, voices, names=arguments.names), *remarks, sep="\n")
    return timeline


def _voices(arguments: argparse.Namespace) -> dict[str, str]:
    """By the case-folded name."""
    return {name.casefold(): voice for name, voice in arguments.voice_of}
