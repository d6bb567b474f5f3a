"""Who speaks when: every speaker's voices at their seconds, and one track per speaker (paper 3.2, 4.1).

Knows sounds and seconds; knows nothing of features or faces.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import MultiTalkError, quoted
from ..guards.interruption import go_on
from ..limits import FILM_SOUND_RATE, LONGEST_SECONDS, MOST_SPEAKERS, VOICE_START
from .loudness import normalise_loudness
from .turns import Turn
from .waveform import SPEECH_RATE, Waveform, speech

SHORTEST_SECONDS = 0.2  # one audio window: 5 frames at 25 fps
SILENT_PEAK = 1e-4  # -80 dB, a few steps of 16 bits
TABLE_SLACK_SECONDS = 0.05  # tables round their times


@dataclass(frozen=True, eq=False)
class PlacedVoice:
    """A voice at its place.

    Parameters
    ----------
    speaker : int
        From 0.
    start : float
        Second of the film at which the voice's first sample is heard.
    voice : Waveform
    turns : tuple of (start, end)
        Seconds of the voice during which the speaker is heard; the rest belongs to others.
    """

    speaker: int
    start: float
    voice: Waveform
    turns: tuple[tuple[float, float], ...]

    @property
    def end(self) -> float:
        return self.start + self.voice.seconds

    @property
    def silent(self) -> bool:
        rate = self.voice.rate
        heard = [self.voice.samples[:, round(a * rate) : round(b * rate)] for a, b in self.turns]
        return all(np.abs(piece).max(initial=0.0) < SILENT_PEAK for piece in heard)

    def track(self, normalise: bool) -> np.ndarray:
        """The speaker's own part of the voice, mono at 16 kHz, [samples]."""
        samples = speech(self.voice)
        own = np.zeros_like(samples)
        for start, end in self.turns:
            piece = slice(round(start * SPEECH_RATE), round(end * SPEECH_RATE))
            own[piece] = samples[piece]
        return normalise_loudness(own, SPEECH_RATE) if normalise else own


@dataclass(frozen=True, eq=False)
class Timeline:
    """Who speaks when. Build one with `together`, `in_turn`, `placed` or `from_table`.

    Parameters
    ----------
    speakers : int
        Number of speakers; one without a segment is a listener.
    segments : tuple of PlacedVoice
    recording : Waveform, optional
        The film's sound where all voices come from one recording.

    Raises
    ------
    MultiTalkError
        When nobody has a voice, there are too many speakers, every voice is silent, one starts before the
        film, or the whole is shorter than one audio window or longer than a film can be.
    """

    speakers: int
    segments: tuple[PlacedVoice, ...]
    recording: Waveform | None = None

    def __post_init__(self) -> None:
        if not self.segments:
            raise MultiTalkError("No speaker has a voice; give at least one of them an audio file.")
        if self.speakers > MOST_SPEAKERS:
            raise MultiTalkError(
                f"There are {quoted(self.speakers)} speakers; give at most {MOST_SPEAKERS} for one film."
            )
        for segment in self.segments:
            VOICE_START.check(
                f"The second where a voice of speaker {segment.speaker + 1} starts", segment.start
            )
        if all(segment.silent for segment in self.segments):
            raise MultiTalkError("Every voice is silent; at least one speaker must be heard.")
        if self.seconds < SHORTEST_SECONDS:
            raise MultiTalkError(
                f"The voices are {self.seconds:.3f} seconds long; they must last at least "
                f"{SHORTEST_SECONDS} seconds (5 video frames)."
            )
        if self.seconds > LONGEST_SECONDS:
            raise MultiTalkError(
                f"The voices end at {self.seconds:g} seconds; a film lasts at most {LONGEST_SECONDS:g}."
            )

    @classmethod
    def together(cls, voices: Sequence[Waveform | None]) -> "Timeline":
        """All voices start at once; None is a listener."""
        return cls.placed((speaker, 0.0, voice) for speaker, voice in enumerate(voices))

    @classmethod
    def in_turn(cls, voices: Sequence[Waveform | None], gap: float = 0.0) -> "Timeline":
        """One voice after the other, `gap` seconds apart; None is a listener and takes no time."""
        placed, start = [], 0.0
        for speaker, voice in enumerate(voices):
            placed.append((speaker, start, voice))
            if voice is not None:
                start += voice.seconds + gap
        return cls.placed(placed)

    @classmethod
    def placed(cls, voices: Iterable[tuple[int, float, Waveform | None]]) -> "Timeline":
        """Voices at given seconds, overlapping, with gaps, several a speaker.

        Parameters
        ----------
        voices : iterable of (speaker, start, voice)
            Speakers count from 0, starts are in seconds; None is a listener.
        """
        voices = list(voices)
        return cls(
            1 + max((speaker for speaker, _, _ in voices), default=0),
            tuple(
                PlacedVoice(speaker, start, voice, ((0.0, voice.seconds),))
                for speaker, start, voice in voices
                if voice is not None
            ),
        )

    @classmethod
    def from_table(
        cls, waveform: Waveform, turns: Sequence[Turn], speakers: Sequence[str] | None = None
    ) -> "Timeline":
        """One recording and a table of who speaks when in it; the recording is the film's sound.

        Parameters
        ----------
        waveform : Waveform
            The recording. Where turns overlap, both speakers get it.
        turns : sequence of Turn
            From `read_turns`.
        speakers : sequence of str, optional
            The table's names in the persons' order; one without a turn is a listener. By default number n is
            speaker n, and names are in the order in which they first appear.

        Raises
        ------
        MultiTalkError
            When a turn's times are negative, reversed or beyond the recording, its name is not among
            `speakers`, or numbers are no speakers' or stand beside names.
        """
        places = places_of(turns, speakers)
        heard: dict[int, list[tuple[float, float]]] = {}
        for turn in turns:
            if not 0 <= turn.start < turn.end <= waveform.seconds + TABLE_SLACK_SECONDS:
                raise MultiTalkError(
                    f"The table lets {quoted(turn.speaker)} speak from {turn.start:g} to {turn.end:g} "
                    f"seconds; turns must lie within the recording's {waveform.seconds:g} seconds and end "
                    "after their start."
                )
            times = heard.setdefault(places[turn.speaker], [])
            times.append((turn.start, min(turn.end, waveform.seconds)))
        segments = [PlacedVoice(place, 0.0, waveform, tuple(sorted(heard[place]))) for place in sorted(heard)]
        return cls(1 + max(places.values(), default=0), tuple(segments), waveform)

    @property
    def seconds(self) -> float:
        """Until the last voice ends."""
        return max(segment.end for segment in self.segments)

    def tracks(
        self,
        normalise: bool = True,
        seconds: float | None = None,
        check_interrupted: Callable[[], None] = go_on,
    ) -> np.ndarray:
        """What the audio encoder hears of each speaker; a listener's track is silence.

        Parameters
        ----------
        normalise : bool
            Bring each voice to -23 LUFS before it is placed.
        seconds : float, optional
            Cut, or pad with silence, to this length; by default until the last voice ends.
        check_interrupted : callable
            Called before each voice; raises to stop.

        Returns
        -------
        np.ndarray [speakers, samples], float32, 16 kHz
        """
        length = round((self.seconds if seconds is None else seconds) * SPEECH_RATE)
        tracks = np.zeros((self.speakers, length), np.float32)
        for segment in self.segments:
            check_interrupted()
            _add(tracks[segment.speaker], segment.track(normalise), round(segment.start * SPEECH_RATE))
        return tracks

    def sound(self, seconds: float | None = None) -> Waveform:
        """The film's sound: the users' own voices, added, at their highest rate, at most 96 kHz.

        Loudness stays as recorded, and a loud sum may exceed full scale.

        Parameters
        ----------
        seconds : float, optional
            Cut, or pad with silence, to this length; by default until the last voice ends.

        Returns
        -------
        Waveform
            Stereo if any voice has more than one channel, else mono.
        """
        if self.recording is None:
            voices = [(segment.start, segment.voice) for segment in self.segments]
        else:
            voices = [(0.0, self.recording)]
        rate = min(FILM_SOUND_RATE, max(voice.rate for _, voice in voices))
        channels = min(2, max(voice.channels for _, voice in voices))
        length = round((self.seconds if seconds is None else seconds) * rate)
        samples = np.zeros((channels, length), np.float32)
        for start, voice in voices:
            voice = voice.stereo() if channels == 2 else voice
            _add(samples, voice.resampled(rate).samples, round(start * rate))
        return Waveform(samples, rate)


def places_of(turns: Sequence[Turn], speakers: Sequence[str] | None = None) -> dict[str, int]:
    """Which speaker, from 0, each name of a table is; both as `Timeline.from_table` takes them.

    Raises
    ------
    MultiTalkError
        When a name is not among `speakers`, or `speakers` or numbers are not as they must be.
    """
    names = list(dict.fromkeys(turn.speaker for turn in turns))
    places = speakers_of(names) if speakers is None else _places_of(speakers)
    for name in names:
        if name not in places:
            raise MultiTalkError(
                f"The table names {quoted(name)}, who is not among the speakers "
                f"{', '.join(map(quoted, speakers))}."
            )
    return places


def speakers_of(names: Sequence[str]) -> dict[str, int]:
    """Which speaker, from 0, each name of a table is: number n is speaker n, names are as they appear.

    Raises
    ------
    MultiTalkError
        When a number is no speaker's, or numbers stand beside names.
    """
    numbers = {name: number for name in names if (number := _number(name)) is not None}
    if not numbers:
        return _places_of(names)
    if named := [name for name in names if name not in numbers]:
        raise MultiTalkError(
            f"The table has numbers ({quoted(next(iter(numbers)))}) beside names ({quoted(named[0])}), so "
            "who is who cannot be told: use one of them, or list all in speaker order as the names."
        )
    for name, number in numbers.items():
        if not number.is_integer() or not 1 <= number <= MOST_SPEAKERS:
            raise MultiTalkError(
                f"The table names the speaker {quoted(name)}: number speakers from 1 to {MOST_SPEAKERS}, or "
                "list the table's in speaker order as the names."
            )
    return {name: int(number) - 1 for name, number in numbers.items()}


def _number(name: str) -> float | None:
    """What a name says that is written as a number, 2 or 2.0; somebody may be called Nan."""
    return float(name) if re.fullmatch(r"[+-]?\d+(\.\d+)?", name) else None


def _places_of(names: Sequence[str]) -> dict[str, int]:
    places = {name: place for place, name in enumerate(names)}
    if len(places) < len(names):
        twice = next(name for place, name in enumerate(names) if places[name] != place)
        raise MultiTalkError(f"{quoted(twice)} is named twice among the speakers: name each once.")
    return places


def _add(track: np.ndarray, samples: np.ndarray, start: int) -> None:
    """Add samples to a track [..., samples] from `start`, up to the track's end."""
    room = track[..., start : start + samples.shape[-1]]
    room += samples[..., : room.shape[-1]]
