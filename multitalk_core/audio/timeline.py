"""Who speaks when: every speaker's voices at their seconds, and one track per speaker (paper 3.2, 4.1).

Knows sounds and seconds; knows nothing of features or faces.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import MultiTalkError
from .loudness import normalise_loudness
from .turns import Turn
from .waveform import SPEECH_RATE, Waveform, speech

SHORTEST_SECONDS = 0.2  # one audio window: 5 frames at 25 fps
SILENT_PEAK = 1e-4  # -80 dB, a few steps of 16 bits
TABLE_SLACK_SECONDS = 0.05  # tables round their times


@dataclass(frozen=True, eq=False)
class Segment:
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
    segments : tuple of Segment
    recording : Waveform, optional
        The film's sound where all voices come from one recording.

    Raises
    ------
    MultiTalkError
        When nobody has a voice, every voice is silent, one starts before the film, or the whole is shorter
        than one audio window.
    """

    speakers: int
    segments: tuple[Segment, ...]
    recording: Waveform | None = None

    def __post_init__(self) -> None:
        if not self.segments:
            raise MultiTalkError("No speaker has a voice; give at least one of them an audio file.")
        for segment in self.segments:
            if not 0 <= segment.start < np.inf:
                raise MultiTalkError(
                    f"A voice of speaker {segment.speaker + 1} starts at {segment.start:g} seconds; "
                    "let it start at 0 or later."
                )
        if all(segment.silent for segment in self.segments):
            raise MultiTalkError("Every voice is silent; at least one speaker must be heard.")
        if self.seconds < SHORTEST_SECONDS:
            raise MultiTalkError(
                f"The voices are {self.seconds:.3f} seconds long; they must last at least "
                f"{SHORTEST_SECONDS} seconds (5 video frames)."
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
                Segment(speaker, start, voice, ((0.0, voice.seconds),))
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
            The table's names in the persons' order; one without a turn is a listener. By default numbers in
            their order, other names as they first appear.

        Raises
        ------
        MultiTalkError
            When a turn's times are negative, reversed or beyond the recording, or its name is not among
            `speakers`.
        """
        names = list(dict.fromkeys(turn.speaker for turn in turns))
        if speakers is None:
            speakers = sorted(names, key=int) if all(name.isdecimal() for name in names) else names
        heard: dict[str, list[tuple[float, float]]] = {}
        for turn in turns:
            if turn.speaker not in speakers:
                raise MultiTalkError(
                    f"The table names {turn.speaker}, who is not among the speakers {', '.join(speakers)}."
                )
            if not 0 <= turn.start < turn.end <= waveform.seconds + TABLE_SLACK_SECONDS:
                raise MultiTalkError(
                    f"The table lets {turn.speaker} speak from {turn.start:g} to {turn.end:g} seconds; turns "
                    f"must lie within the recording's {waveform.seconds:g} seconds and end after their start."
                )
            heard.setdefault(turn.speaker, []).append((turn.start, min(turn.end, waveform.seconds)))
        segments = [
            Segment(speaker, 0.0, waveform, tuple(sorted(heard[name])))
            for speaker, name in enumerate(speakers)
            if name in heard
        ]
        return cls(len(speakers), tuple(segments), waveform)

    @property
    def seconds(self) -> float:
        """Until the last voice ends."""
        return max(segment.end for segment in self.segments)

    def tracks(self, normalise: bool = True, seconds: float | None = None) -> np.ndarray:
        """What the audio encoder hears of each speaker; a listener's track is silence.

        Parameters
        ----------
        normalise : bool
            Bring each voice to -23 LUFS before it is placed.
        seconds : float, optional
            Cut, or pad with silence, to this length; by default until the last voice ends.

        Returns
        -------
        np.ndarray [speakers, samples], float32, 16 kHz
        """
        length = round((self.seconds if seconds is None else seconds) * SPEECH_RATE)
        tracks = np.zeros((self.speakers, length), np.float32)
        for segment in self.segments:
            _add(tracks[segment.speaker], segment.track(normalise), round(segment.start * SPEECH_RATE))
        return tracks

    def sound(self, seconds: float | None = None) -> Waveform:
        """The film's sound: the users' own voices, added, at their highest rate.

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
        rate = max(voice.rate for _, voice in voices)
        channels = min(2, max(voice.channels for _, voice in voices))
        length = round((self.seconds if seconds is None else seconds) * rate)
        samples = np.zeros((channels, length), np.float32)
        for start, voice in voices:
            voice = voice.stereo() if channels == 2 else voice
            _add(samples, voice.resampled(rate).samples, round(start * rate))
        return Waveform(samples, rate)


def _add(track: np.ndarray, samples: np.ndarray, start: int) -> None:
    """Add samples to a track [..., samples] from `start`, up to the track's end."""
    room = track[..., start : start + samples.shape[-1]]
    room += samples[..., : room.shape[-1]]
