"""Arguments for the voices, and the timeline of who speaks when."""

import argparse
from collections.abc import Sequence

from ...audio.driven_timeline import driven_by
from ...audio.features import AudioEncoder
from ...audio.speaker_names import mapping_of
from ...audio.timeline import Timeline
from ...audio.turns import read_turns
from ...audio.vocals import VocalSeparator, check_checkpoint
from ...audio.waveform import SPEECH_RATE, Waveform
from ...errors import MultiTalkError
from ...guards import memory
from ...limits import MOST_SPEAKERS, PIECE_SECONDS
from . import person_voices, script_options
from .limited_number import within
from .paths import input_file, input_path
from .types import place, text
from .voice_file import VoiceFile, voice_file

DESCRIPTION = """\
Give the voices in one way: --voice for each person, whose turns a --table may
place; one --recording with a --table; --place for each voice; or a --script. Any
audio or video file works; of a video, second 0 is its first picture. FILE:left,
:right, :1 and so on take one channel, FILE:mix their mono mix. A person who only
listens has the voice `none`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The voices, in one of several ways, and how they are encoded."""
    group = parser.add_argument_group("voices", DESCRIPTION)
    person_voices.add_arguments(group)
    group.add_argument(
        "--recording", type=voice_file, metavar="FILE[:CHANNEL]", help="one file with all voices"
    )
    group.add_argument(
        "--table",
        type=input_file,
        metavar="FILE",
        help="who speaks when in the --recording, or in everyone's own --voice: CSV (speaker,start,end), "
        "RTTM, a transcript in JSON, subtitles with names, labels of Audacity, a TextGrid or an ELAN file "
        "(see docs/turns.md)",
    )
    group.add_argument(
        "--table-recording",
        type=text,
        metavar="NAME",
        help="which recording of a --table in RTTM that holds several",
    )
    group.add_argument(
        "--names",
        type=text,
        nargs="+",
        metavar="NAME",
        help="names in the --table or --script, in speaker order; a name without a turn is a listener "
        "(default: number n is speaker n, other names are speakers in order of appearance)",
    )
    group.add_argument(
        "--place",
        type=place,
        action="append",
        dest="places",
        metavar="SPEAKER:SECONDS:FILE[:CHANNEL]",
        help="a voice that starts at this second of the film; repeat the option for each voice; speakers "
        "count from 1",
    )
    group.add_argument(
        "--track",
        type=text,
        action="append",
        dest="tracks",
        metavar="TRACK",
        help="which sound track of files that have several: its number from 1, its language or its title; "
        "once for all files, or once for each in their order (default: the one that a file marks as default)",
    )
    group.add_argument(
        "--loudness",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="normalise each voice to -23 LUFS before it is encoded; the film's sound is not changed "
        "(default: yes)",
    )
    group.add_argument(
        "--separate-vocals",
        type=input_path,
        metavar="FILE",
        help="for singing: the mouths follow the vocals alone, which this Hybrid Transformer Demucs in "
        ".safetensors takes out of each voice (pip install demucs-infer[safetensors]); the film's sound "
        "stays the whole mix",
    )
    group.add_argument(
        "--seconds-per-piece",
        type=within(PIECE_SECONDS, above=0.0),
        metavar="SECONDS",
        help="encode voices in pieces of this length, which saves memory, changes the features slightly, and "
        "lets stored clips stay valid when only later parts of the voices change (default: one piece, "
        "or pieces of 120 beyond 5 minutes)",
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError unless the voices are given in exactly one way."""
    ways = [arguments.voices, arguments.recording, arguments.places, arguments.script]
    if sum(way is not None for way in ways) != 1:
        raise MultiTalkError(
            "Give the voices in one way: --voice for each person, also with a --table; --recording with "
            "--table; --place; or --script."
        )
    if arguments.recording is not None and arguments.table is None:
        raise MultiTalkError("A --recording needs a --table of who speaks when: give both.")
    others = {
        "--place": arguments.places,
        "--script": arguments.script,
        "--order in-turn": arguments.order == person_voices.IN_TURN,
    }
    for option, given in others.items():
        if given and arguments.table is not None:
            raise MultiTalkError(f"The --table says when everyone speaks: leave {option} out.")
    if arguments.order == person_voices.IN_TURN and arguments.voices is None:
        raise MultiTalkError("--order applies to the --voice files: leave it out.")
    script_options.check(arguments)
    if arguments.separate_vocals:
        check_checkpoint(arguments.separate_vocals)
    if arguments.script and arguments.tracks:
        raise MultiTalkError("--track applies to sound files, and a --script has none: leave it out.")
    files = arguments.voices or arguments.places or [arguments.recording]
    if len(arguments.tracks or ()) not in (0, 1, len(files)):
        raise MultiTalkError(
            f"--track is given {len(arguments.tracks)} times for {len(files)} voices: give it once for all, "
            "or once for each."
        )
    if arguments.table_recording and arguments.table is None:
        raise MultiTalkError("--table-recording applies to a --table: give one, or leave it out.")
    if arguments.names and arguments.table is None and arguments.script is None:
        raise MultiTalkError("--names applies to a --table or a --script: give one, or leave it out.")
    for option, given in (("--voice", arguments.voices), ("--names", arguments.names)):
        if len(given or ()) > MOST_SPEAKERS:
            raise MultiTalkError(
                f"{option} is given for {len(given)} speakers, but {MOST_SPEAKERS} is the maximum: leave "
                "some out."
            )


def known_speakers(arguments: argparse.Namespace) -> int | None:
    """The number of speakers, if it is known without reading a file."""
    if arguments.places:
        return 1 + max(speaker for speaker, _, _ in arguments.places)
    if arguments.table is not None:  # it may have more speakers than there are voices
        return max(len(arguments.names), len(arguments.voices or ())) if arguments.names else None
    return None if arguments.script else len(arguments.voices)


def read_timeline(arguments: argparse.Namespace) -> Timeline:
    """Who speaks when.

    Raises
    ------
    MultiTalkError
        When a file cannot be used.
    """
    if arguments.script:
        return script_options.read_timeline(arguments)
    if arguments.places:
        speakers, starts, files = zip(*arguments.places, strict=True)
        voices = _read(list(zip(speakers, files, strict=True)), arguments.tracks)
        return Timeline.placed(zip(speakers, starts, voices, strict=True))
    if arguments.table is not None:
        return _by_table(arguments)
    voices = _read(list(enumerate(arguments.voices)), arguments.tracks)
    return person_voices.arranged(voices, arguments.order)


def _by_table(arguments: argparse.Namespace) -> Timeline:
    """The turns of a table, of one recording or of everyone's own voice."""
    table = read_turns(arguments.table, arguments.table_recording)
    names = arguments.names or table.speakers
    print(*table.remarks, mapping_of(table.turns, names), sep="\n")
    if arguments.recording is not None:
        return Timeline.from_table(arguments.recording.read(*(arguments.tracks or ())), table.turns, names)
    voices = _read(list(enumerate(arguments.voices)), arguments.tracks)
    return Timeline.by_table(voices, table.turns, names)


def driving_voices(arguments: argparse.Namespace, timeline: Timeline) -> Timeline:
    """The timeline with the voices that drive the mouths: with --separate-vocals, the vocals alone."""
    if arguments.separate_vocals is None:
        return timeline
    return driven_by(timeline, VocalSeparator(arguments.separate_vocals))


def check_memory(timeline: Timeline, encoder: AudioEncoder, *, fps: float, frames: int) -> None:
    """Refuse voices whose tracks and features do not fit in main memory.

    Parameters
    ----------
    timeline : Timeline
    encoder : AudioEncoder
    fps : float
    frames : int
        Length of the film.

    Raises
    ------
    MultiTalkError
        When they take more memory than this machine has; it names both figures.
    """
    seconds = max(timeline.seconds, frames / fps)
    speakers = len({placed.speaker for placed in timeline.placed_voices})  # listeners share one silence
    memory.check_memory(
        memory.tracks_bytes(timeline.speakers, seconds, SPEECH_RATE)
        + memory.features_bytes(
            speakers, round(seconds * fps), layers=encoder.layers, channels=encoder.channels
        ),
        f"Encoding {speakers} voices of {seconds:,.0f} seconds",
        "use shorter voices, or start them earlier (--ignore-memory skips this check)",
    )


def _read(
    files: Sequence[tuple[int, VoiceFile | None]], tracks: Sequence[str] | None
) -> list[Waveform | None]:
    """The sound of each speaker's file, speakers counted from 0; None is a listener."""
    chosen = tracks or [""]
    if len(chosen) == 1:
        chosen = [*chosen] * len(files)
    voices = []
    for (speaker, file), track in zip(files, chosen, strict=True):
        try:
            voices.append(None if file is None else file.read(track))
        except MultiTalkError as error:
            raise MultiTalkError(f"Speaker {speaker + 1}: {error}") from error
    return voices
