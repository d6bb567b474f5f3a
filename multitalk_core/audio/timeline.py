"""Who speaks when: each speaker's voices placed in time, and one track per speaker (paper 3.2, 4.1).

Knows sounds and seconds; knows nothing of features or faces.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import MultiTalkError, quoted
from ..guards.interruption import uninterrupted
from ..limits import FILM_SOUND_RATE, LONGEST_SECONDS, MOST_SPEAKERS, VOICE_START
from .audibility import Audibility
from .film_sound import FilmSound, within_full_scale
from .placed_pieces import PlacedPiece, joined
from .placed_voice import PlacedVoice
from .speaker_names import places_of
from .turn_sources import check_sources, from_one_recording, source_of
from .turns import Turn
from .waveform import SPEECH_RATE, Waveform

SHORTEST_SECONDS = 0.2  # one audio window: 5 frames at 25 fps
TABLE_SLACK_SECONDS = 0.05  # times in tables are rounded


@dataclass(frozen=True, eq=False)
class Timeline:
    """Who speaks when. Build one with `together`, `in_turn`, `placed`, `from_table` or `of_turns`.

    Parameters
    ----------
    speakers : int
        Number of speakers; one without a voice is a listener.
    placed_voices : tuple of PlacedVoice
    sounds : tuple of FilmSound
        What is heard, where the voices are parts of recordings; none is the voices.

    Raises
    ------
    MultiTalkError
        When nobody has a voice, there are too many speakers, all voices are silent, the channels of one
        cancel out in mono, one starts before the film, or the timeline is shorter than one audio window or
        longer than a film can be.
    """

    speakers: int
    placed_voices: tuple[PlacedVoice, ...]
    sounds: tuple[FilmSound, ...] = ()

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
            From `read_turns`. If any has a place of its own, all are as in `of_turns`.
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
        if any(turn.placed for turn in turns):
            return cls.of_turns([waveform], turns, speakers)
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
        sound = FilmSound("recording", waveform)
        return cls(1 + max(places.values(), default=0), tuple(voices), (sound,))

    @classmethod
    def of_turns(
        cls, voices: Sequence[Waveform | None], turns: Iterable[Turn], speakers: Sequence[str] | None = None
    ) -> "Timeline":
        """Place turns of everyone's own voice; the turns alone are the film's sound.

        Parameters
        ----------
        voices : sequence of Waveform or None
            One a speaker.
        turns : iterable of Turn
            Each takes its stretch of its speaker's voice, or of that of `voice_of`, from `voice_start` on;
            by default from its own start, as where everyone's voice has the film's time.
        speakers : sequence of str, optional
            As in `from_table`.

        Raises
        ------
        MultiTalkError
            When a turn takes more than its voice has, or is of a voice that is not given, or as in
            `from_table`.
        """
        turns = list(turns)
        places = places_of(turns, speakers)
        given = {speaker: voice for speaker, voice in enumerate(voices) if voice is not None}
        check_sources(turns, places, given)
        spoken: dict[tuple[int, int], list[PlacedPiece]] = {}
        for turn in turns:
            source = source_of(turn, places)
            piece = _piece(turn, given[source])
            spoken.setdefault((places[turn.speaker], source), []).append(piece)
        placed = []
        for (speaker, source), own in sorted(spoken.items()):
            pieces = joined(own)
            times = tuple((piece.start, piece.end) for piece in pieces)
            placed.append(PlacedVoice(speaker, 0.0, given[source], times, pieces))
        heard = []
        for used in sorted({source for _, source in spoken}):
            pieces = joined(piece for (_, source), own in spoken.items() if source == used for piece in own)
            heard.append(FilmSound(f"speaker {used + 1}", given[used], pieces))
        return cls(max(len(voices), 1 + max(places.values(), default=0)), tuple(placed), tuple(heard))

    @classmethod
    def by_table(
        cls, voices: Sequence[Waveform | None], turns: Sequence[Turn], speakers: Sequence[str] | None = None
    ) -> "Timeline":
        """As `from_table` where the only voice is speaker 1's and no turn has a place, else as `of_turns`."""
        voiced = [speaker for speaker, voice in enumerate(voices) if voice is not None]
        recording = voices[0] if from_one_recording(turns, voiced) else None
        if recording is not None:
            return cls.from_table(recording, turns, speakers)
        return cls.of_turns(voices, turns, speakers)

    @property
    def seconds(self) -> float:
        """Time until the last voice ends."""
        return max(placed.end for placed in self.placed_voices)

    @property
    def notes(self) -> list[str]:
        """What the user should know about the voices: what their files lack, and who is silent."""
        files = [(sound.name, sound.waveform) for sound in self.sounds] or [
            (f"speaker {placed.speaker + 1}", placed.voice) for placed in self.placed_voices
        ]
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
        voices = [(0.0, sound.heard) for sound in self.sounds] or [
            (placed.start, placed.voice) for placed in self.placed_voices
        ]
        rate = min(FILM_SOUND_RATE, max(voice.rate for _, voice in voices))
        channels = min(2, max(voice.channels for _, voice in voices))
        length = round((self.seconds if seconds is None else seconds) * rate)
        samples = np.zeros((channels, length), np.float32)
        for start, voice in voices:
            voice = voice.stereo() if channels == 2 else voice
            _add(samples, voice.resampled(rate).samples, round(start * rate))
        return within_full_scale(samples, rate)


def _piece(turn: Turn, voice: Waveform) -> PlacedPiece:
    """What a turn takes of its voice, and where the film has it."""
    start = turn.start if turn.voice_start is None else turn.voice_start
    end = start + turn.end - turn.start
    if end > voice.seconds + TABLE_SLACK_SECONDS:
        raise MultiTalkError(
            f"The turn of {quoted(turn.speaker)} from {turn.start:g} to {turn.end:g} seconds takes its voice "
            f"from {start:g} to {end:g} seconds, but the voice lasts {voice.seconds:g} seconds: shorten the "
            "turn, or let it begin earlier in a column voice_start."
        )
    return PlacedPiece(start, min(end, voice.seconds), turn.start)


def _add(track: np.ndarray, samples: np.ndarray, start: int) -> None:
    """Add samples to a track [..., samples] from `start`, up to the track's end."""
    room = track[..., start : start + samples.shape[-1]]
    room += samples[..., : room.shape[-1]]
