"""Who speaks when: each speaker's voices placed in time, and one track per speaker (paper 3.2, 4.1).

Knows sounds and seconds; knows nothing of features or faces.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import MultiTalkError, quoted
from ..guards.interruption import uninterrupted
from ..guards.words import Word
from ..limits import FILM_SOUND_RATE, LONGEST_SECONDS, MOST_SPEAKERS, VOICE_START
from .audibility import Audibility, audibility
from .loudness import normalise_loudness
from .speaker_names import places_of
from .turns import Turn
from .waveform import SPEECH_RATE, Waveform, speech

SHORTEST_SECONDS = 0.2  # one audio window: 5 frames at 25 fps
LOWERED_PEAK = 0.97  # of full scale: lossy codecs exceed a peak slightly
TABLE_SLACK_SECONDS = 0.05  # times in tables are rounded


class Timing(Word):
    """How the voices of a film are placed in time."""

    TOGETHER = "together"
    IN_TURN = "in turn"
    TABLE = "table"


@dataclass(frozen=True, eq=False)
class PlacedVoice:
    """A voice of one speaker, placed in time.

    Parameters
    ----------
    speaker : int
        From 0.
    start : float
        When the voice begins, in seconds of the film.
    voice : Waveform
    turns : tuple of (start, end)
        When the speaker speaks, in seconds of the voice; the rest belongs to others.
    """

    speaker: int
    start: float
    voice: Waveform
    turns: tuple[tuple[float, float], ...]

    @property
    def end(self) -> float:
        """When the voice ends, in seconds of the film."""
        return self.start + self.voice.seconds

    @cached_property
    def audibility(self) -> Audibility:
        """What the audio encoder is given in the turns."""
        return audibility(self.voice, self.turns)

    def track(self, normalise: bool) -> np.ndarray:
        """The voice with everything but the speaker's turns silenced, mono at 16 kHz, [samples]."""
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
        Number of speakers; one without a voice is a listener.
    placed_voices : tuple of PlacedVoice
    recording : Waveform, optional
        The film's sound where all voices come from one recording.

    Raises
    ------
    MultiTalkError
        When nobody has a voice, there are too many speakers, all voices are silent, the channels of one
        cancel out in mono, one starts before the film, or the timeline is shorter than one audio window or
        longer than a film can be.
    """

    speakers: int
    placed_voices: tuple[PlacedVoice, ...]
    recording: Waveform | None = None

    def __post_init__(self) -> None:
        if not self.placed_voices:
            raise MultiTalkError("No speaker has a voice; give at least one of them an audio file.")
        if self.speakers > MOST_SPEAKERS:
            raise MultiTalkError(
                f"There are {quoted(self.speakers)} speakers; give at most {MOST_SPEAKERS} for one film."
            )
        for placed in self.placed_voices:
            VOICE_START.check(
                f"The second where a voice of speaker {placed.speaker + 1} starts", placed.start
            )
        for placed in self.placed_voices:
            if placed.audibility is Audibility.CANCELLED:
                raise MultiTalkError(
                    f"The voice of speaker {placed.speaker + 1} is silent in mono, which is what the audio "
                    "encoder takes, because its channels cancel out: choose one, as in voice.wav:left on the "
                    "command line, or with MultiTalk Load Voice in ComfyUI."
                )
        if all(placed.audibility is Audibility.SILENT for placed in self.placed_voices):
            raise MultiTalkError("Every voice is silent; at least one speaker must be audible.")
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
        """Start all voices at the same time; None is a listener."""
        return cls.placed((speaker, 0.0, voice) for speaker, voice in enumerate(voices))

    @classmethod
    def in_turn(cls, voices: Sequence[Waveform | None], gap: float = 0.0) -> "Timeline":
        """Place one voice after the other, `gap` seconds apart; None is a listener and takes no time."""
        placed: list[tuple[int, float, Waveform | None]] = []
        start = 0.0
        for speaker, voice in enumerate(voices):
            placed.append((speaker, start, voice))
            if voice is not None:
                start += voice.seconds + gap
        return cls.placed(placed)

    @classmethod
    def placed(cls, voices: Iterable[tuple[int, float, Waveform | None]]) -> "Timeline":
        """Place voices at given times; they may overlap, and a speaker may have several.

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
        cls, waveform: Waveform, turns: Iterable[Turn], speakers: Sequence[str] | None = None
    ) -> "Timeline":
        """Split a recording by a table of who speaks when; the recording is the film's sound.

        Parameters
        ----------
        waveform : Waveform
            The recording. Where turns overlap, it belongs to both speakers.
        turns : iterable of Turn
            From `read_turns`.
        speakers : sequence of str, optional
            The table's names in speaker order; a name without a turn is a listener. By default number n is
            speaker n, and names are ordered by first appearance.

        Raises
        ------
        MultiTalkError
            When the times of a turn are negative, reversed or beyond the recording, its name is not among
            `speakers`, or a number is not a speaker's or mixed with names.
        """
        turns = list(turns)
        places = places_of(turns, speakers)
        spoken: dict[int, list[tuple[float, float]]] = {}
        for turn in turns:
            if not 0 <= turn.start < turn.end <= waveform.seconds + TABLE_SLACK_SECONDS:
                raise MultiTalkError(
                    f"The table lets {quoted(turn.speaker)} speak from {turn.start:g} to {turn.end:g} "
                    f"seconds; turns must lie within the recording's {waveform.seconds:g} seconds and end "
                    "after their start."
                )
            times = spoken.setdefault(places[turn.speaker], [])
            times.append((turn.start, min(turn.end, waveform.seconds)))
        voices = (PlacedVoice(place, 0.0, waveform, tuple(sorted(spoken[place]))) for place in sorted(spoken))
        return cls(1 + max(places.values(), default=0), tuple(voices), waveform)

    @property
    def seconds(self) -> float:
        """Time until the last voice ends."""
        return max(placed.end for placed in self.placed_voices)

    @property
    def notes(self) -> list[str]:
        """What the user should know about the voices: what their files lack, and who is silent."""
        if self.recording is None:
            files = [(f"speaker {placed.speaker + 1}", placed.voice) for placed in self.placed_voices]
        else:
            files = [("recording", self.recording)]
        silent = dict.fromkeys(
            placed.speaker + 1 for placed in self.placed_voices if placed.audibility is Audibility.SILENT
        )
        return [f"{name}: {note}" for name, voice in files for note in voice.notes] + [
            f"speaker {number}: the voice is silent, so this person only listens" for number in silent
        ]

    def tracks(
        self,
        normalise: bool = True,
        seconds: float | None = None,
        check_interrupted: Callable[[], None] = uninterrupted,
    ) -> np.ndarray:
        """Input of the audio encoder for each speaker; a listener's track is silent.

        Parameters
        ----------
        normalise : bool
            Normalise each voice to -23 LUFS before it is placed.
        seconds : float, optional
            Cut or pad with silence to this length; by default until the last voice ends.
        check_interrupted : callable
            Called before each voice; raises to stop.

        Returns
        -------
        np.ndarray [speakers, samples], float32, 16 kHz
        """
        length = round((self.seconds if seconds is None else seconds) * SPEECH_RATE)
        tracks = np.zeros((self.speakers, length), np.float32)
        for placed in self.placed_voices:
            check_interrupted()
            _add(tracks[placed.speaker], placed.track(normalise), round(placed.start * SPEECH_RATE))
        return tracks

    def sound(self, seconds: float | None = None) -> Waveform:
        """The film's sound: the sum of the original voices, at their highest rate, at most 96 kHz.

        Loudness stays as recorded, unless the sum exceeds full scale: then the whole is lowered, and `notes`
        of the result say by how much.

        Parameters
        ----------
        seconds : float, optional
            Cut or pad with silence to this length; by default until the last voice ends.

        Returns
        -------
        Waveform
            Stereo if any voice has more than one channel, else mono.
        """
        if self.recording is None:
            voices = [(placed.start, placed.voice) for placed in self.placed_voices]
        else:
            voices = [(0.0, self.recording)]
        rate = min(FILM_SOUND_RATE, max(voice.rate for _, voice in voices))
        channels = min(2, max(voice.channels for _, voice in voices))
        length = round((self.seconds if seconds is None else seconds) * rate)
        samples = np.zeros((channels, length), np.float32)
        for start, voice in voices:
            voice = voice.stereo() if channels == 2 else voice
            _add(samples, voice.resampled(rate).samples, round(start * rate))
        return _within_full_scale(samples, rate)


def _within_full_scale(samples: np.ndarray, rate: int) -> Waveform:
    """A sound, lowered by one gain if its peak is above full scale."""
    peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
    if peak <= 1.0:
        return Waveform(samples, rate)
    gain = LOWERED_PEAK / peak
    samples *= gain
    note = (
        f"the voices together reach {peak:.2f} times full scale, so the film's sound is lowered by "
        f"{-20 * np.log10(gain):.1f} dB"
    )
    return Waveform(samples, rate, (note,))


def _add(track: np.ndarray, samples: np.ndarray, start: int) -> None:
    """Add samples to a track [..., samples] from `start`, up to the track's end."""
    room = track[..., start : start + samples.shape[-1]]
    room += samples[..., : room.shape[-1]]
