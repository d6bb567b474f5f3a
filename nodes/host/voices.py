"""Voices as the sockets and texts of Encode MultiTalk Audio give them: who has one, and who speaks when."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypedDict

from comfy_execution.graph import DynamicPrompt

from ...multitalk_core.audio.speaker_names import mapping_of, places_of
from ...multitalk_core.audio.timeline import Timeline
from ...multitalk_core.audio.timing import Timing
from ...multitalk_core.audio.turn_sources import check_sources, from_one_recording, source_of
from ...multitalk_core.audio.turns import TurnTable, parse_turns
from ...multitalk_core.audio.waveform import Waveform, from_array
from ...multitalk_core.errors import MultiTalkError, quoted
from ...multitalk_core.limits import FILM_FRAMES, MOST_SPEAKERS
from .checks import naming
from .upstream import media_file
from .voice_files import voice_file

VOICES_END, SECONDS, FRAMES = "until the voices end", "seconds", "frames"
SPEAKER = "speaker_"
VOICES = [f"{SPEAKER}{number}" for number in range(1, MOST_SPEAKERS + 1)]


class VoiceInputs(TypedDict, total=False):
    """AUDIO by socket; a socket that is linked to a video without sound has None."""

    speaker_1: dict[str, Any] | None
    speaker_2: dict[str, Any] | None
    speaker_3: dict[str, Any] | None
    speaker_4: dict[str, Any] | None
    speaker_5: dict[str, Any] | None
    speaker_6: dict[str, Any] | None
    speaker_7: dict[str, Any] | None
    speaker_8: dict[str, Any] | None


def numbers_of(inputs: Iterable[str]) -> list[int]:
    """Of the speakers whose sockets are among the given inputs, in order."""
    given = set(inputs)
    return [number for number, name in enumerate(VOICES, 1) if name in given]


def check_speakers(numbers: Collection[int], speakers: int) -> None:
    """Raise a MultiTalkError unless the linked voices, by number, go with the other inputs."""
    if not numbers:
        raise MultiTalkError("speaker_1: no speaker has a voice; connect at least one.")
    if speakers and max(numbers) > speakers:
        raise MultiTalkError(
            f"speakers is {speakers}, but there is a voice for speaker {max(numbers)}: raise it, or set it "
            "to 0."
        )


def check_sounds(voices: Mapping[str, Any], graph: DynamicPrompt, node_id: str) -> None:
    """Raise a MultiTalkError for a linked voice without sound: ComfyUI's None for that of a silent video."""
    for name, audio in voices.items():
        if audio is not None:
            continue
        file = media_file(graph, node_id, name)
        what = "the connected input" if file is None else f"the video {quoted(file)}"
        raise MultiTalkError(
            f"{name}: {what} has no sound; connect a voice for speaker {name.removeprefix(SPEAKER)}, or "
            "nothing if this person only listens."
        )


def _waveforms(voices: Mapping[str, Any], speakers: int) -> list[Waveform | None]:
    """One a speaker, None for listeners, up to the last one with a voice or as many as asked for."""
    given = {name: _waveform(name, audio) for name, audio in voices.items()}
    return [given.get(name) for name in VOICES[: speakers or max(numbers_of(given))]]


def _waveform(name: str, audio: dict[str, Any]) -> Waveform:
    batch = audio["waveform"]
    if len(batch) != 1:
        raise MultiTalkError(
            f"{name}: this is a batch of {len(batch)} sounds; connect one sound per speaker."
        )
    with naming(name):
        return from_array(batch[0], audio["sample_rate"])


def shown_voices(voices: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The voices as files that the page's timeline draws and plays."""
    return [
        {"speaker": number, **voice_file(_waveform(name, voices[name]))}
        for number, name in enumerate(VOICES, 1)
        if name in voices
    ]


def timeline_of(voices: Mapping[str, Any], timing: dict[str, Any], speakers: int) -> Timeline:
    """Everybody's voices at their places.

    Parameters
    ----------
    voices : mapping of "speaker_1" and so on to AUDIO
    timing : dict
        The word under "timing", and what goes with it.
    speakers : int
        0: up to the last one with a voice.

    Raises
    ------
    MultiTalkError
        It begins with the id of the input that is wrong.
    """
    word = Timing(timing["timing"])
    check_speakers(numbers_of(voices), speakers)
    match word:
        case Timing.TOGETHER:
            return Timeline.together(_waveforms(voices, speakers))
        case Timing.IN_TURN:
            return Timeline.in_turn(_waveforms(voices, speakers), timing["gap"])
        case Timing.TABLE:
            given = _waveforms(voices, speakers)
            names = table_names(timing["names"], speakers)
            table = read_table(timing["turns"], names, speakers)
            with naming("timing.turns"):
                timeline = Timeline.by_table(given, table.turns, names or table.speakers)
            return replace(timeline, speakers=max(len(given), timeline.speakers))


def check_table(timing: dict[str, Any], numbers: Collection[int], speakers: int | None) -> None:
    """Raise a MultiTalkError for wrong turns or names, of which None is a text that is not known yet.

    Parameters
    ----------
    timing : dict
    numbers : collection of int
        Of the speakers whose sockets are linked.
    speakers : int or None
    """
    names = None if timing["names"] is None else table_names(timing["names"], speakers)
    if timing["turns"] is not None and timing["names"] is not None:
        table = read_table(timing["turns"], names, speakers)
        voiced = [number - 1 for number in numbers]
        if not from_one_recording(table.turns, voiced):
            with naming("timing.turns"):
                check_sources(table.turns, places_of(table.turns, names or table.speakers), voiced)
    elif timing["turns"] is not None:
        with naming("timing.turns"):
            parse_turns(timing["turns"])


def table_names(text: str, speakers: int | None) -> list[str] | None:
    """The names of a table's speakers in their order, if the text lists any."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    _check_count("timing.names", len(names), speakers)
    return names or None


def read_table(text: str, names: list[str] | None, speakers: int | None) -> TurnTable:
    """The turns of a table, checked against the names and the number of speakers."""
    with naming("timing.turns"):
        table = parse_turns(text)
        places = places_of(table.turns, names or table.speakers)
    _check_count("timing.turns", 1 + max(places.values()), speakers)
    return table


def table_remarks(timing: dict[str, Any], numbers: Collection[int]) -> list[str]:
    """Sentences about a table: what was left out, which speaker each of its names is, and who has no turn."""
    if timing["timing"] != Timing.TABLE:
        return []
    table = parse_turns(timing["turns"])
    speakers = table_names(timing["names"], None) or table.speakers
    places = places_of(table.turns, speakers)
    used = {source_of(turn, places) + 1 for turn in table}
    if from_one_recording(table.turns, [number - 1 for number in numbers]):
        sources = ["speaker_1 is the only voice: every turn of the table is cut from it, whoever speaks."]
    else:
        silent = [number for number in numbers if number not in used]
        sources = [
            f"The voice of speaker {number} has no turn in the table and is not heard." for number in silent
        ]
    return [*table.remarks, mapping_of(table.turns, speakers), *sources]


def listener_remarks(timeline: Timeline) -> list[str]:
    """A sentence about the speakers who say nothing, if there are any."""
    speaking = {placed.speaker for placed in timeline.placed_voices}
    silent = [str(number + 1) for number in range(timeline.speakers) if number not in speaking]
    if not silent:
        return []
    who = "Speaker" if len(silent) == 1 else "Speakers"
    verb = "says nothing and listens" if len(silent) == 1 else "say nothing and listen"
    return [f"{who} {', '.join(silent)} {verb}."]


def _check_count(name: str, count: int, speakers: int | None) -> None:
    if count > MOST_SPEAKERS:
        raise MultiTalkError(f"{name}: it names {count} speakers; at most {MOST_SPEAKERS} are possible.")
    if speakers and count > speakers:
        raise MultiTalkError(
            f"{name}: it needs {count} speakers, but speakers is {speakers}; raise speakers, or set it to 0."
        )


def length_of(length: dict[str, Any], fps: float) -> int | None:
    """In frames; None lasts until the voices end, or is not yet known."""
    if length["length"] == FRAMES:
        return length["frames"]
    if length["length"] == VOICES_END or length["seconds"] is None:
        return None
    return FILM_FRAMES.check("length.seconds times fps", round(length["seconds"] * fps))
